"""Whether a model fits into this machine's memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from copilot_lsp.models.gguf import Array, Gguf, Value
from copilot_lsp.models.registry import Dimensions, Entry

MEMORY_SHARE = 0.7
"""Of all memory: the editor and the language servers beside ours need the rest."""

COMPUTE_BYTES = 300_000_000
"""Of llama.cpp's work space and the process itself, for a batch of 256 tokens; generous."""

CACHE_BYTES = 2
"""Of one value in the KV cache (16-bit floating point, llama.cpp's default)."""

WINDOW = 4 * 1600
"""Tokens in the cache with the default settings: four documents of prefix, suffix, chunks and an answer."""


CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says how much a container may have: cgroup v2 and v1."""


def memory() -> int:
    """All of this machine's memory, or of the container that this is in, in bytes."""
    import psutil

    total: int = psutil.virtual_memory().total
    for file in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # "max": no limit
            total = min(total, int(Path(file).read_text("ascii")))
    return total


def memory_needed(size: int, shape: Dimensions | None, tokens: int = WINDOW) -> int:
    """Bytes for weights of `size` bytes, a cache of `tokens`, and the work space."""
    return size + tokens * cache_bytes_per_token(shape) + COMPUTE_BYTES


def cache_bytes_per_token(shape: Dimensions | None) -> int:
    """Keys and values of all layers; 0 when the shape is not known."""
    if shape is None:
        return 0
    return 2 * shape.layers * shape.kv_heads * (shape.width // shape.heads) * CACHE_BYTES


def fits(entry: Entry) -> bool:
    return memory_needed(entry.size, entry.shape) <= MEMORY_SHARE * memory()


def shape_of(file: Gguf) -> Dimensions | None:
    """None when the file does not say."""
    architecture = str(file.metadata.get("general.architecture", ""))

    def of(key: str) -> int:
        return _number(file.metadata, f"{architecture}.{key}")

    layers, width, heads = of("block_count"), of("embedding_length"), of("attention.head_count")
    if not (layers and width and heads):
        return None
    vocabulary = file.metadata.get("tokenizer.ggml.tokens")
    tokens = vocabulary.length if isinstance(vocabulary, Array) else 0
    return Dimensions(layers, width, of("feed_forward_length"), heads, of("attention.head_count_kv") or heads, tokens)


def trained_context(file: Gguf) -> int:
    """In tokens; 0 when the file does not say."""
    return _number(file.metadata, f"{file.metadata.get('general.architecture', '')}.context_length")


def _number(metadata: Mapping[str, Value], key: str) -> int:
    value = metadata.get(key)
    return value if isinstance(value, int) else 0
