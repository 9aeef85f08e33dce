"""Reads a GGUF file's metadata and tensor table, without llama.cpp and without trusting the file.

The format is ggml's docs/gguf.md; the checks are those of llama.cpp's gguf.cpp and some that it lacks. Little-endian
files of versions 2 and 3. The weights are not read.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from copilot_lsp.errors import ModelCorrupt
from copilot_lsp.models.header import Header, shown

MAGIC = b"GGUF"
VERSIONS = (2, 3)
"""Of the format, as llama.cpp reads them (gguf.cpp refuses version 1)."""

MAX_KEY = 2**16 - 1
MAX_NAME = 63
"""Of a tensor, in bytes (GGML_MAX_NAME)."""

MAX_DIMENSIONS = 4
KEPT = 4096
"""Elements: longer arrays, and those of strings, are represented by their length only."""

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9

_BLOCKS = """
    0 F32 1 4, 1 F16 1 2, 2 Q4_0 32 18, 3 Q4_1 32 20, 6 Q5_0 32 22, 7 Q5_1 32 24,
    8 Q8_0 32 34, 9 Q8_1 32 36, 10 Q2_K 256 84, 11 Q3_K 256 110, 12 Q4_K 256 144, 13 Q5_K 256 176,
    14 Q6_K 256 210, 15 Q8_K 256 292, 16 IQ2_XXS 256 66, 17 IQ2_XS 256 74, 18 IQ3_XXS 256 98, 19 IQ1_S 256 50,
    20 IQ4_NL 32 18, 21 IQ3_S 256 110, 22 IQ2_S 256 82, 23 IQ4_XS 256 136, 24 I8 1 1, 25 I16 1 2,
    26 I32 1 4, 27 I64 1 8, 28 F64 1 8, 29 IQ1_M 256 56, 30 BF16 1 2, 34 TQ1_0 256 54,
    35 TQ2_0 256 66, 39 MXFP4 32 17, 40 NVFP4 64 36, 41 Q1_0 128 18, 42 Q2_0 64 18
"""
BLOCKS = {
    int(kind): (name, int(elements), int(size)) for kind, name, elements, size in map(str.split, _BLOCKS.split(","))
}
"""Of ggml.h's enum ggml_type: the name, the elements of a block, and its bytes. Newer types are not known here."""

Scalar = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Array:
    """`items` is empty for strings and for more than `KEPT` numbers."""

    length: int
    items: tuple[Scalar, ...] = ()


Value = Scalar | Array


@dataclass(frozen=True, slots=True)
class Tensor:
    """`shape` as ggml has it, the fastest dimension first; `offset` in bytes from `Gguf.data_start`."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def type_name(self) -> str:
        return BLOCKS[self.type][0] if self.type in BLOCKS else f"type {self.type}"

    @property
    def size(self) -> int | None:
        """In bytes; None for a type that is not known here."""
        if self.type not in BLOCKS:
            return None
        _, elements, size = BLOCKS[self.type]
        return self.elements // elements * size


@dataclass(frozen=True, slots=True)
class Gguf:
    """Sizes and offsets in bytes. Text that is not UTF-8 has U+FFFD in its place."""

    version: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    data_start: int
    file_size: int


def read(path: Path) -> Gguf:
    """Raises ModelCorrupt, with one line, for what llama.cpp could not load: no file, no GGUF, cut off, absurd."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _read(Header(path, file, size))
    except OSError as error:
        raise ModelCorrupt(f"{shown(path)} cannot be read: {error.strerror}") from None


def check_start(path: Path) -> None:
    """Magic and version only: cheap enough for every start. Raises ModelCorrupt."""
    try:
        with path.open("rb") as file:
            _version(Header(path, file, file.seek(0, 2)))
    except OSError as error:
        raise ModelCorrupt(f"{shown(path)} cannot be read: {error.strerror}") from None


def _read(header: Header) -> Gguf:
    version = _version(header)
    tensor_count = header.count(24, "the number of tensors")
    metadata = _metadata(header, header.count(13, "the number of metadata entries"))
    alignment = _alignment(header, metadata)
    tensors = tuple(_tensor(header) for _ in range(tensor_count))
    start = _padded(header.position, alignment)
    _check_places(header, tensors, start, alignment)
    return Gguf(version, metadata, tensors, start, header.size)


