"""How fast a model would be that is not here, from one that was measured."""

from __future__ import annotations

import math
from pathlib import Path

from copilot_lsp.models import Entry, Shape, gguf
from copilot_lsp.tuning.speed import BATCHES, Speed


def weights_of(shape: Shape) -> int:
    """That take part in each token: attention, feed-forward (gated), and the output matrix."""
    head = shape.width // shape.heads
    attention = 2 * shape.width * shape.width + 2 * shape.width * head * shape.kv_heads
    return shape.layers * (attention + 3 * shape.width * shape.feed_forward) + shape.vocabulary * shape.width


def weights_in(path: Path) -> int:
    """The same of a file: all matrices; an embedding that is not the output matrix as well is only looked up."""
    tensors = [tensor for tensor in gguf.read(path).tensors if len(tensor.shape) > 1]
    has_output = any(tensor.name == "output.weight" for tensor in tensors)
    return sum(each.elements for each in tensors if not (has_output and each.name == "token_embd.weight"))


def estimated(entry: Entry, measured: Speed) -> Speed | None:
    """One token takes the time to read the file's bytes, a large batch that of two operations for each weight.

    In between, the ratio of the bytes turns into that of the weights with the logarithm of the batch. Kernels of
    another quantization are 0.7 to 1.4 times as fast: an estimate is no measurement. None without a shape to count by.
    """
    if entry.shape is None or measured.path is None:
        return None
    read = entry.size / measured.path.stat().st_size
    computed = weights_of(entry.shape) / weights_in(measured.path)
    ms = {batch: each * _between(read, computed, batch) for batch, each in measured.ms.items()}
    return Speed(entry.name, None, measured.config, ms)


def _between(read: float, computed: float, batch: int) -> float:
    share = math.log2(batch) / math.log2(max(BATCHES))
    return math.exp((1 - share) * math.log(read) + share * math.log(computed))
