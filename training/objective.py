"""What is optimized: the loss on what the model is to write, with samples of a row kept apart.

Also the check on held-out text. Greedy decoding fills a hole exactly when every token of it is the likeliest one
given those before, so one forward pass tells, without decoding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from training.batches import CONTEXT, MIDDLE, Batch
from training.holes import KINDS
from training.model import Mask


class Forward(Protocol):
    """A model, compiled or not: tokens, positions and mask to hidden states."""

    def __call__(self, tokens: Tensor, positions: Tensor, mask: Mask) -> Tensor: ...


def positions(sample: Tensor) -> Tensor:
    """Positions that begin at 0 in every sample of a row."""
    index = torch.arange(sample.shape[1], device=sample.device).expand_as(sample)
    begins = F.pad(sample[:, 1:] != sample[:, :-1], (1, 0))
    return index - torch.where(begins, index, 0).cummax(1).values


def mask_of(sample: Tensor, kind: str) -> Mask:
    """What each token may see (see `model.attention`)."""
    if kind == "causal":
        return None
    if sample.device.type != "cuda":
        same = sample[:, None, :, None] == sample[:, None, None, :]
        return same & torch.ones(same.shape[-2:], dtype=torch.bool).tril()
    from torch.nn.attention.flex_attention import create_block_mask

    def visible(row: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (sample[row, query] == sample[row, key])

    rows, length = sample.shape
    return create_block_mask(visible, rows, None, length, length, device=sample.device, _compile=True)


def targets(role: Tensor, context: float) -> Tensor:
    """Flat places of what the loss is on: all that is to be written, and this share of what is given, at random.

    A share instead of a weight: the same on average, and the logits of the rest need not be computed.
    """
    chosen = (role == CONTEXT) & (torch.rand(role.shape, device=role.device) < context)
    return ((role >= MIDDLE) | chosen).flatten().nonzero().squeeze(1)


CHUNK = 8192
"""Target tokens whose logits are in memory at a time."""


def losses(hidden: Tensor, embedding: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of every target token; logits are made chunk by chunk, and again for the gradient."""

    def one(h: Tensor, t: Tensor) -> Tensor:
        return F.cross_entropy(F.linear(h, embedding).float(), t, reduction="none")

    chunks = zip(torch.split(hidden, CHUNK), torch.split(target, CHUNK), strict=True)
    return torch.cat([checkpoint(one, h, t, use_reentrant=False) for h, t in chunks])


def hidden_states(model: Forward, batch: Batch, where: Tensor, mask: str) -> Tensor:
    return model(batch.token, positions(batch.sample), mask_of(batch.sample, mask)).flatten(0, 1)[where]


def mixed_precision(batch: Batch) -> torch.autocast:
    return torch.autocast(batch.token.device.type, torch.bfloat16)


@torch.no_grad()
def check(model: Forward, embedding: Tensor, held_out: Iterable[Batch], mask: str) -> dict[str, float]:
    """Loss of the middle, and for each kind of hole how many greedy decoding would fill exactly, END included."""
    right: Counter[str] = Counter()
    holes: Counter[str] = Counter()
    total = tokens = 0.0
    for batch in held_out:
        where = targets(batch.role, 0.0)
        target, role, hole = (x.flatten()[where] for x in (batch.target, batch.role, _hole_ids(batch.sample)))
        with mixed_precision(batch):
            hidden = hidden_states(model, batch, where, mask)
            total += float(losses(hidden, embedding, target).sum())
            likeliest = torch.cat([F.linear(h, embedding).argmax(-1) for h in torch.split(hidden, CHUNK)])
        tokens += len(where)
        for number, kind in enumerate(KINDS):
            of_kind = role == MIDDLE + number
            holes[kind] += _count(hole[of_kind])
            right[kind] += _count(hole[of_kind]) - _count(hole[of_kind & (likeliest != target)])
    exact = {f"exact_{kind}": right[kind] / max(1, holes[kind]) for kind in KINDS}
    return {"held_out_loss": total / max(1.0, tokens), "holes": float(holes.total()), **exact}


def _count(numbers: Tensor) -> int:
    return len(torch.unique(numbers))


def _hole_ids(sample: Tensor) -> Tensor:
    """A number for every sample of a batch, at every of its tokens."""
    row = torch.arange(len(sample), device=sample.device)[:, None]
    return (row * sample.shape[1] + sample).flatten()
