"""Trains a base model to fill in the middle: on one GPU (all weights) or on a CPU (low-rank parts, merged at the end).

    python -m training.train --base BASE.gguf --corpus DIR --out DIR --minutes 20

Stops after so many minutes or tokens, whichever comes first; the learning rate follows a cosine over that budget.
A run that was interrupted goes on from its checkpoint when it is started again with the same --out.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from itertools import islice
from pathlib import Path

import torch

from training.batches import CONTEXT, MIDDLE, Batch, Corpus, Rows, batches
from training.fim import CONTROL, MEANINGS
from training.model import Model, knows_fim, read_base
from training.objective import check, hidden_states, losses, mixed_precision, targets
from training.quantization import SHIPPED, read_types
from training.vocabulary import encode, read_tokenizer


@dataclass(frozen=True, slots=True)
class Options:
    """`rows` of `length` tokens make a step, `micro` of them at a time. `minutes`, `tokens`: budgets of the run.

    `context`: the share of the tokens that the model is given which are learnt as well. `lora` 0: all weights.
    `quantized_from`: the share of the budget after which the weights are seen as `types`
    of `quantization.read_types` store them (1: never).
    `mask`: whether samples in a row see each other; "causal" is simpler and for machines without flex attention.
    `mix`: a name of fim.MIXES.
    """

    base: Path
    corpus: Path
    out: Path
    held_out: Path | None = None
    minutes: float = 20.0
    tokens: int = 10**12
    length: int = 2048
    rows: int = 64
    micro: int = 32
    rate: float = 1e-3
    context: float = 0.25
    lora: int = 0
    quantized_from: float = 0.75
    types: str = SHIPPED
    mask: str = "samples"
    mix: str = "full"
    workers: int = 14
    seed: int = 1
    save_minutes: float = 4.0
    check_rows: int = 256
    compile: bool = True


@dataclass(slots=True)
class Progress:
    """What a checkpoint keeps beside weights and optimizer state. Seconds are those spent in training."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def share(self, options: Options) -> float:
        """How much of the budget is used, 0 to 1."""
        return min(1.0, max(self.tokens / options.tokens, self.seconds / 60 / options.minutes))


WARM_UP = 0.03
FINAL_RATE = 0.05


def rate_at(share: float, peak: float) -> float:
    """Linear warm-up, then a cosine down to FINAL_RATE of the peak (arXiv 1608.03983)."""
    if share < WARM_UP:
        return peak * (share + 1e-3) / (WARM_UP + 1e-3)
    cosine = (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))) / 2
    return peak * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


def accumulate(model: Model, batch: Batch, options: Options) -> float:
    """Adds the gradients of a batch, part by part; returns the mean loss of what the model is to write."""
    middles = (batch.role >= MIDDLE).sum()
    expected = middles + options.context * (batch.role == CONTEXT).sum()
    middle = torch.zeros_like(expected)
    for part in batch.parts(options.micro):
        where = targets(part.role, options.context)
        with mixed_precision(part):
            hidden = hidden_states(model, part, where, options.mask)
            loss = losses(hidden, model.embedding(), part.target.flatten()[where])
        loss.sum().div(expected).backward()  # type: ignore[no-untyped-call]
        middle += loss.detach()[part.role.flatten()[where] >= MIDDLE].sum() / middles
    return float(middle)


def make_optimizer(model: Model, rate: float) -> torch.optim.Optimizer:
    learnt = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learnt if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in learnt if p.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=learnt[0].is_cuda)


def save(path: Path, model: Model, optimizer: torch.optim.Optimizer, progress: Progress, mix: str) -> None:
    """Replaces the checkpoint at once, so that an interrupted save leaves the one before."""
    new = path.with_suffix(".new")
    state = {"optimizer": optimizer.state_dict(), "progress": asdict(progress), "mix": mix}
    torch.save({"parameters": model.state_dict(), "weights": model.weights(), **state}, new)
    new.replace(path)


