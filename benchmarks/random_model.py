"""A model file with random weights in the shape of a Qwen2.5 model that is not here: right for speed, of no use else.

    python -m benchmarks.random_model 7b --like qwen2.5-coder-0.5b-instruct --to FILE

The vocabulary and the metadata are those of `--like`, a Qwen2.5 file. Every matrix is Q4_0, the embeddings too. What
such a model writes is noise, which the confidence gate cuts at its first token: measure prompts and keys with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFWriter

from copilot_lsp import models
from copilot_lsp.models.trim import copy_fields

Q4_0 = GGMLQuantizationType.Q4_0
SPREAD = 0.02
"""Standard deviation of the weights, as a trained model's are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """From `config.json` of the published models (Qwen2.5 Technical Report, arXiv 2412.15115, table 1)."""

    layers: int
    width: int
    hidden: int
    heads: int
    kv_heads: int

    @property
    def kv_width(self) -> int:
        return self.width // self.heads * self.kv_heads


SHAPES = {
    "0.5b": Shape(24, 896, 4864, 14, 2),
    "1.5b": Shape(28, 1536, 8960, 12, 2),
    "3b": Shape(36, 2048, 11008, 16, 2),
    "7b": Shape(28, 3584, 18944, 28, 4),
}


def matrices(shape: Shape, tokens: int) -> Iterator[tuple[str, int, int]]:
    """Name, rows, columns."""
    wide, kv, hidden = shape.width, shape.kv_width, shape.hidden
    yield from (("token_embd", tokens, wide), ("output", tokens, wide))
    for layer in range(shape.layers):
        for name, rows, columns in (
            ("attn_q", wide, wide),
            ("attn_k", kv, wide),
            ("attn_v", kv, wide),
            ("attn_output", wide, wide),
            ("ffn_gate", hidden, wide),
            ("ffn_up", hidden, wide),
            ("ffn_down", wide, hidden),
        ):
            yield f"blk.{layer}.{name}", rows, columns


def vectors(shape: Shape) -> Iterator[tuple[str, int, float]]:
    """Name, length, value."""
    yield "output_norm.weight", shape.width, 1
    for layer in range(shape.layers):
        yield from ((f"blk.{layer}.{name}.weight", shape.width, 1) for name in ("attn_norm", "ffn_norm"))
        yield f"blk.{layer}.attn_q.bias", shape.width, 0
        yield from ((f"blk.{layer}.attn_{name}.bias", shape.kv_width, 0) for name in "kv")


def blocks(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Q4_0, (rows, bytes): a float16 scale for 32 weights, then their 16 bytes; levels -8 to 7 spread by 4.6."""
    weights, size = GGML_QUANT_SIZES[Q4_0]
    made = rng.integers(0, 256, (rows * columns // weights, size), np.uint8)
    made[:, :2] = np.frombuffer(np.float16(SPREAD / 4.6).tobytes(), np.uint8)
    return made.reshape(rows, -1)


def write(shape: Shape, like: Path, to: Path) -> None:
    reader, writer, rng = GGUFReader(like), GGUFWriter(to, "qwen2", use_temp_file=True), np.random.default_rng(0)
    changed = {
        "qwen2.block_count": shape.layers,
        "qwen2.embedding_length": shape.width,
        "qwen2.feed_forward_length": shape.hidden,
        "qwen2.attention.head_count": shape.heads,
        "qwen2.attention.head_count_kv": shape.kv_heads,
    }
    copy_fields(reader, writer, changed)
    tokens = len(reader.fields["tokenizer.ggml.tokens"].data)
    for name, rows, columns in matrices(shape, tokens):
        writer.add_tensor(f"{name}.weight", blocks(rows, columns, rng), raw_dtype=Q4_0)
    for name, length, value in vectors(shape):
        writer.add_tensor(name, np.full(length, value, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--like", default="qwen2.5-coder-0.5b-instruct", metavar="NAME|PATH")
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    write(SHAPES[arguments.shape], models.find(arguments.like).path, arguments.to)


if __name__ == "__main__":
    main()
