"""Random edits in three encodings: the text and the tree are what a fresh parse of the right text gives.

In broken text there can be two ways to recover that cost the same (in `b*/>c`, leave out `*` or `>`), and tree-sitter
may take another one when it parses again than when it parses afresh. That is counted. Where the text has no error,
the trees must be the same, and neither may find an error where the other finds none.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
import reference
from campaign import Campaign
from tree_sitter import Tree

from copilot_lsp.source import syntax
from copilot_lsp.source.document import Document, Edit
from copilot_lsp.source.text import PositionEncoding, Text

ALPHABET = [
    *"ab (){}[]:,.=\"'#\\/<>;\t",
    *["\n", "\r\n", "\r", "\n    ", "\x0c", "\u2028", "\x85", "\ufeff", "\x00"],
    *["é", "ß", "€", "\u0301", "😀", "𝒳", "\U0010ffff", "\ue000"],
    *["def f(x):\n", "if a:\r\n", "'''", "/*", "*/", "`${", "f'{x}'", "<div>", "class A {\n", "return "],
]

STATEMENTS = {
    "python": ["x = f'{a!r} é'\n", "if a:\n    b()\n", "def f(a, *b):\n    return '''😀\n'''\n", "# ß\r\n", "\r\n"],
    "typescriptreact": ["const a = <p title='é'>{b}</p>;\n", "f(`😀${a}`);\r\n", "/* ß\n */\n", "\n"],
    "rust": ["fn f(a: &str) -> u8 { 1 }\n", "/* 😀 /* é */\r\n*/\n", 'const A: &str = r#"é"#;\n', "\r\n"],
    "html": ["<p class='a'>é 😀</p>\n", "<script>let a = 1;</script>\r\n", "<br>\n", "<!-- ß\n-->\n"],
    "go": ["func f(a int) string { return `é\n😀` }\n", "// ß\r\n", "var a = []int{1, 2}\n", "\n"],
    "cpp": ['const char *s = R"x(é)x";\n', "#define A(b) \\\n  b\n", "/* 😀 */ int f(int a) { return a; }\r\n"],
    "json": ["[\n]", " ", "\r\n", '"é😀"\t'],
    "lua": ["local a = [==[ é\n😀 ]==]\n", "-- ß\r\n", "if a then b() end\n", "\n"],
}
"""Whole statements: a text of these has no syntax error."""

LANGUAGES = tuple(STATEMENTS)
ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
EDITS_A_DOCUMENT = 50


def text_of(draw: random.Random, pieces: int) -> str:
    return "".join(draw.choices(ALPHABET, k=draw.randrange(pieces + 1)))


def position(draw: random.Random, text: Text) -> tuple[int, int]:
    """Mostly inside the text, now and then past a line's or the text's end."""
    line = draw.randrange(text.line_count + 1)
    start, end = text.line_span(min(line, text.line_count - 1))
    return line, draw.randrange(len(text.data[start:end].decode().encode("utf-16-le")) // 2 + 3)


def wild(draw: random.Random, text: Text, encoding: PositionEncoding) -> Edit:
    """Anything anywhere."""
    if draw.random() < 0.01:
        return Edit(None, None, text_of(draw, 40), encoding)
    start = position(draw, text)
    end = start if draw.random() < 0.5 else position(draw, text)
    if draw.random() < 0.6 and end[0] - start[0] > 2:  # mostly small, or little would stay
        end = (start[0] + 1, end[1])
    return Edit(start, end, text_of(draw, 6), encoding)


class Typist:
    """Writes and deletes whole statements: `pieces` is the text."""

    def __init__(self, draw: random.Random, language: str) -> None:
        self._draw = draw
        self._statements = STATEMENTS[language]
        self.pieces = draw.choices(self._statements, k=10)

    def edit(self, encoding: PositionEncoding) -> Edit:
        at = self._draw.randrange(len(self.pieces) + 1)
        gone = self.pieces[at : at + self._draw.choice((0, 0, 1, 2))]
        new = self._draw.choices(self._statements, k=self._draw.choice((0, 1, 1, 2)))
        start, end = (self._place(count, encoding) for count in (at, at + len(gone)))
        self.pieces[at : at + len(gone)] = new
        return Edit(start, end, "".join(new), encoding)

    def _place(self, pieces: int, encoding: str) -> tuple[int, int]:
        lines = reference.lines(reference.to_units("".join(self.pieces[:pieces]), encoding))
        return len(lines) - 1, lines[-1][1] - lines[-1][0]


def edited(text: str, edit: Edit) -> str:
    if edit.start is None or edit.end is None:
        return edit.text
    return reference.edit(text, edit.start, edit.end, edit.text, edit.encoding)


def check(document: Document, expected: str, where: str) -> Counter[str]:
    """Against text edited unit by unit, its lines found afresh, and a parse from nothing."""
    snapshot = document.snapshot()
    fresh = Text.of(expected)
    assert snapshot.text.data == expected.encode(), where
    assert snapshot.text.starts == fresh.starts, where
    tree, _ = syntax.parse(document.language, fresh.data, None)
    assert snapshot.tree is not None, where
    assert tree is not None, where
    clean = not tree.root_node.has_error
    assert clean is not snapshot.tree.root_node.has_error, where
    same = nodes(snapshot.tree) == nodes(tree)
    assert same or not clean, where
    return Counter(clean=clean, broken=not clean, recovered=not same)


def nodes(tree: Tree) -> list[tuple[str, int, int, bool]]:
    cursor = tree.walk()
    found = []
    while cursor.node is not None:
        found.append((cursor.node.type, cursor.node.start_byte, cursor.node.end_byte, cursor.node.is_missing))
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("how", ["wild", "whole statements"])
def test_random_edits(campaign: Campaign, encoding: PositionEncoding, how: str) -> None:
    draw = campaign.random(f"edits {encoding} {how}")
    count = campaign.size(17_000, 500)
    seen: Counter[str] = Counter()
    for made in range(0, count, EDITS_A_DOCUMENT):
        language = draw.choice(LANGUAGES)
        typist = Typist(draw, language)
        expected = "".join(typist.pieces) if how != "wild" else text_of(draw, 60)
        document = Document.open("file:///x", "x", language, 0, expected, 10**6)
        for number in range(EDITS_A_DOCUMENT):
            edit = typist.edit(encoding) if how != "wild" else wild(draw, document.text, encoding)
            expected = edited(expected, edit)
            document.apply([edit], number)
            if draw.random() < 0.8:  # else the next one comes before anybody asks
                seen += check(document, expected, f"{language}, edit {made + number}: {edit}")
    assert seen["clean" if how == "whole statements" else "broken"] > 0  # what this row is about was drawn
    assert seen["recovered"] <= 1 + seen["broken"] // 2000
    campaign.report(
        f"random edits, {how}, {encoding}",
        f"{count}: all texts right; {seen['clean']} trees without an error right; of {seen['broken']} with errors"
        f" {seen['recovered']} recovered otherwise than a fresh parse",
    )
