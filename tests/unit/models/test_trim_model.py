"""A copy of a model with fewer tokens: which are kept, and what the file says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_gguf
from gguf import GGUFReader

from copilot_lsp.errors import ModelCorrupt, UsageError
from copilot_lsp.models import gguf, trim, vocabulary
from copilot_lsp.models.vocabulary import Tokens, TokenType

LETTERS = tiny_gguf.byte_letters()
MERGES = ["a b", "ab c", "d e", "abc de", "f g"]
WORDS = ["ab", "abc", "de", "abcde", "fg"]
TEXTS = ["<unused>", *LETTERS, *WORDS, "<fim>"]
TYPES = [TokenType.UNUSED, *[TokenType.NORMAL] * 261, TokenType.USER_DEFINED]
TOKENS = Tokens(TEXTS, TYPES, MERGES)


def kept(wanted: list[str], words: int, always: tuple[int, ...] = ()) -> set[str]:
    ids = vocabulary.keep(TOKENS, [TEXTS.index(word) for word in wanted], 257 + words, always)
    assert ids == sorted(ids)
    texts = {TEXTS[id] for id in ids}
    assert texts.issuperset([*LETTERS, "<fim>"])
    return texts.difference([*LETTERS, "<fim>"])


def test_a_token_comes_with_what_it_is_merged_from() -> None:
    assert kept(["abcde", "fg"], 4) == {"ab", "abc", "de", "abcde"}


def test_what_does_not_fit_gives_way_to_what_does() -> None:
    assert kept(["abcde", "fg"], 3) == {"fg", "ab", "abc"}


def test_room_is_filled_with_the_first_merges() -> None:
    assert kept([], 2) == {"ab", "abc"}
    assert kept([], 10**6) == set(WORDS), "unused tokens are not kept"


def test_what_the_metadata_names_is_kept_whatever_it_is() -> None:
    assert kept([], 1, always=(0,)) == {"<unused>"}


def test_a_merge_that_makes_no_token_or_none_but_itself_is_left_out() -> None:
    odd = Tokens(["a", "b", "ab", ""], [1] * 4, ["a zz", "a b", " ab", "ab", "a ab"])
    assert vocabulary.keep(odd, [2], 10) == [0, 1, 2, 3]
    assert vocabulary.left(odd, [0, 1, 2]).merges == ["a b"]


def test_the_merges_are_those_of_what_is_left() -> None:
    ids = [TEXTS.index(text) for text in (*LETTERS, "ab", "abc", "fg")]
    assert vocabulary.left(TOKENS, ids).merges == ["a b", "ab c", "f g"]


SPECIAL = ["<x>", "<y>"]


def make(tied: bool = True, **other: object) -> bytes:
    """A vocabulary whose special tokens stand at its end, as Qwen's do."""
    texts = [*LETTERS, *WORDS, *SPECIAL]
    changed = {
        "tokenizer.ggml.tokens": (tiny_gguf.STRING, texts),
        "tokenizer.ggml.token_type": (tiny_gguf.U32 + 1, [1] * (len(texts) - 2) + [3, 3]),
        "tokenizer.ggml.merges": (tiny_gguf.STRING, MERGES),
        "tokenizer.ggml.bos_token_id": len(texts) - 1,
        "tokenizer.ggml.eos_token_id": len(texts) - 2,
        **other,
    }
    fields = [each for each in tiny_gguf.METADATA if ".fim_" not in each[0]]
    metadata = [(key, kind, changed.get(key, value)) for key, kind, value in fields]
    rows = (tiny_gguf.WIDTH, len(texts))
    tensors = [("token_embd.weight", rows), *tiny_gguf.TENSORS[1:]]
    return tiny_gguf.make(metadata, tensors if tied else [*tensors, ("output.weight", rows)]).data


@pytest.mark.parametrize("tied", [True, False])
def test_rows_ids_and_merges_are_those_of_what_is_kept(tmp_path: Path, tied: bool) -> None:
    old, new = tmp_path / "old.gguf", tmp_path / "new.gguf"
    old.write_bytes(make(tied))
    done = trim.write(old, new, 260, lambda tokens: [tokens.texts.index("fg")])
    texts = [*LETTERS, *WORDS, *SPECIAL]
    assert [texts[id] for id in done.kept] == [*LETTERS, "ab", "fg", *SPECIAL]
    before, after = GGUFReader(old), GGUFReader(new)
    assert after.fields["tokenizer.ggml.tokens"].contents() == [*LETTERS, "ab", "fg", *SPECIAL]
    assert after.fields["tokenizer.ggml.token_type"].contents() == [1] * 258 + [3, 3]
    assert after.fields["tokenizer.ggml.merges"].contents() == ["a b", "f g"]
    assert after.fields["tokenizer.ggml.bos_token_id"].contents() == 259
    assert after.fields["tokenizer.ggml.eos_token_id"].contents() == 258
    same = {tensor.name: tensor.data for tensor in after.tensors}
    assert set(same) == {tensor.name for tensor in before.tensors}
    for tensor in before.tensors:
        rows = tensor.data[list(done.kept)] if tensor.name in trim.ROWS else tensor.data
        np.testing.assert_array_equal(same[tensor.name], rows)
    gguf.read(new)  # and our own reader has nothing against it


def test_the_rest_of_the_metadata_is_as_it_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old.gguf", tmp_path / "new.gguf"
    old.write_bytes(make())
    trim.write(old, new, 10**6)
    assert gguf.read(new).metadata == gguf.read(old).metadata


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tokenizer.ggml.model": "llama"}, "has no byte-level BPE vocabulary"),
        ({"tokenizer.ggml.token_type": (tiny_gguf.U32 + 1, [1] * 7)}, "a type for each token is missing"),
        ({"tokenizer.ggml.tokens": (tiny_gguf.STRING, LETTERS)}, "its token tensors have an unknown layout"),
    ],
)
def test_what_cannot_be_trimmed_is_one_line(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path = tmp_path / "old.gguf"
    path.write_bytes(make(**changed))
    with pytest.raises((UsageError, ModelCorrupt), match=said) as error:
        trim.write(path, tmp_path / "new.gguf")
    assert "\n" not in str(error.value)


def test_the_list_has_what_code_is_made_of() -> None:
    lines = trim.LIST.read_text("utf-8").split("\n")[:-1]
    assert len(set(lines)) == len(lines)
    assert {"Ġreturn", "Ġself", "ĠĠĠĠ", "();Ċ", "Ġfunction", "Ġ=>"} <= set(lines[:3000])
    assert trim.code(Tokens(["Ġreturn", "Ġblueberries", "Ġ"], [1] * 3, [])) == [2, 0]
