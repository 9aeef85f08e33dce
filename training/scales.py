"""Teaches a copy in four bits to answer as its original does: the scales of its blocks and the norms are learnt.

    python -m training.scales COPY.gguf --teacher ORIGINAL.gguf --corpus DIR --held-out DIR --to OUT.gguf --minutes 40

COPY is what `training.round` writes. Levels stay, so there is no rounding to learn through, and what is learnt is what
the file stores. The loss is the Kullback-Leibler divergence from the teacher's distribution over the next token.
Sources: scales alone, arXiv 2305.14152 (PEQA), and arXiv 2407.11062 (EfficientQAT, second part). `OUT.pt` is the
checkpoint; a run that was interrupted goes on from it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType
from torch import Tensor, nn

from copilot_lsp.models.rounding.arrays import Bytes, Floats, Levels
from copilot_lsp.models.rounding.blocks import IQ4_NL, Q4_0, SIZE, Grid, decoded, encoded
from copilot_lsp.models.rounding.write import copied
from training.batches import Batch, Corpus, Rows, batches
from training.model import Model, read_base
from training.objective import hidden_states, mixed_precision, targets
from training.train import rate_at
from training.vocabulary import read_tokenizer

GRIDS = {GGMLQuantizationType[grid.name]: grid for grid in (Q4_0, IQ4_NL)}


class Scaled(nn.Module):
    """y = x W^T with W in four bits. Learnt: how much to change each block's scale, as a share of it."""

    value: Tensor
    scale: Tensor

    def __init__(self, grid: Grid, level: Levels, scale: Floats) -> None:
        """`level`: (outputs, inputs), 0 to 15; `scale`: (outputs, inputs / 32)."""
        super().__init__()
        self.grid, self.level = grid, level
        self.register_buffer("value", torch.from_numpy(grid.values[level].astype(np.int8)))
        self.register_buffer("scale", torch.from_numpy(scale))
        self.change = nn.Parameter(torch.zeros(scale.shape))

    def scales(self) -> Tensor:
        return self.scale * (1 + self.change)

    def forward(self, x: Tensor) -> Tensor:
        value = self.value.to(x.dtype).reshape(*self.scale.shape, SIZE)
        return F.linear(x, (value * self.scales().to(x.dtype).unsqueeze(-1)).flatten(-2))


class ScaledNorm(nn.Module):
    """A norm that learns how much to change each of its weights, as a share of it."""

    weight: Tensor

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        super().__init__()
        self.register_buffer("weight", weight.detach())
        self.change = nn.Parameter(torch.zeros_like(weight))
        self.epsilon = epsilon

    def scales(self) -> Tensor:
        return self.weight * (1 + self.change)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.change.shape, self.scales(), self.epsilon).to(x.dtype)


def read_student(path: Path) -> Model:
    """The model of a GGUF file in four bits. Raises ValueError where a matrix of its layers has another type."""
    model = read_base(path).requires_grad_(False)
    for tensor in gguf.GGUFReader(path).tensors:
        name = tensor.name.removesuffix(".weight")
        parent, _, last = name.rpartition(".")
        if len(tensor.shape) == 1:
            weight = model.get_parameter(tensor.name)
            setattr(model.get_submodule(parent), last, ScaledNorm(weight, model.shape.epsilon))
        elif name.startswith("blk."):
            if (grid := GRIDS.get(tensor.tensor_type)) is None:
                wanted = " or ".join(kind.name for kind in GRIDS)
                raise ValueError(f"{path.name}: want {tensor.name} in {wanted}, found {tensor.tensor_type.name}")
            setattr(model.get_submodule(parent), last, Scaled(grid, *decoded(tensor.data)))
    return model


def changes(model: Model) -> dict[str, Scaled | ScaledNorm]:
    """By the tensor's name in the file."""
    return {f"{n}.weight": m for n, m in model.named_modules() if isinstance(m, Scaled | ScaledNorm)}


@dataclass(frozen=True, slots=True)
class Pair:
    """The embedding is the student's; both have the same vocabulary."""

    student: Model
    teacher: Model

    def divergence(self, batch: Batch, context: float) -> tuple[Tensor, Tensor]:
        """Nats from the teacher's distribution, for each target, and the loss of the text itself less the teacher's."""
        where = targets(batch.role, context)
        target = batch.target.flatten()[where]
        with mixed_precision(batch):
            with torch.no_grad():
                wanted = _log_chances(self.teacher, batch, where)
            given = _log_chances(self.student, batch, where)
        worse = (wanted - given).detach().gather(1, target[:, None])[:, 0]
        return F.kl_div(given, wanted, reduction="none", log_target=True).sum(1), worse