def _version(header: Header) -> int:
    if header.left < 8 or header.take(4, "the magic") != MAGIC:
        raise ModelCorrupt(
            f"{shown(header.path)} is not a GGUF file: it does not begin with {MAGIC.decode()} and a version"
        )
    version = header.number("<I", "the version")
    if version not in VERSIONS:
        readable = " and ".join(map(str, VERSIONS))
        raise ModelCorrupt(
            f"{shown(header.path)} has GGUF version {version}: llama.cpp reads {readable} (little-endian)"
        )
    return version


def _metadata(header: Header, count: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for _ in range(count):
        key = header.string("a metadata key", MAX_KEY)
        if not key or key in metadata:
            header.corrupt(f"the metadata key {_shown(key)} is {'there twice' if key else 'empty'}")
        metadata[key] = _value(header, header.number("<I", f"the type of {_shown(key)}"), _shown(key))
    return metadata


def _value(header: Header, kind: int, key: str) -> Value:
    if kind == STRING:
        return header.string(key)
    if kind == ARRAY:
        return _array(header, header.number("<I", f"the type of {key}"), key)
    return _scalar(header, kind, key)


def _scalar(header: Header, kind: int, key: str) -> Scalar:
    if kind not in SCALARS:
        header.corrupt(f"{key} has a type {kind} that does not exist")
    if kind == 7 and header.take(1, key) not in (b"\0", b"\1"):
        header.corrupt(f"{key} is neither true nor false")
    header.position -= kind == 7
    return header.number(SCALARS[kind], key)


def _array(header: Header, kind: int, key: str) -> Array:
    if kind == STRING:
        count = header.count(8, f"the length of {key}")
        header.skip_strings(count, key)
        return Array(count)
    if kind not in SCALARS:
        header.corrupt(f"{key} has elements of a type {kind} that llama.cpp does not read")
    layout = SCALARS[kind]
    width = struct.calcsize(layout)
    count = header.count(width, f"the length of {key}")
    data = header.take(count * width, key)
    return Array(count, struct.unpack(f"<{count}{layout[1]}", data) if count <= KEPT else ())


def _alignment(header: Header, metadata: Mapping[str, Value]) -> int:
    alignment = metadata.get("general.alignment", 32)
    if (
        not isinstance(alignment, int)
        or isinstance(alignment, bool)
        or alignment < 1
        or alignment & (alignment - 1)
        or alignment > 2**20
    ):
        header.corrupt(f"the alignment is {_shown(str(alignment))}, not a power of two")
    return alignment


def _tensor(header: Header) -> Tensor:
    name = header.string("the name of a tensor", MAX_NAME)
    what = f"the tensor {_shown(name)}"
    dimensions = header.number("<I", what)
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        header.corrupt(f"{what} has {dimensions} dimensions")
    shape = tuple(header.number("<Q", what) for _ in range(dimensions))
    kind, offset = header.number("<I", what), header.number("<Q", what)
    if math.prod(shape) >= 2**63 or 0 in shape:
        header.corrupt(f"{what} has a shape of {' x '.join(map(str, shape))}")
    if kind in BLOCKS and shape[0] % BLOCKS[kind][1]:
        header.corrupt(f"{what} has rows of {shape[0]}, which is no multiple of the {BLOCKS[kind][1]} in a block")
    return Tensor(name, shape, kind, offset)


def _check_places(header: Header, tensors: tuple[Tensor, ...], start: int, alignment: int) -> None:
    """Each tensor begins where the one before it ends, padded, and the last ends within the file."""
    pad = partial(_padded, alignment=alignment)
    expected: int | None = 0
    names: set[str] = set()
    for tensor in tensors:
        what = f"the tensor {_shown(tensor.name)}"
        if tensor.name in names:
            header.corrupt(f"{what} is there twice")
        if tensor.offset != (pad(tensor.offset) if expected is None else expected):
            header.corrupt(f"{what} is at {tensor.offset}, not at {expected}")
        if start + tensor.offset + (tensor.size or 0) > header.size:
            raise ModelCorrupt(
                f"{shown(header.path)} is cut off: {header.size} bytes, and {what} ends at "
                f"{start + tensor.offset + (tensor.size or 0)}: get the file again"
            )
        names.add(tensor.name)
        expected = None if tensor.size is None else pad(tensor.offset + tensor.size)


def _padded(position: int, alignment: int) -> int:
    return (position + alignment - 1) // alignment * alignment


def _shown(text: str) -> str:
    """A name out of a file that may be damaged: printable, and not long."""
    printable = shown(text)
    return printable if len(printable) <= 60 else f"{printable[:57]}..."
