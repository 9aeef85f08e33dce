"""When a completion is asked for, and whether for a line or for a block."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markers import cursor

from copilot_lsp.completion.trigger import Ask, Trigger, decide
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import CompletionSettings, Multiline
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Document


def asked(
    language: str, marked: str, trigger: Trigger = Trigger.AUTOMATIC, multiline: Multiline = "auto"
) -> Ask | Silence:
    source, offset = cursor(marked)
    snapshot = Document.open("file:///x", "x", language, 1, source, 500_000).snapshot()
    return decide(snapshot, offset, trigger, CompletionSettings(multiline=multiline))


SILENT = [
    ("python", "pri‸nt(x)", Reason.MID_WORD),
    ("python", "x = ‸value", Reason.MID_WORD),
    ("plaintext", "größ‸er", Reason.MID_WORD),
    ("python", "x = ‸ + compute(y)", Reason.TEXT_TO_THE_RIGHT),
    ("html", "<p>‸ <b>bold</b></p>", Reason.TEXT_TO_THE_RIGHT),
    ("typescript", "‸ (a, b) => a", Reason.TEXT_TO_THE_RIGHT),
]

LINES = [
    ("python", "x = comp‸", "the end of a word"),
    ("python", "print(‸)", "a bracket on the right"),
    ("python", 'print("‸")', "in a string"),
    ("python", "foo(‸)  # the editor's bracket, then a comment", "only a comment follows"),
    ("python", "# Sort by ‸", "in a comment"),
    ("python", "x: ‸", "an annotation is no header"),
    ("python", "x[1:‸", "nor is a slice"),
    ("python", "def f(a:‸", "nor an unfinished parameter list"),
    ("python", "f = lambda:‸", "a lambda has one expression"),
    ("python", "call(‸", "arguments"),
    ("python", "def f(x):‸\n    return x\n", "the body is there"),
    ("python", "for x in y:\n    ‸\n    use(x)\n", "some of the body is there"),
    ("python", "if (a and\n        b):\n    ‸\n    use(x)\n", "the body is there, less indented than the condition"),
    ("python", "def f():\n    y = 1\n    # sort\n    ‸\n    return y\n", "code follows the comment"),
    ("javascript", "if (‸) {\n}", "a brace after the bracket"),
    ("javascript", "function f() {‸}", "the brace on the right"),
    ("javascript", "const s = `a ${‸}`", "a hole in a string"),
    ("typescript", "let x:‸\n", "an annotation"),
    ("typescript", "/** Adds. */\n‸\nfunction add() {}", "the function is there"),
    ("html", "<li>‸</li>", "a closing tag on the right"),
    ("rust", "// opens {‸\n", "a brace in a comment"),
    ("kotlin", "// opens {‸\n", "the same without a tree"),
    ("python", "‸", "an empty file"),
]

BLOCKS = [
    ("python", "def f(x):\n    ‸", "an empty body"),
    ("python", "def f(x):‸", "the end of a header"),
    ("python", "def f(x):\n‸\nprint()", "no indentation yet"),
    ("python", 'def f(x):\n    """Doc."""\n    ‸\n\ndef g():\n    pass\n', "after a docstring"),
    ("python", 'class A:\n    """Doc.\n\n    More."""\n    # And a comment.\n    ‸\n', "after both"),
    ("python", "def f():\n    # Sort by date.\n    ‸\n", "after a comment that begins the body"),
    ("python", "def f():\n    y = 1\n    # Sort by date.\n    ‸\n", "a comment, and nothing after it"),
    ("python", "if (a and\n        b):\n    ‸\nx\n", "a header of two lines"),
    ("python", "def f(\n    a,\n):\n    ‸\n", "a parameter list"),
    ("python", "try:\n    ‸\nexcept ValueError:\n    pass\n", "the other branch follows"),
    ("python", "@cache\n‸\n\nprint()\n", "after a decorator at the end of its paragraph"),
    ("python", "f(\n    ‸\n)", "empty arguments"),
    ("javascript", "function f() {‸\n}", "the closing brace is on the next line"),
    ("javascript", "function f() {\n  ‸\n\nfunction g() {\n}\n", "the closing brace is missing"),
    ("typescript", "// Adds two numbers.\n‸\n\nfunction g() {}", "a comment announces a function"),
    ("typescript", "const f = (a) => {\n  ‸\n}", "a closure"),
    ("tsx", "const f = () => {\n  ‸\n}", "an alias of the language"),
    ("go", "func f() error {\n\t‸\n}\n", "tabs"),
    ("rust", "impl A {\n    ‸\n}\n", "an empty impl"),
    ("rust", "#[test]\n‸\n", "an attribute"),
    ("java", "class A {\n    @Override\n    ‸\n}\n", "an annotation"),
    ("cpp", "int main()\n{\n    ‸\n}\n", "a brace on its own line"),
    ("c", "switch (x) {\ncase 1:\n    ‸\n", "a label"),
    ("html", "<ul>\n  ‸\n</ul>\n", "an empty element"),
    ("ruby", "def f\n  ‸\nend\n", "a header without a sign"),
    ("lua", "if x then\n  ‸\nend", "a keyword"),
    ("kotlin", "fun f() {\n    ‸\n}\n", "no grammar: a brace"),
    ("yaml", "steps:\n  ‸\n", "no grammar: a colon"),
]


@pytest.mark.parametrize(("language", "source", "reason"), SILENT)
def test_is_silent_while_the_user_types(language: str, source: str, reason: Reason) -> None:
    assert asked(language, source) == Silence(reason)


@pytest.mark.parametrize(("language", "source", "reason"), SILENT)
def test_asks_when_invoked(language: str, source: str, reason: Reason) -> None:
    assert asked(language, source, Trigger.INVOKED) == Ask(Shape.LINE)


@pytest.mark.parametrize(("language", "source", "why"), LINES)
def test_asks_for_a_line(language: str, source: str, why: str) -> None:
    assert asked(language, source) == Ask(Shape.LINE), why


@pytest.mark.parametrize(("language", "source", "why"), BLOCKS)
def test_asks_for_a_block(language: str, source: str, why: str) -> None:
    assert asked(language, source) == Ask(Shape.BLOCK), why


def test_the_setting_overrides_the_tree() -> None:
    assert asked("python", "def f():\n    ‸", multiline="never") == Ask(Shape.LINE)
    assert asked("python", "x = ‸", multiline="always") == Ask(Shape.BLOCK)
    assert asked("python", "pri‸nt(x)", multiline="always") == Silence(Reason.MID_WORD)


def test_windows_line_ends_change_nothing() -> None:
    for language, source, _ in (*LINES, *BLOCKS):
        assert asked(language, source.replace("\n", "\r\n")) == asked(language, source), source


@settings(deadline=None)
@given(st.text(alphabet="aé‘ \t\r\n(){}[]:;<>/#\"'`@", max_size=60), st.data())
def test_never_raises(source: str, data: st.DataObject) -> None:
    off = CompletionSettings(in_comments=False, in_strings=False)
    offset = len(source[: data.draw(st.integers(0, len(source)))].encode())
    for language in ("python", "typescript", "html", "kotlin"):
        snapshot = Document.open("file:///x", "x", language, 1, source, 500_000).snapshot()
        assert isinstance(decide(snapshot, offset, Trigger.INVOKED, CompletionSettings()), Ask)
        assert isinstance(decide(snapshot, offset, Trigger.AUTOMATIC, off), Ask | Silence)


PLACES = [
    ("python", "# Sort by ‸", Reason.IN_COMMENT),
    ("python", "x = 1  # the ‸\ny = 2\n", Reason.IN_COMMENT),
    ("javascript", "/* Adds\n ‸\n*/", Reason.IN_COMMENT),
    ("kotlin", "// without a tree ‸", Reason.IN_COMMENT),
    ("python", 'print("a ‸', Reason.IN_STRING),
    ("python", 'def f():\n    """Adds ‸\n    """\n', Reason.IN_STRING),
    ("rust", 'let s = "‸";', Reason.IN_STRING),
    ("python", 'f"{‸}"', None),
    ("javascript", "const s = `a ${‸}`", None),
    ("python", "x = ‸", None),
]


@pytest.mark.parametrize(("language", "marked", "where"), PLACES)
def test_comments_and_strings_can_be_turned_off(language: str, marked: str, where: Reason | None) -> None:
    source, offset = cursor(marked)
    snapshot = Document.open("file:///x", "x", language, 1, source, 500_000).snapshot()
    neither = CompletionSettings(in_comments=False, in_strings=False)
    found = decide(snapshot, offset, Trigger.AUTOMATIC, neither)
    assert (found.reason if isinstance(found, Silence) else None) == where
    assert isinstance(decide(snapshot, offset, Trigger.INVOKED, neither), Ask)
    other = CompletionSettings(in_comments=where is not Reason.IN_COMMENT, in_strings=where is not Reason.IN_STRING)
    assert isinstance(decide(snapshot, offset, Trigger.AUTOMATIC, other), Silence if where else Ask)
    turned_round = CompletionSettings(in_comments=not other.in_comments, in_strings=not other.in_strings)
    assert isinstance(decide(snapshot, offset, Trigger.AUTOMATIC, turned_round), Ask)
