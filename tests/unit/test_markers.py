"""Markers in comments: where they are, and the text in which one is followed."""

from __future__ import annotations

import pytest

from copilot_lsp.source import markers
from copilot_lsp.source.document import Document, Snapshot

TAG = "TODO(copilot)"


def snapshot(text: str, language: str) -> Snapshot:
    return Document.open("file:///a", "a", language, 0, text, 1 << 20).snapshot()


def followed(text: str, language: str = "python") -> str:
    """The text without its first marker; ▮ is where the completion goes."""
    found = snapshot(text, language)
    hole = markers.hole(found, markers.find(found, TAG)[0])
    return (hole.data[: hole.offset] + "▮".encode() + hole.data[hole.offset :]).decode()


COMMENTS = [
    ("python", "# {}"),
    ("python", "#{}"),
    ("javascript", "// {}"),
    ("javascript", "/* {} */"),
    ("javascriptreact", "/** {} */"),
    ("typescript", "/*\n * {}\n */"),
    ("typescriptreact", "// {}"),
    ("go", "// {}"),
    ("rust", "// {}"),
    ("rust", "/// {}"),
    ("rust", "/* {} */"),
    ("java", "// {}"),
    ("java", "/* {} */"),
    ("c", "/* {} */"),
    ("cpp", "// {}"),
    ("csharp", "// {}"),
    ("ruby", "# {}"),
    ("php", "<?php\n# {}"),
    ("php", "<?php\n/* {} */"),
    ("lua", "-- {}"),
    ("lua", "--[[ {} ]]"),
    ("shellscript", "# {}"),
    ("html", "<!-- {} -->"),
    ("css", "/* {} */"),
    ("jsonc", "// {}"),
    ("sql", "-- {}"),
    ("kotlin", "// {}"),
    ("clojure", ";; {}"),
    ("latex", "% {}"),
    ("vim", '" {}'),
    ("yaml", "# {}"),
]


@pytest.mark.parametrize(("language", "comment"), COMMENTS)
@pytest.mark.parametrize("said", ["", ":", ": add 1 + 2", " add 1 + 2"])
def test_every_language_says_it_in_its_comments(language: str, comment: str, said: str) -> None:
    text = comment.format(TAG + said) + "\n"
    (marker,) = markers.find(snapshot(text, language), TAG)
    assert (
        text.encode()[marker.start : marker.end].strip() == comment.format(TAG + said).removeprefix("<?php\n").encode()
    )
    assert (marker.alone, marker.bare) == (True, not said.strip(": "))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", f's = "{TAG}"\n'),
        ("python", f'"""\n# {TAG}\n"""\n'),
        ("python", f"# see {TAG}\n"),
        ("python", f"# {TAG}s\n"),
        ("python", "# todo(copilot)\n"),
        ("javascript", f"const s = `// {TAG}`;\n"),
        ("markdown", f"{TAG}\n"),
        ("sql", f"select 1 -- {TAG}\n"),
        ("", f"# {TAG}\n"),
    ],
)
def test_only_the_beginning_of_a_comment_counts(language: str, text: str) -> None:
    assert markers.find(snapshot(text, language), TAG) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    # M\n    return x\n", "def f():\n    ▮\n    return x\n"),
        ("def f():\n    # M: the sum\n    return x\n", "def f():\n    # the sum\n    ▮\n    return x\n"),
        (
            "def f():\n    # M the sum,\n    # in cents\n    x\n",
            "def f():\n    # the sum,\n    # in cents\n    ▮\n    x\n",
        ),
        ("def f():\n    # M\n    # in cents\n    x\n", "def f():\n    # in cents\n    ▮\n    x\n"),
        ("def f():\n    # M: a\n\n    # other\n", "def f():\n    # a\n    ▮\n\n    # other\n"),
        ("def f():\r\n\t# M: a\r\n\tx\r\n", "def f():\r\n\t# a\r\n\t▮\r\n\tx\r\n"),
        ("# M: a", "# a\n▮"),
        ("# M", "▮"),
        ("x = 1\n# M  ", "x = 1\n▮"),
        ("def f():  # M\n    pass\n", "def f():▮\n    pass\n"),
        ("x = # M: one\n", "x =▮ # one\n"),
        ("x =  # M", "x =▮"),
        ("é = 'ü'  # M\n", "é = 'ü'▮\n"),
    ],
)
def test_the_hole_in_python(before: str, after: str) -> None:
    assert followed(before.replace("M", TAG, 1)) == after


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("javascript", "f(/* M */);\n", "f(▮);\n"),
        (
            "javascript",
            "f() {\n  /*\n   * M: add\n   * both\n   */\n}\n",
            "f() {\n  /*\n   * add\n   * both\n   */\n  ▮\n}\n",
        ),
        ("html", "<p>\n  <!-- M: list -->\n</p>\n", "<p>\n  <!-- list -->\n  ▮\n</p>\n"),
        ("rust", "fn f() {\n    /// M: a\n}\n", "fn f() {\n    /// a\n    ▮\n}\n"),
        ("sql", "select\n  -- M: names\n  -- of all\nfrom t\n", "select\n  -- names\n  -- of all\n  ▮\nfrom t\n"),
    ],
)
def test_the_hole_in_other_languages(language: str, before: str, after: str) -> None:
    assert followed(before.replace("M", TAG, 1), language) == after
