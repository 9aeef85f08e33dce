"""Estimates the speed of a model that is not here from a measured one.

The constants were fitted to three models (125M in Q4_1, 0.5B and 1.5B in Q4_K_M) on two machines, a Zen 2 with AVX2 and
a Xeon with AVX-512, by hand and to one digit or two: docs/models.md has what they make of each.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp.models import Dimensions, Entry, gguf
from copilot_lsp.tuning.speed import BATCHES, Speed

LAYER_BYTES = 2_900_000
"""What a layer costs besides its weights, of a token: as much time as reading so many bytes. Small operations, and
threads that wait for each other."""

SLOWER = {"Q4_1": 3.2, "Q5_1": 3.2, "Q5_0": 1.7, "Q8_0": 1.3}
"""Times as long in a large batch as the types that llama.cpp repacks (Q4_0, IQ4_NL, K-quants). Q8_0 is a guess."""

BITS = {"Q8_0": 8.5, "Q4_K_M": 4.9, "Q4_1": 5.0, "IQ4_NL": 4.5, "Q4_0": 4.5}
"""Of a weight on average, by the name of a file's mix."""

SUPER_BLOCK = 256
"""K-quants need rows of a multiple of it; llama.cpp takes Q5_0 for the others."""

UNTIED = 1.08
"""A file so many times as large as its weights has an embedding matrix that is not the output matrix as well."""


@dataclass(frozen=True, slots=True)
class Work:
    """`read`: bytes for one token, with what the layers cost besides; `computed`: weights for each token of a prompt,
    as many as would take the time with a repacked type.
    """

    read: float
    computed: float


def estimated(entry: Entry, measured: Speed) -> Speed | None:
    """In between one token and the largest batch, the ratio turns with the logarithm of the batch.

    None without a shape to count by. Raises ModelCorrupt.
    """
    if entry.shape is None or measured.path is None:
        return None
    new, old = work_of(entry, entry.shape), work_in(measured.path)
    read, computed = new.read / old.read, new.computed / old.computed
    ms = {batch: each * _between(read, computed, batch) for batch, each in measured.ms.items()}
    return Speed(entry.name, None, measured.config, ms)


def weights_of(shape: Dimensions) -> int:
    """Of the layers: attention and feed-forward (gated)."""
    head = shape.width // shape.heads
    attention = 2 * shape.width * shape.width + 2 * shape.width * head * shape.kv_heads
    return shape.layers * (attention + 3 * shape.width * shape.feed_forward)


def work_of(entry: Entry, shape: Dimensions) -> Work:
    """Of a file that is not here: from its size and shape, and the types that its description names."""
    found = re.search("|".join(BITS), entry.description)
    mix = found[0] if found else "Q4_K_M"
    output, bits = shape.vocabulary * shape.width, BITS[mix]
    tied = entry.size <= UNTIED * (weights_of(shape) + output) * bits / 8
    read = entry.size if tied else entry.size - output * bits / 8
    kind = "Q5_0" if mix == "Q4_K_M" and shape.width % SUPER_BLOCK else mix
    return Work(read + shape.layers * LAYER_BYTES, weights_of(shape) * SLOWER.get(kind, 1.0))


def work_in(path: Path) -> Work:
    """The same of a file that is here: an embedding that is not the output matrix as well is only looked up, and a
    prompt needs the output matrix for its last token only. Raises ModelCorrupt.
    """
    tensors = gguf.read(path).tensors
    untied = any(tensor.name == "output.weight" for tensor in tensors)
    read = sum(each.size or 0 for each in tensors if not (untied and each.name == "token_embd.weight"))
    matrices = [each for each in tensors if len(each.shape) > 1 and each.name.startswith("blk.")]
    layers = len({each.name.split(".")[1] for each in matrices})
    computed = sum(each.elements * SLOWER.get(each.type_name, 1.0) for each in matrices)
    return Work(read + layers * LAYER_BYTES, computed)


def _between(read: float, computed: float, batch: int) -> float:
    share = math.log2(batch) / math.log2(max(BATCHES))
    return math.exp((1 - share) * math.log(read) + share * math.log(computed))
