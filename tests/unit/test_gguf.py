"""Reading what a GGUF file says of itself, and refusing what is absurd: one line each, no other exception."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_gguf
from tiny_gguf import ARRAY, F32, METADATA, TENSORS, U32, Made

from copilot_lsp.errors import ModelCorrupt
from copilot_lsp.models import gguf, header
from copilot_lsp.models.gguf import Array

MADE = tiny_gguf.make()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf"


def read(path: Path, data: bytes) -> gguf.Gguf:
    path.write_bytes(data)
    return gguf.read(path)


def refusal(path: Path, data: bytes) -> str:
    with pytest.raises(ModelCorrupt) as error:
        read(path, data)
    message = str(error.value)
    assert message.startswith(str(path))
    assert message.isprintable(), "one line"
    assert len(message) < len(str(path)) + 250
    return message.removeprefix(f"{path} ")


def said(path: Path) -> str:
    try:
        gguf.read(path)
    except ModelCorrupt as error:
        return str(error)
    return ""


def put(made: Made, position: int, layout: str, value: object) -> bytes:
    data = bytearray(made.data)
    struct.pack_into(layout, data, position, value)
    return bytes(data)


def field(made: Made, kind: str, index: int = 0) -> int:
    return [field.position for field in made.fields if field.kind == kind][index]


def after(text: str) -> int:
    return MADE.data.index(text.encode()) + len(text)


def test_metadata_and_tensors(model: Path) -> None:
    found = read(model, MADE.data)
    assert (found.version, found.data_start, found.file_size) == (3, MADE.data_start, len(MADE.data))
    assert found.metadata["general.architecture"] == "llama"
    assert found.metadata["llama.embedding_length"] == tiny_gguf.WIDTH
    assert found.metadata["llama.rope.freq_base"] == 10000.0
    assert found.metadata["tokenizer.ggml.add_bos_token"] is False
    assert found.metadata["tokenizer.ggml.tokens"] == Array(len(tiny_gguf.TOKENS))
    types = found.metadata["tokenizer.ggml.token_type"]
    assert isinstance(types, Array)
    assert types.items[:5] == (3, 3, 3, 3, 1)
    assert [(tensor.name, tensor.shape) for tensor in found.tensors] == list(TENSORS)
    assert [tensor.type_name for tensor in found.tensors] == ["F32"] * len(TENSORS)
    last = found.tensors[-1]
    assert last.size == 4 * tiny_gguf.WIDTH * tiny_gguf.HIDDEN
    assert found.data_start + last.offset + last.size == found.file_size


def test_long_arrays_have_a_length_only(model: Path) -> None:
    metadata = (*METADATA, ("x.long", ARRAY, (U32, range(5000))), ("x.floats", ARRAY, (F32, [1.5, 2.5])))
    found = read(model, tiny_gguf.make(metadata).data)
    assert found.metadata["x.long"] == Array(5000)
    assert found.metadata["x.floats"] == Array(2, (1.5, 2.5))


def test_the_blocks_are_those_of_llama_cpp() -> None:
    """Asked in a process of its own: nothing but the engine loads llama.cpp."""
    code = """
