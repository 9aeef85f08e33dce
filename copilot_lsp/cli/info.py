"""`copilot-lsp models info`: the metadata of a GGUF file, read without llama.cpp."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp import models
from copilot_lsp.engine import fim
from copilot_lsp.models import fit, gguf
from copilot_lsp.models.gguf import Gguf, Value

CONTEXTS = (2048, 8192, 32_768, 131_072)
"""Tokens for which the memory is told, as far as the model goes."""


@dataclass
class Spelled:
    """Implements what `fim.detect` asks of a vocabulary: whether a token is spelled in the file's header.

    A string of a GGUF has its length before it, so a part of a longer token is not taken for it.
    """

    header: bytes
    fim: Mapping[str, int]
    bos: int | None = None

    def control(self, text: str) -> int | None:
        data = text.encode()
        at = self.header.find(struct.pack("<Q", len(data)) + data)
        return at if at >= 0 else None

    def tokenize(self, text: str) -> list[int]:
        raise NotImplementedError  # detection has no text

    def piece(self, token: int) -> bytes:
        raise NotImplementedError


def show(name: str, as_json: bool) -> None:
    """Raises ModelMissing, ModelCorrupt."""
    model = models.find(name)
    facts = describe(model.path)
    if as_json:
        print(json.dumps({"name": model.name, "path": str(model.path), **facts}))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for key, value in _rows(model.path, facts):
        table.add_row(key, Text(value, overflow="fold"))
    Console(highlight=False).print(table)


def describe(path: Path) -> dict[str, object]:
    """Sizes and memory in bytes. Raises ModelCorrupt."""
    file = gguf.read(path)
    architecture = str(file.metadata.get("general.architecture", ""))
    shape = fit.shape_of(file)
    template, how = _template(path, file, architecture)
    trained = fit.trained_context(file)
    return {
        "architecture": architecture,
        "model_name": str(file.metadata.get("general.name", "")),
        "licence": str(file.metadata.get("general.license", "")),
        "size": file.file_size,
        "weights": sum(tensor.elements for tensor in file.tensors),
        "types": _types(file),
        "vocabulary": _length(file.metadata.get("tokenizer.ggml.tokens")),
        "context": trained,
        "family": template.name,
        "layout": " ".join(template.layout),
        "found_by": how,
        "cache_per_token": fit.cache_bytes_per_token(shape),
        "memory": {tokens: fit.memory_needed(file.file_size, shape, tokens) for tokens in _contexts(trained)},
        "fits": fit.memory_needed(file.file_size, shape) <= fit.MEMORY_SHARE * fit.memory(),
    }


def _template(path: Path, file: Gguf, architecture: str) -> tuple[fim.Template, str]:
    """Family and layout as the engine finds them, and by what."""
    with path.open("rb") as stream:
        header = stream.read(file.data_start)
    keys = {"PRE": "fim_pre", "SUF": "fim_suf", "MID": "fim_mid", "REP": "fim_rep", "SEP": "fim_sep"}
    known = {part: file.metadata.get(f"tokenizer.ggml.{key}_token_id") for part, key in keys.items()}
    ids = {part: id for part, id in known.items() if isinstance(id, int)}
    layout = str(file.metadata.get(fim.LAYOUT_KEY, ""))
    name = f"{architecture} {file.metadata.get('general.name', '')}"
    template = fim.detect(Spelled(header, ids), name, layout)
    if not template.fills:
        return template, "no infilling tokens in the vocabulary"
    by = "token ids in the metadata" if {"PRE", "SUF"} <= ids.keys() else "tokens spelled in the vocabulary"
    return template, by + (f", layout by {fim.LAYOUT_KEY}" if layout else "")


def _types(file: Gguf) -> dict[str, int]:
    """Bytes of the weights of each type, the most first."""
    sizes: dict[str, int] = {}
    for tensor in file.tensors:
        sizes[tensor.type_name] = sizes.get(tensor.type_name, 0) + (tensor.size or 0)
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _contexts(trained: int) -> tuple[int, ...]:
    return tuple(tokens for tokens in CONTEXTS if tokens < trained) + ((trained,) if trained else CONTEXTS[:1])


def _length(value: Value | None) -> int:
    return value.length if isinstance(value, gguf.Array) else 0


def _rows(path: Path, facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    types, memory, size = facts["types"], facts["memory"], facts["size"]
    assert isinstance(types, dict)
    assert isinstance(memory, dict)
    assert isinstance(size, int)
    yield "file", str(path)
    name = facts["model_name"] or "(no name)"
    yield "model", f"{name}, {facts['architecture']}, {_millions(facts['weights'])} weights"
    yield "licence", str(facts["licence"]) or "the file does not say"
    yield "size", f"{size / 1e6:,.0f} MB: " + ", ".join(f"{kind} {part / 1e6:,.0f}" for kind, part in types.items())
    yield "vocabulary", f"{facts['vocabulary']:,} tokens"
    yield "context", f"{facts['context']:,} tokens"
    yield "family", f"{facts['family']} ({facts['found_by']})"
    yield "layout", str(facts["layout"])
    for tokens, needed in memory.items():
        yield f"memory for {tokens:,} tokens", f"{needed / 1e6:,.0f} MB"
    yield "fits here", "yes" if facts["fits"] else f"no: this machine has {fit.memory() / 1e6:,.0f} MB in all"


def _millions(weights: object) -> str:
    return f"{int(str(weights)) / 1e6:,.0f} million"
