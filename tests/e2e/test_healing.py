"""Healing on the default model's vocabulary, which merges line ends, indentation and the word behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import vocabulary_of, written

from copilot_lsp import models
from copilot_lsp.engine import fim
from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.families import LEFT_TO_RIGHT
from copilot_lsp.engine.fim import Template
from copilot_lsp.engine.local import decode
from copilot_lsp.engine.local.output import Output
from copilot_lsp.engine.local.sampler import Sampler
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary

SOURCE = Path(decode.__file__).read_text("utf-8")
VOCABULARY: LlamaVocabulary = vocabulary_of(models.find("default").path)

PLACES = {
    "a line end": ("def area(r):\n", "    return 3.14 * r * r\n"),
    "blank lines": ("import os\n\n\n", "def area(r):\n    return 3.14 * r * r\n"),
    "indentation": ("class A:\n    def area(r):\n        ", "return 3.14 * r * r\n"),
    "half an indentation": ("class A:\n    def area(r):\n      ", "  return 3.14 * r * r\n"),
    "tabs": ("func area(r float64) float64 {\n\t", "return 3.14 * r * r\n}\n"),
    "half a word": ("for entry in entries:\n    contin", "ue\n"),
    "an opening bracket": ("print(", '"hello", file=sys.stderr)\n'),
    "an empty file": ("", "import os\nimport sys\n"),
    "half a sign": ("if left =", "= right:\n    pass\n"),
    "a letter of two bytes": ("name = 'Zü", "rich'\n"),
}

HEALED = st.one_of(
    st.from_regex(r"\A\n{1,2}(?: {0,8}|\t{0,3})\Z"),  # what there are tokens for that begin with it
    st.text("\n \t()=ab", min_size=1, max_size=12),
)


@pytest.mark.parametrize(("before", "after"), PLACES.values(), ids=list(PLACES))
def test_a_model_that_knows_the_file_writes_it(before: str, after: str) -> None:
    text = written(VOCABULARY, before, after)
    assert text
    assert (after + "\n").startswith(text)


@pytest.mark.parametrize(("before", "after"), PLACES.values(), ids=list(PLACES))
def test_the_prompt_is_how_the_whole_file_would_be_tokenized(before: str, after: str) -> None:
    kept, healed = fim.heal_word(VOCABULARY, VOCABULARY.tokenize(before))
    assert b"".join(map(VOCABULARY.piece, kept)) + healed == before.encode()
    assert VOCABULARY.tokenize(before + after)[: len(kept)] == kept


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_writes_the_file_wherever_the_cursor_is(data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(SOURCE) - 1))
    text = written(VOCABULARY, SOURCE[:cursor], SOURCE[cursor:])
    assert text
    assert SOURCE[cursor:].startswith(text)


@settings(max_examples=60, deadline=None)
@given(HEALED, st.integers(0, 2**32 - 1))
def test_whatever_the_model_wants_the_healed_text_comes_first_and_no_line_end_with_it(must: str, seed: int) -> None:
    sampler = Sampler(VOCABULARY, Template("left-to-right", LEFT_TO_RIGHT), InfillRequest("d", "a.py", "", ""))
    output, random = Output(must.encode()), np.random.default_rng(seed)
    said = b""
    while output.must:
        left = output.must
        token, score = sampler.choose(random.normal(scale=5, size=VOCABULARY.size).astype(np.float32), output)
        piece = VOCABULARY.piece(token)
        said += piece
        assert piece.startswith(left) or left.startswith(piece)
        assert np.isfinite(score)
        assert b"\n" not in left or piece.count(b"\n") <= left.count(b"\n")
        output.add(piece)
    assert said.startswith(must.encode())