def _log_chances(model: Model, batch: Batch, where: Tensor) -> Tensor:
    hidden = hidden_states(model, batch, where, "samples")
    return F.linear(hidden, model.embedding()).float().log_softmax(-1)


@torch.no_grad()
def check(pair: Pair, held_out: list[Batch]) -> dict[str, float]:
    """On the middles of held-out text: mean divergence, and by how much the student's loss is above the teacher's."""
    found = [pair.divergence(batch, 0.0) for batch in held_out]
    nats, worse = (torch.cat(part) for part in zip(*found, strict=True))
    error = float(worse.std() / len(worse) ** 0.5)
    return {"tokens": len(worse), "divergence": float(nats.mean()), "worse": float(worse.mean()), "error": error}


@dataclass(frozen=True, slots=True)
class Options:
    """`rows` of `length` tokens make a step; `context`: the share of the tokens given that are learnt as well.

    It ends after so many `minutes` or `steps`.
    """

    copy: Path
    teacher: Path
    corpus: Path
    held_out: Path
    to: Path
    minutes: float
    length: int
    rows: int
    rate: float
    context: float
    seed: int
    steps: int = 10**9


def stream(options: Options, folder: Path, workers: int, start: int = 0) -> Iterator[Batch]:
    rows = Rows(Corpus.read(folder), read_tokenizer(options.copy), options.length, options.seed, start, "small")
    return batches(rows, options.rows, workers)


def run(options: Options) -> None:
    """Raises OSError, and ValueError where COPY is no copy in four bits."""
    saved = options.to.with_suffix(".pt")
    state: dict[str, Any] = {"steps": 0, "seconds": 0.0}
    if saved.exists():
        state = torch.load(saved, weights_only=True)
    training = stream(options, options.corpus, 1, state["steps"])
    held_out = list(islice(stream(options, options.held_out, 0), 12))
    pair = Pair(read_student(options.copy), read_base(options.teacher).requires_grad_(False))
    if "changes" in state:
        pair.student.load_state_dict(state["changes"], strict=False)
    optimizer = torch.optim.Adam([p for p in pair.student.parameters() if p.requires_grad], betas=(0.9, 0.95))
    optimizer.load_state_dict(state.get("optimizer", optimizer.state_dict()))
    report(check(pair, held_out))
    while state["seconds"] < options.minutes * 60 and state["steps"] < options.steps:
        begun = time.perf_counter()
        rate = rate_at(state["seconds"] / 60 / options.minutes, options.rate)
        nats = step(pair, optimizer, next(training), rate, options.context)
        state["seconds"] += time.perf_counter() - begun
        state["steps"] += 1
        report({"step": state["steps"], "seconds": state["seconds"], "divergence": nats})
        if state["steps"] % 40 == 0:
            report(check(pair, held_out))
            save(saved, pair, optimizer, state["steps"], state["seconds"])
    report(check(pair, held_out))
    save(saved, pair, optimizer, state["steps"], state["seconds"])
    write(pair.student, options.copy, options.to)


def step(pair: Pair, optimizer: torch.optim.Optimizer, batch: Batch, rate: float, context: float) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    nats, _ = pair.divergence(batch, context)
    mean = nats.mean()
    mean.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(pair.student.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(mean.detach())


def save(path: Path, pair: Pair, optimizer: torch.optim.Optimizer, steps: int, seconds: float) -> None:
    """Replaces the checkpoint at once, so that an interrupted save leaves the one before."""
    learnt = {name: p.detach() for name, p in pair.student.named_parameters() if p.requires_grad}
    new = path.with_suffix(".new")
    state = {"steps": steps, "seconds": seconds, "changes": learnt, "optimizer": optimizer.state_dict()}
    torch.save(state, new)
    new.replace(path)


@torch.no_grad()
def write(student: Model, copy: Path, to: Path) -> None:
    """COPY with the scales and norms learnt."""
    made: dict[str, Bytes | Floats] = {}
    for name, module in changes(student).items():
        scale = module.scales().numpy()
        made[name] = encoded(module.level, scale) if isinstance(module, Scaled) else scale
    (grid,) = {module.grid for module in changes(student).values() if isinstance(module, Scaled)}
    copied(gguf.GGUFReader(copy), to, made, grid)


def report(values: dict[str, float]) -> None:
    print(json.dumps(values), flush=True)


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("copy", type=Path)
    for name in ("teacher", "corpus", "held-out", "to"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--length", type=int, default=256, metavar="TOKENS")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--context", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    try:
        run(parse())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
