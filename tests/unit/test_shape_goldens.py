"""What is shown for what the model says: tests/goldens/shape/<rule>/<case>.txt."""

from __future__ import annotations

from pathlib import Path

import pytest
from goldens import Golden, all_of, name_of, read
from markers import cursor

from copilot_lsp.postprocess import pipeline as shape
from copilot_lsp.postprocess.pipeline import RawCompletion
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Document

PIECE = 4
"""Characters that come at a time; about what a token has."""


def draft_of(golden: Golden) -> RawCompletion:
    language, kind = golden.head
    source, offset = cursor(golden.sections["source"])
    snapshot = Document.open("file:///case", "case", language, 1, source, 500_000).snapshot()
    return RawCompletion(snapshot, offset, Shape(kind), golden.sections["model"])


def streamed(raw: RawCompletion) -> str:
    """The text that the completer has when it stops reading."""
    for end in range(PIECE, len(raw.text), PIECE):
        stop = shape.stop_at(RawCompletion(raw.snapshot, raw.offset, raw.shape, raw.text[:end]))
        if stop is not None:
            return raw.text[:stop]
    return raw.text


def shown(raw: RawCompletion) -> str:
    """The document with the completion between « and »."""
    text = shape.finish(raw)
    if isinstance(text, Silence):
        return f"silence: {text.reason}"
    data = raw.snapshot.text.data
    return f"{data[: raw.offset].decode()}«{text}»{data[raw.offset :].decode()}"


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_shows(path: Path) -> None:
    golden = read(path)
    golden.check("shown", shown(draft_of(golden)))


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_shows_the_same_when_the_stream_is_stopped_early(path: Path) -> None:
    raw = draft_of(read(path))
    early = RawCompletion(raw.snapshot, raw.offset, raw.shape, streamed(raw))
    assert shown(early).replace("empty", "") == shown(raw).replace("empty", "")


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_what_is_shown_stays_as_it_is(path: Path) -> None:
    raw = draft_of(read(path))
    text = shape.finish(raw)
    if isinstance(text, str):
        assert shape.finish(RawCompletion(raw.snapshot, raw.offset, raw.shape, text)) == text


def test_every_rule_has_goldens() -> None:
    folders = {path.parent.name for path in all_of("shape")}
    assert {rule.apply.__name__ for rule in shape.RULES} <= folders
