"""A copy of a GGUF file with fewer tokens. The weights are not touched: each token has its row in two matrices, which
is quantized by itself, and the rows of the tokens that stay are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_lsp.errors import ModelCorrupt, ModelError, UsageError
from copilot_lsp.models import gguf as own
from copilot_lsp.models import vocabulary
from copilot_lsp.models.gguf import Array, Gguf
from copilot_lsp.models.header import shown
from copilot_lsp.models.registry import Entry, load
from copilot_lsp.models.vocabulary import Tokens

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

_TOKENS, _TYPES, _MERGES, _SCORES = (f"tokenizer.ggml.{name}" for name in ("tokens", "token_type", "merges", "scores"))
_IDS = ("_token_id", "_token_ids")
"""Of the tokenizer's keys: what these end with are ids."""

LIST = Path(__file__).with_name("code-tokens.txt")

WORTH = 2
"""Times as many tokens as are kept: with fewer, a copy gains little."""

ROWS = ("token_embd.weight", "output.weight", "output.bias")
"""The tensors with an entry for each token."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """`kept`: the ids of the old vocabulary, in the order of the new ones; `before`: how many there were."""

    kept: Sequence[int]
    before: int


Wanted = Callable[[Tokens], Iterable[int]]


def code(tokens: Tokens) -> list[int]:
    """What code uses, the most used first (`training/code_tokens.py`)."""
    ids = {text: id for id, text in enumerate(tokens.texts)}
    lines = LIST.read_text("utf-8").split("\n")
    return [ids[line] for line in lines if line in ids]


def tokens_in(path: Path) -> int:
    """Its vocabulary's size. Raises ModelCorrupt, and UsageError when this kind of vocabulary cannot be trimmed."""
    return _checked(own.read(path), path)


def name_of(entry: Entry) -> str:
    """Of the copy."""
    return f"{entry.name}-trimmed"


def is_worth_it(entry: Entry) -> bool:
    """Whether the model's file is here, has no copy yet, and a copy would be clearly smaller."""
    if entry.copy_of or name_of(entry) in load().models:
        return False
    try:
        return tokens_in(entry.path) >= WORTH * vocabulary.SIZE
    except (ModelError, UsageError):
        return False


def write(source: Path, target: Path, size: int = vocabulary.SIZE, wanted: Wanted = code) -> Trimmed:
    """Keeps `size` tokens at most, the first of `wanted` before others.

    Raises ModelCorrupt, OSError, and UsageError when this kind of vocabulary cannot be trimmed.
    """
    before = tokens_in(source)
    from gguf import GGUFReader

    reader = GGUFReader(source)
    tokens = tokens_of(reader)
    kept = vocabulary.keep(tokens, wanted(tokens), size, _named(reader, before))
    write_kept(reader, target, kept)
    return Trimmed(kept, before)


def tokens_of(reader: GGUFReader) -> Tokens:
    return Tokens(*(reader.fields[key].contents() for key in (_TOKENS, _TYPES, _MERGES)))


def write_kept(reader: GGUFReader, target: Path, kept: Sequence[int]) -> None:
    """The file with the tokens of these ids alone. Raises OSError."""
    from gguf import GGUFWriter

    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    copy_fields(reader, writer, _changed(reader, tokens_of(reader), kept))
    for tensor in reader.tensors:
        data = tensor.data[list(kept)] if tensor.name in ROWS else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    finish(writer)


def copy_fields(
    reader: GGUFReader, writer: GGUFWriter, changed: Mapping[str, Any], dropped: tuple[str, ...] = ()
) -> None:
    """All fields in their order, with the values of `changed`, except those that begin with one of `dropped`."""
    from gguf import GGUFValueType

    for key, field in reader.fields.items():
        if key.startswith(("GGUF.", "general.architecture", *dropped)):  # the writer adds the first two by itself
            continue
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        value = changed[key] if key in changed else field.contents()
        if value != []:  # which the writer refuses
            writer.add_key_value(key, value, field.types[0], sub_type=inner)


def _checked(file: Gguf, path: Path) -> int:
    tokens, types, merges = (file.metadata.get(key) for key in (_TOKENS, _TYPES, _MERGES))
    if not isinstance(tokens, Array):
        raise ModelCorrupt(f"{shown(path)} has no tokens")
    if file.metadata.get("tokenizer.ggml.model") != "gpt2" or not isinstance(merges, Array):
        raise UsageError(f"{shown(path)} has no byte-level BPE vocabulary: only those can be trimmed")
    odd = [tensor.name for tensor in file.tensors if tokens.length in tensor.shape and tensor.name not in ROWS]
    rows = [tensor.shape[-1] for tensor in file.tensors if tensor.name in ROWS]
    if odd or not rows or any(row != tokens.length for row in rows):
        what = ", ".join(odd) or "rows"
        raise UsageError(f"{shown(path)} cannot be trimmed: its token tensors have an unknown layout ({what})")
    if not isinstance(types, Array) or types.length != tokens.length:
        raise ModelCorrupt(f"{shown(path)} is damaged (a type for each token is missing): get the file again")
    return tokens.length


def _changed(reader: GGUFReader, tokens: Tokens, kept: Sequence[int]) -> dict[str, Any]:
    left = vocabulary.left(tokens, kept)
    changed: dict[str, Any] = {_TOKENS: left.texts, _TYPES: left.types, _MERGES: left.merges or tokens.merges}
    if _SCORES in reader.fields:
        scores = reader.fields[_SCORES].contents()
        changed[_SCORES] = [scores[id] for id in kept]
    size = f"{reader.fields['general.architecture'].contents()}.vocab_size"
    new = {id: place for place, id in enumerate(kept)}
    for key in _named_keys(reader):
        ids = reader.fields[key].contents()
        changed[key] = [new.get(id, id) for id in ids] if isinstance(ids, list) else new.get(ids, ids)
    return changed | {size: len(kept)}


def _named(reader: GGUFReader, count: int) -> set[int]:
    """The ids that the metadata names: of the ends, of the parts of a prompt."""
    found: set[int] = set()
    for key in _named_keys(reader):
        ids = reader.fields[key].contents()
        found |= set(ids if isinstance(ids, list) else [ids])
    return {id for id in found if 0 <= id < count}


def _named_keys(reader: GGUFReader) -> list[str]:
    return [key for key in reader.fields if key.startswith("tokenizer.ggml.") and key.endswith(_IDS)]


def finish(writer: GGUFWriter) -> None:
    """Writes what was added, and closes the file. Raises OSError."""
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
