"""A GGUF file that llama.cpp loads, small enough to make thousands: a llama of one layer with a vocabulary of bytes.

`Made.fields` says where each number of the header is, for those who would damage it.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH, HIDDEN, HEADS = 32, 64, 2
U32, F32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
ALIGNMENT = 32


@dataclass(frozen=True)
class Field:
    """`kind`: magic, version, count, length, type, value, dimension, offset."""

    kind: str
    position: int
    layout: str


@dataclass(frozen=True)
class Made:
    data: bytes
    fields: tuple[Field, ...]
    data_start: int


def byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's `bytes_to_unicode`)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    other = iter(range(256, 512))
    return [chr(byte if byte in plain else next(other)) for byte in range(256)]


SPECIAL = ["<end>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
TOKENS = [*SPECIAL, *byte_letters()]
METADATA: tuple[tuple[str, int, object], ...] = (
    ("general.architecture", STRING, "llama"),
    ("general.name", STRING, "tiny"),
    ("general.alignment", U32, ALIGNMENT),
    ("llama.block_count", U32, 1),
    ("llama.context_length", U32, 2048),
    ("llama.embedding_length", U32, WIDTH),
    ("llama.feed_forward_length", U32, HIDDEN),
    ("llama.attention.head_count", U32, HEADS),
    ("llama.attention.head_count_kv", U32, 1),
    ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
    ("llama.rope.dimension_count", U32, WIDTH // HEADS),
    ("llama.rope.freq_base", F32, 10000.0),
    ("tokenizer.ggml.model", STRING, "gpt2"),
    ("tokenizer.ggml.pre", STRING, "smollm"),
    ("tokenizer.ggml.tokens", ARRAY, (STRING, TOKENS)),
    ("tokenizer.ggml.token_type", ARRAY, (U32 + 1, [3] * len(SPECIAL) + [1] * 256)),
    ("tokenizer.ggml.merges", ARRAY, (STRING, ["a b"])),
    ("tokenizer.ggml.bos_token_id", U32, 0),
    ("tokenizer.ggml.eos_token_id", U32, 0),
    ("tokenizer.ggml.add_bos_token", BOOL, False),
    ("tokenizer.ggml.fim_pre_token_id", U32, 1),
    ("tokenizer.ggml.fim_suf_token_id", U32, 2),
    ("tokenizer.ggml.fim_mid_token_id", U32, 3),
)
TENSORS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("token_embd.weight", (WIDTH, len(TOKENS))),
    ("output_norm.weight", (WIDTH,)),
    ("blk.0.attn_norm.weight", (WIDTH,)),
    ("blk.0.attn_q.weight", (WIDTH, WIDTH)),
    ("blk.0.attn_k.weight", (WIDTH, WIDTH // HEADS)),
    ("blk.0.attn_v.weight", (WIDTH, WIDTH // HEADS)),
    ("blk.0.attn_output.weight", (WIDTH, WIDTH)),
    ("blk.0.ffn_norm.weight", (WIDTH,)),
    ("blk.0.ffn_gate.weight", (WIDTH, HIDDEN)),
    ("blk.0.ffn_up.weight", (WIDTH, HIDDEN)),
    ("blk.0.ffn_down.weight", (HIDDEN, WIDTH)),
)


class _Writer:
    def __init__(self) -> None:
        self.data = bytearray()
        self.fields: list[Field] = []

    def number(self, kind: str, layout: str, value: object) -> None:
        self.fields.append(Field(kind, len(self.data), layout))
        self.data += struct.pack(layout, value)

    def string(self, text: str) -> None:
        encoded = text.encode()
        self.number("length", "<Q", len(encoded))
        self.data += encoded

    def value(self, kind: int, value: object) -> None:
        if kind == STRING:
            self.string(str(value))
        elif kind == ARRAY:
            assert isinstance(value, tuple)
            self.number("type", "<I", value[0])
            self.number("count", "<Q", len(value[1]))
            for each in value[1]:
                self.value(value[0], each)
        else:
            self.number("value", {U32: "<I", U32 + 1: "<i", F32: "<f", BOOL: "<?"}[kind], value)


def make(
    metadata: Iterable[tuple[str, int, object]] = METADATA,
    tensors: Iterable[tuple[str, tuple[int, ...]]] = TENSORS,
    seed: int = 0,
) -> Made:
    metadata, tensors = tuple(metadata), tuple(tensors)
    writer = _Writer()
    writer.fields.append(Field("magic", 0, "<I"))
    writer.data += b"GGUF"
    writer.number("version", "<I", 3)
    writer.number("count", "<Q", len(tensors))
    writer.number("count", "<Q", len(metadata))
    for key, kind, value in metadata:
        writer.string(key)
        writer.number("type", "<I", kind)
        writer.value(kind, value)
    sizes = [_tensor(writer, name, shape) for name, shape in _placed(tensors)]
    start = -(-len(writer.data) // ALIGNMENT) * ALIGNMENT
    weights = random.Random(seed)
    floats = [weights.gauss(0, 0.1) for _ in range(sum(sizes))]
    data = bytes(writer.data).ljust(start, b"\0") + struct.pack(f"<{len(floats)}f", *floats)
    return Made(data, tuple(writer.fields), start)


def _placed(tensors: Iterable[tuple[str, tuple[int, ...]]]) -> Iterable[tuple[tuple[str, int], tuple[int, ...]]]:
    offset = 0
    for name, shape in tensors:
        yield (name, offset), shape
        offset += 4 * _elements(shape)  # a multiple of the alignment for all of these


def _tensor(writer: _Writer, place: tuple[str, int], shape: tuple[int, ...]) -> int:
    name, offset = place
    writer.string(name)
    writer.number("count", "<I", len(shape))
    for size in shape:
        writer.number("dimension", "<Q", size)
    writer.number("type", "<I", 0)
    writer.number("offset", "<Q", offset)
    return _elements(shape)


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
