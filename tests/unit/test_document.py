from __future__ import annotations

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Tree

from copilot_lsp.source import syntax
from copilot_lsp.source.document import REST, Document, Edit, Snapshot, snapshot_with
from copilot_lsp.source.grammars import Grammar
from copilot_lsp.source.text import PositionEncoding

Change = tuple[tuple[int, int], tuple[int, int], str]

ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
PIECES = {
    "python": [
        "def f(x):\n",
        "    ",
        "return x",
        "\n",
        "\r\n",
        "\r",
        "\f",
        "x",
        "(",
        ")",
        "'",
        "#",
        "é",
        "😀",
        "\u2028",
    ],
    "javascript": [
        "function f(x) {",
        "}",
        "return x;",
        "\n",
        "\r\n",
        "\r",
        "`",
        "${",
        "/*",
        "*/",
        "é",
        "😀",
        "e\u0301",
    ],
}

positions = st.tuples(st.integers(0, 6), st.integers(0, 24))


def texts(language: str, max_size: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES[language]), max_size=max_size).map("".join)


def open_document(source: str, language: str = "python", max_parse_bytes: int = 1000) -> Document:
    return Document.open("file:///a", "a", language, 1, source, max_parse_bytes)


def shape(tree: Tree | None) -> list[object]:
    assert tree is not None
    found: list[object] = []
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        found.append((node.type, node.start_byte, node.end_byte, node.start_point, node.end_point, node.is_missing))
        waiting.extend(node.children)
    return found


def fresh(snapshot: Snapshot) -> Tree | None:
    return syntax.parse(snapshot.language, snapshot.text.data)[0]


