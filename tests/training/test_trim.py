"""A smaller vocabulary: the same tokens for what is kept, more of them for what is not."""

from collections import Counter
from pathlib import Path

import gguf
import numpy as np
import pytest

from training import trim
from training.model import read_base
from training.tiny import SHAPE, byte_letters, write_base
from training.vocabulary import encode, read_tokenizer

LETTERS = byte_letters()
WORDS = ["ab", "abc", "de", "abcde", "fg"]
MERGES = ["a b", "ab c", "d e", "abc de", "f g"]
TOKENS = ["<end>", *LETTERS, *WORDS]


def kept(counts: dict[str, int], size: int) -> set[str]:
    ids = trim.keep(TOKENS, MERGES, Counter({TOKENS.index(word): n for word, n in counts.items()}), size)
    assert ids == sorted(ids)
    assert ids[:257] == list(range(257))
    return {TOKENS[id] for id in ids[257:]}


def test_a_token_comes_with_what_it_is_merged_from() -> None:
    assert kept({"abcde": 9, "fg": 3}, 257 + 4) == {"ab", "abc", "de", "abcde"}


def test_what_does_not_fit_gives_way_to_what_does() -> None:
    assert kept({"abcde": 9, "fg": 3}, 257 + 3) == {"fg", "ab", "abc"}


def test_room_is_filled_with_the_first_merges() -> None:
    assert kept({}, 257 + 2) == {"ab", "abc"}
    assert kept({}, 10**6) == set(WORDS)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.gguf"
    write_base(path)
    return path


def test_the_file_has_the_rows_and_merges_of_what_is_kept(base: Path, tmp_path: Path) -> None:
    last = SHAPE.vocabulary - 1  # four spaces
    ids = list(range(last))
    trim.write(base, tmp_path / "small.gguf", ids)
    small = gguf.GGUFReader(tmp_path / "small.gguf").fields
    assert small["llama.vocab_size"].contents() == last
    assert len(small["tokenizer.ggml.tokens"].contents()) == len(small["tokenizer.ggml.token_type"].contents()) == last
    before, after = (read_base(path).weights() for path in (base, tmp_path / "small.gguf"))
    np.testing.assert_array_equal(after.pop("token_embd.weight"), before.pop("token_embd.weight")[ids])
    for name, weight in after.items():
        np.testing.assert_array_equal(weight, before[name])
    one, two = (encode(read_tokenizer(path), "     x") for path in (base, tmp_path / "small.gguf"))
    assert (len(one), len(two)) == (3, 4)
    assert one[-1] == two[-1]


def test_everything_may_be_kept(base: Path, tmp_path: Path) -> None:
    trim.write(base, tmp_path / "same.gguf", range(SHAPE.vocabulary))
    assert (tmp_path / "same.gguf").stat().st_size == base.stat().st_size


def test_control_tokens_are_not_moved(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="control tokens"):
        trim.write(base, tmp_path / "out.gguf", range(1, SHAPE.vocabulary))
