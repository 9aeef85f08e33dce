"""The layers of a Llama or Qwen2 model in numpy, float32, one matrix at a time: what each is multiplied with.

Shapes: n tokens in rows, in sequences that do not see each other; x is (n, width).
Sources of formulas: llama.cpp's graphs `llama` and `qwen2`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from copilot_lsp.models.rounding.arrays import Floats

HALVES = frozenset({"qwen2"})
"""Architectures whose rotary embedding turns the two halves of a head against each other; the rest turn neighbours."""

ARCHITECTURES = frozenset({"llama"}) | HALVES


@dataclass(frozen=True, slots=True)
class Shape:
    """`width` of a token's vector, `head` of one head."""

    architecture: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    epsilon: float
    rope_base: float

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Shape:
        """From the fields of a GGUF file."""
        name = str(metadata["general.architecture"])

        def field(key: str) -> Any:  # noqa: ANN401 -- GGUF
            return metadata[f"{name}.{key}"]

        width, heads = int(field("embedding_length")), int(field("attention.head_count"))
        kv_heads = int(metadata.get(f"{name}.attention.head_count_kv", heads))
        base = float(metadata.get(f"{name}.rope.freq_base", 10_000.0))
        epsilon = float(field("attention.layer_norm_rms_epsilon"))
        return cls(name, int(field("block_count")), width, heads, kv_heads, width // heads, epsilon, base)


def normed(x: Floats, weight: Floats, epsilon: float) -> Floats:
    """RMSNorm."""
    scale: Floats = 1 / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + np.float32(epsilon))
    return x * scale * weight


def gated(gate: Floats, up: Floats) -> Floats:
    """SwiGLU: silu(gate) * up. Overwrites both."""
    np.multiply(up, gate, out=up)
    np.negative(gate, out=gate)
    np.exp(np.minimum(gate, 80, out=gate), out=gate)
    gate += 1
    return np.divide(up, gate, out=up)


def attended(q: Floats, k: Floats, v: Floats, shape: Shape, lengths: Sequence[int]) -> Floats:
    """Causal attention in sequences of these lengths. `q`: (n, heads * head); `k`, `v`: (n, kv_heads * head)."""
    out = np.empty_like(q)
    start = 0
    for length in lengths:
        rows = slice(start, start + length)
        out[rows] = _attended(q[rows], k[rows], v[rows], shape)
        start += length
    return out


def _attended(q: Floats, k: Floats, v: Floats, shape: Shape) -> Floats:
    """Of one sequence."""
    length = len(q)
    cos, sin = _turns(shape, length)
    queries = _turned(_heads(q, shape.heads), cos, sin, shape)
    keys = _turned(_heads(k, shape.kv_heads), cos, sin, shape)
    groups = queries.reshape(shape.kv_heads, -1, length, shape.head)
    scores = groups @ keys[:, None].swapaxes(2, 3) * np.float32(shape.head**-0.5)
    scores += np.triu(np.full((length, length), -np.inf, np.float32), 1)
    scores -= scores.max(axis=3, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=3, keepdims=True)
    seen = (scores @ _heads(v, shape.kv_heads)[:, None]).astype(np.float32, copy=False)
    return seen.reshape(shape.heads, length, shape.head).swapaxes(0, 1).reshape(length, -1)


def _heads(x: Floats, heads: int) -> Floats:
    """(length, heads * head) to (heads, length, head)."""
    return x.reshape(len(x), heads, -1).swapaxes(0, 1)


def _turns(shape: Shape, length: int) -> tuple[Floats, Floats]:
    """Cosine and sine of each position's angles: (length, head / 2)."""
    speeds = shape.rope_base ** (-np.arange(0, shape.head, 2) / shape.head)
    angles = np.outer(np.arange(length), speeds)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _turned(x: Floats, cos: Floats, sin: Floats, shape: Shape) -> Floats:
    """Rotary embedding (arXiv 2104.09864)."""
    half = shape.head // 2
    split = shape.architecture in HALVES
    first, second = (x[..., :half], x[..., half:]) if split else (x[..., 0::2], x[..., 1::2])
    out = np.empty_like(x)
    turned = first * cos - second * sin, first * sin + second * cos
    if split:
        out[..., :half], out[..., half:] = turned
    else:
        out[..., 0::2], out[..., 1::2] = turned
    return out
