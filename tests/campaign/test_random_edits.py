"""Random edits in three encodings: the text and the tree are what a fresh parse of the right text gives."""

from __future__ import annotations

import random

import pytest
import reference
from conftest import Campaign

from copilot_lsp.source import syntax
from copilot_lsp.source.document import Document, Edit
from copilot_lsp.source.text import PositionEncoding, Text

ALPHABET = [
    *"ab (){}[]:,.=\"'#\\/<>;\t",
    *["\n", "\r\n", "\r", "\n    ", "\x0c", "\u2028", "\x85", "\ufeff", "\x00"],
    *["é", "ß", "€", "\u0301", "😀", "𝒳", "\U0010ffff", "\ue000"],
    *["def f(x):\n", "if a:\r\n", "'''", "/*", "*/", "`${", "f'{x}'", "<div>", "class A {\n", "return "],
]
LANGUAGES = ("python", "typescriptreact", "rust", "html", "go", "cpp", "json", "lua")
ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
EDITS_A_DOCUMENT = 50


def text_of(draw: random.Random, pieces: int) -> str:
    return "".join(draw.choices(ALPHABET, k=draw.randrange(pieces + 1)))


def position(draw: random.Random, text: Text, encoding: PositionEncoding) -> tuple[int, int]:
    """Mostly inside the text, now and then past a line's or the text's end."""
    line = draw.randrange(text.line_count + 1)
    start, end = text.line_span(min(line, text.line_count - 1))
    return line, draw.randrange(len(text.data[start:end].decode().encode("utf-16-le")) // 2 + 3)


def edit_of(draw: random.Random, text: Text, encoding: PositionEncoding) -> Edit:
    if draw.random() < 0.01:
        return Edit(None, None, text_of(draw, 40), encoding)
    start = position(draw, text, encoding)
    end = start if draw.random() < 0.5 else position(draw, text, encoding)
    if draw.random() < 0.6 and end[0] - start[0] > 2:  # mostly small, or little would stay
        end = (start[0] + 1, end[1])
    return Edit(start, end, text_of(draw, 6), encoding)


def check(document: Document, expected: str, where: str) -> None:
    """Against text edited unit by unit, its lines found afresh, and a parse from nothing."""
    snapshot = document.snapshot()
    fresh = Text.of(expected)
    assert snapshot.text.data == expected.encode(), where
    assert snapshot.text.starts == fresh.starts, where
    tree, _ = syntax.parse(document.language, fresh.data, None)
    assert (snapshot.tree is None) == (tree is None), where
    if snapshot.tree is not None and tree is not None:
        assert nodes(snapshot.tree) == nodes(tree), where


def nodes(tree: object) -> list[tuple[str, int, int, bool]]:
    cursor, found = tree.walk(), []  # type: ignore[attr-defined]
    while True:
        node = cursor.node
        found.append((node.type, node.start_byte, node.end_byte, node.is_missing))
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_random_edits(campaign: Campaign, encoding: PositionEncoding) -> None:
    draw = campaign.random(f"edits {encoding}")
    count = campaign.size(33_400, 1_000)
    for made in range(0, count, EDITS_A_DOCUMENT):
        language = draw.choice(LANGUAGES)
        expected = text_of(draw, 60)
        document = Document.open("file:///x", "x", language, 0, expected, 10**6)
        for number in range(EDITS_A_DOCUMENT):
            edit = edit_of(draw, document.text, encoding)
            if edit.start is None or edit.end is None:
                expected = edit.text
            else:
                expected = reference.edit(expected, edit.start, edit.end, edit.text, encoding)
            document.apply([edit], number)
            check(document, expected, f"seed {campaign.seed}, {language}, edit {made + number}: {edit}")
    campaign.report(f"random edits, {encoding}", f"{count} edits, text and tree as a fresh parse gives them")
