from __future__ import annotations

import random

import pytest
from markers import cursor
from tree_sitter import Tree

from copilot_lsp.source import syntax
from copilot_lsp.source.document import Document, snapshot_with
from copilot_lsp.source.languages import LANGUAGES
from copilot_lsp.source.regions import region_at

PARSED = [row.id for row in LANGUAGES if row.grammar]
GARBAGE = [
    *"{}()[]<>'\"`#;:,=\n\r\t\0\fé😀\u2028x1",
    "//",
    "/*",
    "*/",
    "--",
    "<!--",
    "def",
    "class",
    "end",
    "if",
    "function",
]


def tree_of(language: str, source: str) -> Tree:
    tree, note = syntax.parse(language, source.encode())
    assert tree is not None, note
    return tree


@pytest.mark.parametrize(
    ("language", "source", "errors"),
    [
        ("python", "def f():\n    return 1\n", 0),
        ("python", "x = (", 1),
        ("python", "x = (1\n\n\ny = [2\n", 2),
        ("json", '{"a": [1, 2}', 1),
        ("go", "func f() {\n", 1),  # MISSING brace
        ("rust", "fn f() { let x = ; }", 1),
    ],
)
def test_error_count(language: str, source: str, errors: int) -> None:
    tree = tree_of(language, source)
    assert syntax.error_count(tree) == errors


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("fn a() { let x =‸ ; }\n\nfn b() { let y = 1; }\n", True),
        ("fn a() { let x = ; }\n\nfn b() { let y = ‸1; }\n", False),
        ("fn a() {}\n‸\nfn b() { let y = ; }\n", False),
        ("fn a() { f(1‸ }\n", True),  # touches the MISSING parenthesis, which has no width
    ],
)
def test_errors_near_a_place(source: str, error: bool) -> None:
    text, offset = cursor(source)
    tree = tree_of("rust", text)
    assert bool(syntax.error_count(tree, offset, offset)) is error


@pytest.mark.parametrize(
    ("source", "text"),
    [("foo‸ + 1", "foo"), ("‸foo + 1", "foo"), ("foo +‸ 1", "+"), ("foo(‸)", "("), ("‸", "")],
)
def test_node_at_prefers_what_is_before_the_cursor(source: str, text: str) -> None:
    code, offset = cursor(source)
    assert syntax.node_at(tree_of("python", code), offset).text == text.encode()


def test_source_of() -> None:
    for source in ("x = 1\n", "\n\n  x\n\n", "", "é\r\n"):
        for language in ("python", "javascript", "html"):
            found = syntax.source_of(tree_of(language, source))
            assert len(found) <= len(source.encode())
            assert found.strip() == source.encode().strip()
            assert source.encode().endswith(found.lstrip() + source.encode()[len(found) :])


def test_points_follow_tree_sitter_rows() -> None:
    assert syntax.point_at("a\rb\r\né\u2028c".encode(), 10) == (1, 5)


def test_parser_gives_up_in_time_and_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    syntax._parser.cache_clear()
    monkeypatch.setattr(syntax, "PARSE_LIMIT_MS", 1)
    tree, note = syntax.parse("python", b"x = (" * 40_000)
    assert (tree, "gave up after 1 ms" in note) == (None, True)
    tree, note = syntax.parse("python", b"x = 1")
    assert (str(tree and tree.root_node.has_error), note) == ("False", "")
    syntax._parser.cache_clear()


@pytest.mark.parametrize("language", PARSED)
def test_nothing_fails_on_garbage(language: str) -> None:
    """Every question, at places all over random text, with the incremental parse in between."""
    rng = random.Random(language)
    for _ in range(8):
        source = " ".join(rng.choices(GARBAGE, k=60)).encode()
        snapshot = Document.open("", "", language, 1, source, 100_000).snapshot()
        for _ in range(8):
            at = snapshot.text.character_start(rng.randrange(len(snapshot.text.data) + 1))
            snapshot = snapshot_with(snapshot, at, at, rng.choice(GARBAGE).encode())
            assert snapshot.tree is not None, snapshot.note
            region_at(snapshot.tree, language, at)
            assert syntax.error_count(snapshot.tree, at) <= syntax.error_count(snapshot.tree)
