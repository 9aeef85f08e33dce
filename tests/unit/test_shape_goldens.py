"""What is shown for what the model says: tests/goldens/shape/<rule>/<case>.txt."""

from __future__ import annotations

from pathlib import Path

import pytest
from goldens import Golden, all_of, name_of, read
from markers import cursor

from copilot_lsp.core import shape
from copilot_lsp.core.document import Document
from copilot_lsp.core.shape import Draft
from copilot_lsp.core.silence import Silence
from copilot_lsp.core.trigger import Shape

PIECE = 4
"""Characters that come at a time; about what a token has."""


def draft_of(golden: Golden) -> Draft:
    language, kind = golden.head
    source, offset = cursor(golden.sections["source"])
    snapshot = Document.open("file:///case", "case", language, 1, source, 500_000).snapshot()
    return Draft(snapshot, offset, Shape(kind), golden.sections["model"])


def streamed(draft: Draft) -> str:
    """The text that the completer has when it stops reading."""
    for end in range(PIECE, len(draft.text), PIECE):
        stop = shape.stop_at(Draft(draft.snapshot, draft.offset, draft.shape, draft.text[:end]))
        if stop is not None:
            return draft.text[:stop]
    return draft.text


def shown(draft: Draft) -> str:
    """The document with the completion between « and »."""
    text = shape.finish(draft)
    if isinstance(text, Silence):
        return f"silence: {text.reason}"
    data = draft.snapshot.text.data
    return f"{data[: draft.offset].decode()}«{text}»{data[draft.offset :].decode()}"


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_shows(path: Path) -> None:
    golden = read(path)
    golden.check("shown", shown(draft_of(golden)))


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_shows_the_same_when_the_stream_is_stopped_early(path: Path) -> None:
    draft = draft_of(read(path))
    early = Draft(draft.snapshot, draft.offset, draft.shape, streamed(draft))
    assert shown(early).replace("empty", "") == shown(draft).replace("empty", "")


@pytest.mark.parametrize("path", all_of("shape"), ids=name_of)
def test_what_is_shown_stays_as_it_is(path: Path) -> None:
    draft = draft_of(read(path))
    text = shape.finish(draft)
    if isinstance(text, str):
        assert shape.finish(Draft(draft.snapshot, draft.offset, draft.shape, text)) == text


def test_every_rule_has_goldens() -> None:
    folders = {path.parent.name for path in all_of("shape")}
    assert {rule.apply.__name__ for rule in shape.RULES} <= folders
