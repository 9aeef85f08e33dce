"""How many of a model's layers run on a GPU: as many as fit into the memory that is free there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp.models import gguf
from copilot_lsp.models.fit import cache_bytes_per_token, shape_of
from copilot_lsp.models.gguf import Gguf

RESERVE = 500_000_000
"""Bytes that are left free: llama.cpp's work space for a batch of 256 tokens, its kernels, and the desktop."""

ROOM = 0.95
"""Of what is free otherwise: what is needed is an estimate."""

UNKNOWN = 1 << 50

_BLOCK = re.compile(r"blk\.(\d+)\.")


KINDS = ("CPU", "GPU", "IGPU", "ACCEL", "META")
"""ggml-backend.h, enum ggml_backend_dev_type: an IGPU shares the system's memory, an ACCEL helps the CPU."""


@dataclass(frozen=True, slots=True)
class Device:
    """`free` and `total` in bytes, 0 where the backend does not say."""

    name: str
    description: str
    kind: str
    free: int
    total: int

    def __str__(self) -> str:
        memory = f", {self.free / 1e6:,.0f} of {self.total / 1e6:,.0f} MB free" if self.total else ""
        return f"{self.name} ({self.description}{memory})"


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes of each layer with its share of the KV cache, in the model's order, and of the output matrix."""

    layers: Sequence[int]
    output: int


def wanted(path: Path, setting: int, cells: int, free: int) -> int:
    """The `setting`; where it is negative, as many layers as fit. 0 without a GPU (`free` is 0).

    `cells`: tokens in the whole KV cache. Raises ModelCorrupt.
    """
    if setting >= 0 or not free:
        return setting if free else 0
    file = gguf.read(path)
    return layers(needs(file, cells * cache_bytes_per_token(shape_of(file))), free)


def needs(file: Gguf, cache: int) -> Needs:
    """`cache`: bytes of the whole KV cache."""
    sizes: dict[int, int] = {}
    named = {tensor.name: tensor.size or 0 for tensor in file.tensors}
    for name, size in named.items():
        if found := _BLOCK.match(name):
            sizes[int(found[1])] = sizes.get(int(found[1]), 0) + size
    share = cache // max(1, len(sizes))
    output = named.get("output.weight", named.get("token_embd.weight", 0))  # tied where it has none of its own
    return Needs([sizes[layer] + share for layer in sorted(sizes)], output)


def layers(needs: Needs, free: int) -> int:
    """For llama.cpp's `n_gpu_layers`: it counts the output matrix as the first, then the layers from the last one on.

    0 when nothing fits; one more than there are layers when all does.
    """
    room = ROOM * (free - RESERVE)
    count = 0
    for size in (needs.output, *reversed(needs.layers)):
        room -= size
        if room < 0:
            break
        count += 1
    return count


def memory(devices: Sequence[Device]) -> int:
    """Free bytes of the GPUs that llama.cpp uses: all that have memory of their own, else one that shares ours.

    A GPU that does not say has room for everything: fewer layers are tried when that proves wrong.
    """
    own = [_free(device) for device in devices if device.kind == "GPU"]
    return sum(own) or next((_free(device) for device in devices if device.kind == "IGPU"), 0)


def _free(device: Device) -> int:
    return device.free if device.total else UNKNOWN


def attempts(first: int) -> Iterator[int]:
    """What to try, in this order, when a number of layers proves too many: memory may go to others meanwhile."""
    while first:
        yield first
        first //= 2
    yield 0