import ctypes, json, llama_cpp
ggml = ctypes.CDLL(None) if hasattr(ctypes.CDLL(None), "ggml_blck_size") else llama_cpp.llama_cpp._lib
ggml.ggml_blck_size.restype, ggml.ggml_type_size.restype = ctypes.c_int64, ctypes.c_size_t
print(json.dumps([[ggml.ggml_blck_size(kind), ggml.ggml_type_size(kind)] for kind in range(40)]))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    theirs = {kind: tuple(sizes) for kind, sizes in enumerate(json.loads(run.stdout)) if sizes[0]}
    assert {kind: row[1:] for kind, row in gguf.BLOCKS.items() if kind < 40} == theirs


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a GGUF file"),
        (b"GGUF\3\0\0", "is not a GGUF file"),
        (b"GGML" + MADE.data[4:], "is not a GGUF file"),
        (b"GGUF\0\0\0\3" + MADE.data[8:], "has GGUF version 50331648: llama.cpp reads 2 and 3"),
        (
            MADE.data[:20],
            "is damaged (the number of tensors is 11, more than the file has room for): get the file again",
        ),
        (MADE.data[:-1], "is cut off: 75775 bytes, and the tensor blk.0.ffn_down.weight ends at 75776"),
        (put(MADE, 8, "<Q", 2**63), "the number of tensors is 9223372036854775808, more than the file has room for"),
        (put(MADE, 16, "<Q", 2**40), "the number of metadata entries is 1099511627776, more than"),
        (put(MADE, 24, "<Q", 2**62), "the length of a metadata key is 4611686018427387904, more than"),
        (put(MADE, 24, "<Q", 70_000), "a metadata key is 70000 bytes long"),
        (put(MADE, after("general.architecture"), "<I", 99), "general.architecture has a type 99 that does not exist"),
        (put(MADE, after("tokenizer.ggml.tokens") + 4, "<I", 9), "elements of a type 9 that llama.cpp does not read"),
        (put(MADE, after("tokenizer.ggml.tokens") + 8, "<Q", 2**60), "the length of tokenizer.ggml.tokens is 1152"),
        (put(MADE, after("add_bos_token") + 4, "<B", 7), "tokenizer.ggml.add_bos_token is neither true nor false"),
        (put(MADE, after("general.alignment") + 4, "<I", 33), "the alignment is 33, not a power of two"),
        (put(MADE, after("general.alignment") + 4, "<I", 0), "the alignment is 0"),
        (put(MADE, after("token_embd.weight"), "<I", 5), "the tensor token_embd.weight has 5 dimensions"),
        (put(MADE, after("token_embd.weight"), "<I", 0), "the tensor token_embd.weight has 0 dimensions"),
        (put(MADE, after("token_embd.weight") + 4, "<Q", 2**62), "has a shape of 4611686018427387904 x 260"),
        (put(MADE, after("token_embd.weight") + 20, "<I", 12), "has rows of 32, which is no multiple of the 256"),
        (put(MADE, after("output_norm.weight") + 16, "<Q", 2**40), "output_norm.weight is at 1099511627776, not at 33"),
        (MADE.data.replace(b"attn_v.weight", b"attn_k.weight"), "the tensor blk.0.attn_k.weight is there twice"),
        (MADE.data.replace(b"llama.block_count", b"general.alignment"), "general.alignment is there twice"),
    ],
)
def test_what_cannot_be_is_refused(model: Path, data: bytes, message: str) -> None:
    assert message in refusal(model, data)


def test_names_of_a_damaged_file_do_not_break_the_line(model: Path) -> None:
    data = MADE.data.replace(b"token_embd.weight", b"tok\n\x1b[31mbd.weigh")
    assert "tok??[31mbd.weigh" in refusal(model, _with_type(data))


def _with_type(data: bytes) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<I", changed, data.index(b"bd.weigh") + 8, 9)
    return bytes(changed)


def test_types_that_are_newer_than_we_are_left_to_llama_cpp(model: Path) -> None:
    found = read(model, put(MADE, after("blk.0.ffn_down.weight") + 20, "<I", 999))
    assert found.tensors[-1].size is None
    assert found.tensors[-1].type_name == "type 999"


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelCorrupt, match="cannot be read"):
            gguf.read(path)


def test_no_header_is_read_for_ever(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_HEADER", 1000)
    assert "more than the file has room for" in refusal(model, MADE.data)


@pytest.mark.parametrize("seed", range(200))
def test_random_damage_is_one_line_or_none(model: Path, seed: int) -> None:
    """The campaign has more of it, and llama.cpp."""
    rng = random.Random(seed)
    data = bytearray(MADE.data)
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(MADE.data_start)] = rng.randrange(256)
    model.write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
    assert said(model).isprintable()