def make_model(options: Options) -> Model:
    model = read_base(options.base)
    if not knows_fim(options.base):
        tokenizer = read_tokenizer(options.base)
        model.set_rows({CONTROL[part]: encode(tokenizer, text) for part, text in MEANINGS.items()})
    if options.lora:
        model.learn_low_rank(options.lora, control=max(CONTROL.values()) + 1)
    if options.compile:
        for block in model.blk:  # block by block: all share what is compiled for the first
            block.compile()
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def run(options: Options) -> Progress:
    torch.set_float32_matmul_precision("high")
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "checkpoint.pt"
    state = torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None
    progress = Progress(**state["progress"]) if state else Progress()
    tokenizer, corpus = read_tokenizer(options.base), Corpus.read(options.corpus, options.workers)
    rows = Rows(corpus, tokenizer, options.length, options.seed, progress.step, options.mix)
    stream = batches(rows, options.rows, options.workers)  # forks its workers before the GPU is touched
    model = make_model(options)
    optimizer = make_optimizer(model, options.rate)
    if state:
        model.load_state_dict(state["parameters"])
        optimizer.load_state_dict(state["optimizer"])
    loop(model, optimizer, stream, progress, options)
    if options.held_out:
        report(options.out, check_held_out(model, options))
    return progress


def loop(
    model: Model, optimizer: torch.optim.Optimizer, stream: Iterator[Batch], progress: Progress, options: Options
) -> None:
    """Steps until the budget is used; saves now and then, and at the end."""
    types = read_types(options.types)  # a wrong one is an error now, not when most of the budget is used
    saved, last = progress.seconds, time.perf_counter()
    while (share := progress.share(options)) < 1:
        if share >= options.quantized_from:
            model.quantize(types)
        batch = next(stream).to(model.token_embd.weight.device)
        loss = step(model, optimizer, batch, rate_at(share, options.rate), options)
        now = time.perf_counter()
        progress.step, progress.tokens = progress.step + 1, progress.tokens + batch.token.numel()
        progress.seconds, speed, last = progress.seconds + now - last, batch.token.numel() / (now - last), now
        report(options.out, {**asdict(progress), "loss": loss, "tokens_per_second": speed})
        if progress.seconds - saved > 60 * options.save_minutes:
            save(options.out / "checkpoint.pt", model, optimizer, progress, options.mix)
            saved = progress.seconds
    save(options.out / "checkpoint.pt", model, optimizer, progress, options.mix)


def step(model: Model, optimizer: torch.optim.Optimizer, batch: Batch, rate: float, options: Options) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    loss = accumulate(model, batch, options)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss


def check_held_out(model: Model, options: Options) -> dict[str, float]:
    """Scores on rows of held-out packages, the same rows whenever the seed is the same."""
    assert options.held_out is not None
    rows = Rows(
        Corpus.read(options.held_out), read_tokenizer(options.base), options.length, options.seed, mix=options.mix
    )
    stream = islice(batches(rows, options.micro, 0), max(1, options.check_rows // options.micro))
    embedding = model.embedding()
    return check(model, embedding, (batch.to(embedding.device) for batch in stream), options.mask)


def report(out: Path, values: dict[str, float]) -> None:
    """A line of JSON into log.jsonl; every tenth step, and what is no step, is printed for people as well."""
    with (out / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")
    if values.get("step", 0) % 10 == 0:
        print("  ".join(f"{name} {value:.6g}" for name, value in values.items()), flush=True)


def parse(arguments: list[str] | None = None) -> Options:
    """Every field of Options is an option; those without a default are required."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for one in fields(Options):
        name = "--" + one.name.replace("_", "-")
        if one.default is MISSING:
            parser.add_argument(name, type=Path, required=True)
        elif isinstance(one.default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=one.default)
        else:
            kind = Path if one.default is None else type(one.default)
            parser.add_argument(name, type=kind, default=one.default, help=f"default {one.default}")
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    try:
        run(parse())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
