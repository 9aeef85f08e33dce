"""A copy of a GGUF file whose layers are in four bits, rounded so that the errors make up for each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from copilot_lsp.models import gguf as own
from copilot_lsp.models.gguf import Gguf
from copilot_lsp.models.rounding.arrays import Bytes, Floats, Ids
from copilot_lsp.models.rounding.blocks import SIZE, Grid, encoded
from copilot_lsp.models.rounding.decoder import ARCHITECTURES, Shape
from copilot_lsp.models.rounding.layers import MATRICES, Tensor, rounded
from copilot_lsp.models.trim import copy_fields, finish

if TYPE_CHECKING:
    from gguf import GGUFReader, ReaderTensor

EMBEDDINGS = ("token_embd.weight", "output.weight")
"""Stay as they are, or become Q8_0: four bits cost the most there."""

WIDE = ("F32", "F16", "BF16")
"""Types of embeddings that become Q8_0."""

SIZES = ("attention.key_length", "attention.value_length", "rope.dimension_count")
"""Of a head."""

BIASES = ("attn_q.bias", "attn_k.bias", "attn_v.bias")
"""That the decoder adds."""

WIDEST = 9000
"""Columns: the time grows with their cube. Qwen2.5's 1.5B has 8,960; its 7B would take hours on two cores."""


def matrices(file: Gguf) -> list[own.Tensor]:
    """Those of the layers."""
    return [each for each in file.tensors if len(each.shape) > 1 and each.name not in EMBEDDINGS]


def is_possible(file: Gguf) -> bool:
    """Whether the architecture is known here, its layers have the usual matrices, and rows are whole blocks."""
    name = file.metadata.get("general.architecture")
    layers = file.metadata.get(f"{name}.block_count")
    if name not in ARCHITECTURES or not isinstance(layers, int) or not _is_plain(file, str(name)):
        return False
    rows = [each.shape[0] for each in matrices(file)]
    return len(rows) == MATRICES * layers and all(row % SIZE == 0 and row <= WIDEST for row in rows)


def _is_plain(file: Gguf, name: str) -> bool:
    """Whether the file asks for nothing that `decoder` lacks: other sizes of heads, scaled positions, other biases."""
    width, heads = (file.metadata.get(f"{name}.{key}") for key in ("embedding_length", "attention.head_count"))
    if not isinstance(width, int) or not isinstance(heads, int) or heads < 1:
        return False
    sizes = [file.metadata.get(f"{name}.{key}", width // heads) for key in SIZES]
    scaled = any(key.startswith(f"{name}.rope.scaling") for key in file.metadata)
    tensors = [each.name for each in file.tensors]
    others = any(each.endswith(".bias") and not each.endswith(BIASES) for each in tensors)
    return all(size == width // heads for size in sizes) and not (scaled or others or "rope_freqs.weight" in tensors)


def memory(file: Gguf) -> int:
    """Bytes that `write` needs, about: what the widest matrix is multiplied with, squared, five times in float64."""
    widest = max((each.shape[0] for each in file.tensors if len(each.shape) > 1), default=0)
    return 5 * 8 * widest**2 + 2 * file.file_size


def write(source: Path, target: Path, text: Sequence[Sequence[int]], grid: Grid) -> Iterator[float]:
    """Yields the share that is done. `text`: sequences of token ids, like what the model will read.

    Raises OSError.
    """
    from gguf import GGUFReader

    reader = GGUFReader(source)
    shape = Shape.of({key: field.contents() for key, field in reader.fields.items() if "tokenizer" not in key})
    tensor = partial(_tensor, {each.name: each for each in reader.tensors})
    ids = np.concatenate([np.asarray(each, np.int64) for each in text])
    made: dict[str, Bytes | Floats] = {}
    for matrix in rounded(shape, tensor, grid, _embedded(tensor, ids), [len(each) for each in text]):
        made[matrix.name] = encoded(matrix.level, matrix.scale)
        yield len(made) / (MATRICES * shape.layers)
    copied(reader, target, made, grid)


def _embedded(tensor: Tensor, ids: Ids) -> Floats:
    embeddings = tensor(EMBEDDINGS[0])
    assert embeddings is not None
    return np.ascontiguousarray(embeddings[ids])


def _tensor(tensors: Mapping[str, ReaderTensor], name: str) -> Floats | None:
    found = tensors.get(name)
    return None if found is None else _floats(found)


def _floats(tensor: ReaderTensor) -> Floats:
    from gguf import dequantize

    return np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)


def copied(reader: GGUFReader, target: Path, made: Mapping[str, Bytes | Floats], grid: Grid) -> None:
    """A copy of the file with the tensors of `made`, on the grid (bytes) or in F32, and wide embeddings in Q8_0.

    Raises OSError.
    """
    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, quantize

    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    copy_fields(reader, writer, {"general.file_type": int(LlamaFileType[f"MOSTLY_{grid.name}"])})
    for each in reader.tensors:
        if each.name in made:
            is_packed = made[each.name].dtype == np.uint8
            kind = GGMLQuantizationType[grid.name] if is_packed else GGMLQuantizationType.F32
            writer.add_tensor(each.name, made[each.name], raw_dtype=kind)
        elif each.name in EMBEDDINGS and each.tensor_type.name in WIDE:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(each.name, quantize(_floats(each), kind), raw_dtype=kind)
        else:
            writer.add_tensor(each.name, each.data, raw_dtype=each.tensor_type)
    finish(writer)
