"""Which files and holes a replay draws."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases import holes, replay
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.evaluation.cases.replay import Draw
from copilot_lsp.source.document import Document, Snapshot
from copilot_lsp.workspace import files

ROOT = Path(__file__).parents[3] / "copilot_lsp" / "source"
LIMIT = 500_000

PYTHON = '''"""Module."""


def total(numbers):
    """The sum."""
    result = 0
    for number in numbers:
        # each one
        result += number
    return result
'''
GO = "package main\n\nfunc add(a, b int) int {\n\tc := a + b\n\treturn c\n}\n"
RUBY = "def add(a, b)\n  c = a + b\n  c\nend\n"
LUA = "local function add(a, b)\n  local c = a + b\n  return c\nend\n"
SHELL = "add() {\n  c=1\n  echo $c\n}\nif true; then\n  echo x\nfi\n"


def snapshot(text: str, language: str = "python") -> Snapshot:
    return Document.open("", "main", language, 0, text, LIMIT).snapshot()


def drawn(text: str, kind: Kind, language: str = "python") -> set[str]:
    """All holes that come up."""
    open_document = snapshot(text, language)
    found = set()
    for seed in range(200):
        hole = holes.draw(open_document, kind, random.Random(seed))
        if hole is not None:
            found.add(open_document.text.data[hole.start : hole.end].decode())
    return found


def test_lines_are_code_from_the_indentation_to_the_last_character() -> None:
    lines = {"def total(numbers):", "result = 0", "for number in numbers:", "result += number", "return result"}
    assert drawn(PYTHON, Kind.LINE) == lines


def test_mid_holes_begin_after_code_and_leave_something_of_a_word() -> None:
    found = drawn("first = second(3)   \n", Kind.MID)
    assert found == {"first = second(3)"[at:] for at in range(1, 16)}


@pytest.mark.parametrize(
    ("text", "language", "bodies"),
    [
        (PYTHON, "python", {PYTHON[PYTHON.index("result = 0") :].rstrip(), "result += number"}),
        (GO, "go", {"c := a + b\n\treturn c"}),
        (RUBY, "ruby", {"c = a + b\n  c"}),
        (LUA, "lua", {"local c = a + b\n  return c"}),
        (SHELL, "shellscript", {"c=1\n  echo $c"}),
        ("if (a) { b(); }\n", "javascript", set()),
        ("function f() {\n\n  return 1;\n}\n", "javascript", {"return 1;"}),
        ("no tree here {\n  x\n}\n", "kotlin", set()),
    ],
)
def test_blocks_are_bodies_with_lines_of_their_own(text: str, language: str, bodies: set[str]) -> None:
    assert drawn(text, Kind.BLOCK, language) == bodies


@pytest.mark.parametrize(
    ("text", "language", "inside"),
    [
        ("print(total(numbers))\n", "python", {"total(numbers)", "numbers"}),
        ('x = f"a {name}"\n', "python", {"name"}),
        ("open('some/path')\nopen('some prose')\n", "python", {"'some/path'", "some/path", "'some prose'"}),
        ("f(a) + b\n(c)\n", "python", {"c"}),
        ("if (a) {\n  f( `${b}` );\n}\n", "javascript", {"a", "`${b}`", "${b}", "b"}),
        ('const a = <p className="b">{c}</p>\n', "typescriptreact", {"c"}),
        ("f(\n  a,\n)\ng()\n", "javascript", set()),
        ("# (a)\n", "python", set()),
        (GO, "go", set()),
        ("package a\n\nfunc add(a, b int) {\n}\n", "go", {"a, b int"}),
        ("no tree here (x)\n", "kotlin", set()),
    ],
)
def test_pairs_are_closed_on_their_line_and_nothing_else_follows(text: str, language: str, inside: set[str]) -> None:
    whole = {hole for hole in drawn(text, Kind.PAIR, language) if hole in inside}
    rest = drawn(text, Kind.PAIR, language) - whole
    assert whole == inside
    assert all(any(each.endswith(hole) for each in inside) for hole in rest)


def test_a_case_masks_its_hole() -> None:
    found = snapshot("a = 1\nb = 2\n")
    case = replay.case_of(found, Kind.LINE, holes.Hole(6, 11))
    assert (case.id, case.prefix, case.truth, case.suffix) == ("main:2:1 line", "a = 1\n", "b = 2", "\n")
    assert (case.masked, case.line_end, case.shape) == ("a = 1\n\n", "", None)


def test_the_same_seed_draws_the_same_and_a_smaller_number_is_part_of_a_larger_one() -> None:
    small, again, large = (replay.read(ROOT, Draw(count, 7), LIMIT) for count in (8, 8, 30))
    assert [case.id for case in small] == [case.id for case in again]
    assert {case.id for case in small} <= {case.id for case in large}
    assert [case.kind for case in small] == ["line", "mid", "pair", "block"] * 2
    assert {case.id for case in replay.read(ROOT, Draw(8, 8), LIMIT)} != {case.id for case in small}


def test_kinds_can_be_chosen() -> None:
    assert {case.kind for case in replay.read(ROOT, Draw(4, 0, [Kind.MID]), LIMIT)} == {"mid"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = "value = 1\n" * 8
    texts = {
        "a.py": code,
        "sub/b.py": code,
        "c.go": GO,
        ".env": "TOKEN=1\n" * 8,
        ".env.py": code,
        "node_modules/x.js": code,
        ".git/hooks.py": code,
        "ignored.py": code,
        "sub/deep/skipped.py": code,
        ".gitignore": "ignored.py\n",
        "sub/.gitignore": "deep/\n",
        "made_pb2.py": code,
        "big.py": "x = 1\n" * 40_000,
        "data.json": '{"a": 1}\n' * 8,
        "notes.md": "text\n" * 8,
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / ".env")
    return tmp_path


def test_only_the_users_own_code_is_drawn_from(folder: Path) -> None:
    found = files.find(folder)
    assert [file.path for file in found.files] == ["a.py", "c.go", "sub/b.py"]
    assert found.left_out == {"excluded": 2, "built": 1, "too large": 1}
    assert [file.path for file in files.find(folder, exclude=("sub/",)).files] == ["a.py", "c.go"]
    assert [file.path for file in files.find(folder, ["markdown"]).files] == ["notes.md"]


@pytest.mark.parametrize(
    "data", [b"x = 1\0\n" * 9, b"# @generated\n" + b"x = 1\n" * 9, b"x = '%b'\n" % (b"y" * 2000) * 9, b"#\xe9\n" * 9]
)
def test_what_nobody_wrote_is_not_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    (file,) = files.find(tmp_path).files
    assert file.read() is None
    with pytest.raises(UsageError, match="has no place for a hole"):
        replay.read(tmp_path, Draw(3, 0), LIMIT)


def test_a_folder_without_code_says_what_was_left_out(tmp_path: Path) -> None:
    (tmp_path / ".env.py").write_text("a = 1\n" * 9)
    with pytest.raises(UsageError, match=r"no source files to replay \(left out: 1 excluded\)"):
        replay.read(tmp_path, Draw(3, 0), LIMIT)
