"""Whether a model fits into this machine's memory."""

from __future__ import annotations

from copilot_lsp.models.registry import Entry, Shape

MEMORY_SHARE = 0.7
"""Of all memory: the editor and the language servers beside ours need the rest."""

COMPUTE_BYTES = 300_000_000
"""Of llama.cpp's work space and the process itself, for a batch of 256 tokens; generous."""

CACHE_BYTES = 2
"""Of one value in the KV cache (16-bit floating point, llama.cpp's default)."""

WINDOW = 4 * 1600
"""Tokens in the cache with the default settings: four documents of prefix, suffix, chunks and an answer."""


def memory() -> int:
    """All of this machine's memory, in bytes."""
    import psutil

    total: int = psutil.virtual_memory().total
    return total


def memory_needed(size: int, shape: Shape | None, tokens: int = WINDOW) -> int:
    """Bytes for weights of `size` bytes, a cache of `tokens`, and the work space."""
    return size + tokens * cache_bytes_per_token(shape) + COMPUTE_BYTES


def cache_bytes_per_token(shape: Shape | None) -> int:
    """Keys and values of all layers; 0 when the shape is not known."""
    if shape is None:
        return 0
    return 2 * shape.layers * shape.kv_heads * (shape.width // shape.heads) * CACHE_BYTES


def fits(entry: Entry) -> bool:
    return memory_needed(entry.size, entry.shape) <= MEMORY_SHARE * memory()