@pytest.mark.parametrize("language", PIECES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_and_tree_follow_any_edits(language: str, encoding: PositionEncoding) -> None:
    changes = st.lists(st.tuples(positions, positions, texts(language, 4)), min_size=1, max_size=6)

    # Derandomized: where code is broken, tree-sitter does not promise that parsing again gives the same tree.
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(texts(language, 20), changes)
    def check(source: str, changes: list[Change]) -> None:
        document, expected = open_document(source, language), source
        document.snapshot()
        for start, end, new in changes:
            document.apply([Edit(start, end, new, encoding)], 2)
            expected = reference.edit(expected, start, end, new, encoding)
            snapshot = document.snapshot()
            assert snapshot.text.data.decode() == expected
            assert shape(snapshot.tree) == shape(fresh(snapshot))

    check()


def test_edits_of_one_change_build_on_each_other() -> None:
    document = open_document("one\ntwo\n")
    document.apply([Edit((0, 0), (0, 3), "1\n", "utf-16"), Edit((2, 0), (2, 3), "2", "utf-16")], 7)
    snapshot = document.snapshot()
    assert (snapshot.text.data, snapshot.version) == (b"1\n\n2\n", 7)


def test_edit_out_of_order_is_swapped() -> None:
    document = open_document("one two")
    document.apply([Edit((0, 7), (0, 3), "", "utf-16")], 2)
    assert document.text.data == b"one"


def test_edit_without_range_replaces_everything() -> None:
    document = open_document("x = (")
    document.snapshot()
    document.apply([Edit(None, None, "y = 1", "utf-16")], 2)
    snapshot = document.snapshot()
    assert snapshot.text.data == b"y = 1"
    assert shape(snapshot.tree) == shape(fresh(snapshot))


@pytest.mark.parametrize(
    ("start", "end", "new", "expected"),
    [
        (1, 2, "\ude01", "😁"),  # as a client does that compares UTF-16 strings
        (0, 1, "\ud83c", "\U0001f200"),
        (1, 2, "", "\ufffd"),
        (0, 1, "", "\ufffd"),
        (1, 1, "a", "\ufffda\ufffd"),
        (1, 1, "", "😀"),
        (0, 2, "", ""),
    ],
)
def test_edit_between_surrogates_keeps_utf16_lengths(start: int, end: int, new: str, expected: str) -> None:
    document = open_document("x😀y")
    document.apply([Edit((0, 1 + start), (0, 1 + end), new, "utf-16")], 2)
    assert document.text.data.decode() == f"x{expected}y"


def test_lone_surrogate_in_an_edit() -> None:
    document = open_document("ab")
    document.apply([Edit((0, 1), (0, 1), "\ud800", "utf-16"), Edit((0, 2), (0, 3), "c", "utf-16")], 2)
    assert document.text.data.decode() == "a\ufffdc"


def test_snapshot_does_not_change_when_the_document_does() -> None:
    document = open_document("def f():\n    return 1\n")
    before = document.snapshot()
    nodes = shape(before.tree)
    for line in range(3):
        document.apply([Edit((line, 0), (line, 2), "(((", "utf-16")], 2)
        document.snapshot()
    assert shape(before.tree) == nodes
    assert before.text.data == b"def f():\n    return 1\n"


def test_edits_are_parsed_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    parses: list[bytes] = []
    parse = syntax.parse

    def counted(language: str, data: bytes, old: Tree | None = None) -> tuple[Tree | None, str]:
        parses.append(data)
        return parse(language, data, old)

    monkeypatch.setattr(syntax, "parse", counted)
    document = open_document("")
    for version, character in enumerate("x = 1"):
        document.apply([Edit((0, version), (0, version), character, "utf-16")], version)
    assert parses == []
    assert document.snapshot() == document.snapshot()
    assert parses == [b"x = 1"]


def test_text_over_the_limit_has_no_tree_and_says_why() -> None:
    document = open_document("x = 1\n", max_parse_bytes=8)
    assert document.snapshot().tree is not None
    document.apply([Edit((0, 5), (0, 5), "234", "utf-16")], 2)
    over = document.snapshot()
    assert over.tree is None
    assert "9 bytes" in over.note
    assert snapshot_with(over, 0, 1, b"y").tree is None
    document.apply([Edit((0, 5), (0, 8), "", "utf-16")], 3)
    under = document.snapshot()
    assert under.note == ""
    assert shape(under.tree) == shape(fresh(under))


def test_language_without_grammar_has_no_tree_and_no_note() -> None:
    document = open_document("x", language="no-such-language")
    document.apply([Edit((0, 1), (0, 1), "y", "utf-16")], 2)
    snapshot = document.snapshot()
    assert (snapshot.tree, snapshot.note, snapshot.text.data) == (None, "", b"xy")
    assert snapshot_with(snapshot, 0, 0, b"z").text.data == b"zxy"


def test_broken_grammar_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grammar, "load", lambda self: "no grammar today")
    syntax._parser.cache_clear()
    snapshot = open_document("x").snapshot()
    syntax._parser.cache_clear()
    assert (snapshot.tree, snapshot.note) == (None, "no grammar today")


def test_parser_that_gives_up_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    parses = 0

    def give_up(language: str, data: bytes, old: Tree | None = None) -> tuple[Tree | None, str]:
        nonlocal parses
        parses += 1
        return None, "gave up"

    monkeypatch.setattr(syntax, "parse", give_up)
    document = open_document("x")
    for version in range(REST + 2):
        document.apply([Edit((0, 0), (0, 0), "x", "utf-16")], version)
        assert document.snapshot().note == "gave up"
    assert parses == 2


@pytest.mark.parametrize(("start", "end", "new"), [(0, 0, "(" * 5), (9, 14, ""), (4, 5, "g\r\nh"), (24, 24, "é\n")])
def test_snapshot_with_leaves_the_original_alone(start: int, end: int, new: str) -> None:
    original = open_document("def f():\n    return 'a'\n").snapshot()
    nodes = shape(original.tree)
    changed = snapshot_with(original, start, end, new.encode())
    source = original.text.data
    assert changed.text.data == source[:start] + new.encode() + source[end:]
    assert shape(changed.tree) == shape(fresh(changed))
    assert shape(original.tree) == nodes


def test_repr_holds_no_document_text() -> None:
    document = open_document("secret = 1")
    edit = Edit((0, 0), (0, 0), "secret", "utf-16")
    assert "secret" not in f"{document!r} {document.snapshot()!r} {edit!r}"
