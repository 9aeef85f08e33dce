"""`copilot-lsp complete --at-markers` with the fake engine: patches that apply, files that stay whole."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from commands import Command

from copilot_lsp.cli import main, rewriting
from copilot_lsp.errors import CopilotLspError

RULES: list[dict[str, Any]] = [
    {"after": r"def mean\(v\):\s*$", "text": "\n    return sum(v) / len(v)"},
    {"after": r"# the mean\s*$", "text": "return sum(v) / len(v)"},
    {"after": r"// sum\s*$", "text": "return a + b;"},
    {"after": r"# guess\s*$", "text": "return 4", "confidence": 0.2},
    {"after": r"# half\s*$", "text": "a = 1\n    b = 2\n", "sure": 5},
    {"after": r"# again\s*$", "text": "x = 1  # TODO(copilot)"},
    {"after": r"# euro\s*$", "text": "return '€'"},
    {"after": r"# die\s*$", "dies": True},
]

PYTHON = """\
def mean(v):
    # TODO(copilot): the mean


def dice():
    # TODO(copilot): guess
    pass


def mean(v):  # TODO(copilot)
    pass
"""
MEANS = PYTHON.replace("    # TODO(copilot): the mean\n", "    # the mean\n    return sum(v) / len(v)\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    there = tmp_path / "project"
    there.mkdir()
    monkeypatch.chdir(there)
    return there


@dataclass(frozen=True)
class Said:
    """What is printed need not be text: a patch is in the encoding of its file."""

    code: int | str | None
    out: bytes
    err: bytes


class Fill(Protocol):
    def __call__(self, *arguments: object) -> Said: ...


@pytest.fixture
def fill(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Fill:
    script = write(folder.parent / "script.json", json.dumps(RULES))

    def call(*arguments: object) -> Said:
        code: int | str | None
        engine = ("--engine", "fake", "--fake-script", str(script))
        try:
            code = main(["complete", "--at-markers", *map(str, arguments), *engine])
        except SystemExit as error:  # argparse
            code = error.code
        return Said(code, *capsysbinary.readouterr())

    return call


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_sure_marker_is_filled_and_the_others_are_told(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", PYTHON)
    done = fill("a.py")
    assert done.code == 3
    assert done.err.decode().splitlines() == [
        "copilot-lsp: a.py:6:5: left: the model was not confident enough",
        "copilot-lsp: a.py:10:15: left: the model had nothing to add",
        "copilot-lsp: 1 of 3 markers filled",
    ]
    assert (folder / "a.py").read_text("utf-8") == PYTHON


FILES = {
    "a.py": PYTHON.encode(),
    "crlf.py": PYTHON.replace("\n", "\r\n").encode(),
    "mark.py": b"\xef\xbb\xbf" + PYTHON.encode(),
    "no end.js": b"function f(a, b) {\n  // TODO(copilot): sum\n}",
    'od"d\t\xe9.py': PYTHON.encode(),
    "sub/deep/é.py": PYTHON.encode(),
    "last.py": b"def mean(v):\n    # TODO(copilot): the mean",
    "latin.py": b"# \xe9\n" + PYTHON.encode(),
}
TOOLS = {
    "git": ["git", "apply", "--whitespace=nowarn", "-"],
    "patch": ["patch", "-p1", "--binary", "--silent"],
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", FILES)
def test_the_patch_gives_what_apply_writes(fill: Fill, folder: Path, name: str, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool}")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FILES[name])
    encoding = ("--encoding", "latin-1") if name == "latin.py" else ()
    done = fill(name, *encoding)
    subprocess.run(TOOLS[tool], input=done.out, check=True)
    patched = path.read_bytes()
    path.write_bytes(FILES[name])
    assert fill(name, "--apply", *encoding).out == b""
    assert path.read_bytes() == patched
    assert b"return" in patched.removeprefix(FILES[name][:20])
    assert patched != FILES[name]


def test_line_ends_mark_and_encoding_stay(fill: Fill, folder: Path) -> None:
    for name in ("crlf.py", "mark.py"):
        (folder / name).write_bytes(FILES[name])
    fill("crlf.py", "mark.py", "--apply")
    assert (folder / "crlf.py").read_bytes() == MEANS.replace("\n", "\r\n").encode()
    assert (folder / "mark.py").read_bytes() == b"\xef\xbb\xbf" + MEANS.encode()


def test_what_an_encoding_cannot_hold_is_left(fill: Fill, folder: Path) -> None:
    (folder / "a.py").write_bytes(b"def f():  # \xe9\n    # TODO(copilot): euro\n")
    done = fill("a.py", "--encoding", "latin-1")
    assert done.code == 3
    assert b"a.py:2:5: left: the text does not fit into iso8859-1" in done.err


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("half", b"the model is sure of the beginning only"),
        ("again", b"the text has the marker in it"),
        ("unknown", b"the model had nothing to add"),
    ],
)
def test_why_a_marker_is_left(fill: Fill, folder: Path, said: str, why: bytes) -> None:
    write(folder / "a.py", f"def f():\n    # TODO(copilot): {said}\n")
    done = fill("a.py")
    assert (done.code, done.out) == (3, b"")
    assert b"a.py:2:5: left: " + why in done.err


def test_how_sure_is_an_option(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", "def f():\n    # TODO(copilot): guess\n")
    assert fill("a.py").code == 3
    assert b"+    return 4\n" in fill("a.py", "--sure", "0.05").out


def test_another_marker(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", "def f(v):\n    # @fill the mean\n    # TODO(copilot): the mean\n")
    done = fill("a.py", "--marker", "@fill")
    assert done.code == 3  # the next comment belongs to it, and the fake engine knows nothing of that
    write(folder / "a.py", "def f(v):\n    # @fill the mean\n")
    assert fill("a.py", "--marker", "@fill").code == 0


def test_files_are_done_in_order_and_each_once(fill: Fill, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{number}.js" for number in range(12)]
    for name in names:
        write(folder / name, "function f(a, b) {\n  // TODO(copilot): sum\n}\n")
    done = fill(*names, "./f3.js", "--jobs", "4")
    headers = [line for line in done.out.decode().splitlines() if line.startswith("+++")]
    assert headers == [f"+++ b/{name}" for name in names]
    assert done.code == 0


def test_reports_as_json_lines(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", PYTHON)
    done = fill("a.py", "--apply", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(line["place"], line["filled"]) for line in lines] == [
        ("a.py:2:5", True), ("a.py:6:5", False), ("a.py:10:15", False)
    ]  # fmt: skip
    assert lines[0]["confidence"] == pytest.approx(0.9)


def test_mode_and_link_stay(fill: Fill, folder: Path) -> None:
    script = write(folder / "real.py", PYTHON)
    script.chmod(0o750)
    (folder / "link.py").symlink_to("real.py")
    assert fill("link.py", "--apply").code == 3
    assert (folder / "link.py").is_symlink()
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert script.read_text("utf-8") == MEANS


def test_an_engine_that_dies_leaves_the_file_and_serves_the_next(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", "def f(v):\n    # TODO(copilot): the mean\n\ndef g():\n    # TODO(copilot): die\n")
    write(folder / "b.py", "def f(v):\n    # TODO(copilot): the mean\n")
    done = fill("a.py", "b.py", "--apply")
    assert done.code == 1
    assert b"TODO(copilot): the mean" in (folder / "a.py").read_bytes()
    assert b"TODO" not in (folder / "b.py").read_bytes()


def test_a_bad_file_costs_only_itself(fill: Fill, folder: Path) -> None:
    write(folder / ".env", "# TODO(copilot)\n")
    write(folder / "notes.md", "TODO(copilot)\n")
    write(folder / "b.js", "function f(a, b) {\n  // TODO(copilot): sum\n}\n")
    done = fill("gone.py", ".env", "notes.md", ".", "b.js", "--apply")
    said = done.err.decode().splitlines()
    assert done.code == 2
    beginnings = (
        "there is no file gone.py",
        ".env is excluded by",
        "notes.md has TODO(copilot), but not at the beginning of a comment",
        ". is a folder: give a file",
        "1 of 1 markers filled",
    )
    for line, beginning in zip(said, beginnings, strict=True):
        assert line.startswith(f"copilot-lsp: {beginning}")
    assert b"return a + b;" in (folder / "b.js").read_bytes()


def test_no_marker_is_no_error(fill: Fill, folder: Path) -> None:
    write(folder / "a.py", "x = 1\n")
    done = fill("a.py")
    assert (done.code, done.out) == (0, b"")
    assert b"no comment begins with TODO(copilot)" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "which files?"),
        (("a.py", "--json"), "--json goes with --at-markers --apply only"),
        (("a.py", "--stream"), "do not go with --at-markers"),
        (("a.py", "--seed", "1"), "do not go with --at-markers"),
        (("a.py", "--marker", " "), "--marker is empty"),
        (("a.py", "--sure", "2"), "is not a probability"),
    ],
)
def test_wrong_usage_is_one_line(fill: Fill, folder: Path, options: tuple[str, ...], said: str) -> None:
    done = fill(*options)
    assert done.out == b""
    assert (done.code, done.err.count(b"\n")) == (2, 1)
    assert said.encode() in done.err


def test_a_patch_names_no_file_outside(fill: Fill, folder: Path) -> None:
    path = write(folder.parent / "a.py", "def f(v):\n    # TODO(copilot): the mean\n")
    done = fill("../a.py")
    assert (done.code, done.out) == (2, b"")
    assert b"../a.py is outside this folder" in done.err
    assert fill("../a.py", "--apply").code == 0
    assert b"return" in path.read_bytes()


@pytest.mark.parametrize(
    ("options", "given"),
    [(("--stdin0",), b"a b.py\0"), (("--from", "-"), b'{"path": "a b.py"}\n\n{"file": 1}\n')],
)
def test_lists_of_files(
    fill: Fill, folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], given: bytes
) -> None:
    write(folder / "a b.py", "def f(v):\n    # TODO(copilot): the mean\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    done = fill(*options)
    assert done.code == (2 if b"file" in given else 0)
    assert b"+    return sum(v)" in done.out


@pytest.mark.skipif(os.name == "nt", reason="signals of a shell")
def test_interrupted_between_two_files(folder: Path) -> None:
    """The first is whole, the second as it was, and nothing else lies about."""
    rules = [RULES[1], {"after": r"# slow\s*$", "text": "return 1", "delay_ms": 60_000}]
    script = write(folder.parent / "rules.json", json.dumps(rules))
    first = write(folder / "a.py", "def f(v):\n    # TODO(copilot): the mean\n")
    second = write(folder / "b.py", "def f(v):\n    # TODO(copilot): slow\n")
    command = [sys.executable, "-m", "copilot_lsp", "complete", "--at-markers", "--apply", "a.py", "b.py"]
    running = subprocess.Popen(
        [*command, "--engine", "fake", "--fake-script", script],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    deadline = time.monotonic() + 60
    while b"TODO" in first.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert b"return sum(v)" in first.read_bytes()
    assert b"TODO(copilot): slow" in second.read_bytes()
    assert sorted(each.name for each in folder.iterdir()) == ["a.py", "b.py"]


def test_apply_is_for_markers(command: Command) -> None:
    assert command("complete", RULES)("a.py:1:1", "--apply").code == 2


class TestRewrite:
    def test_a_file_that_was_changed_meanwhile_is_left(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.py", "new")
        with pytest.raises(CopilotLspError, match="was changed meanwhile"):
            rewriting.rewrite(path, b"old", b"other")
        assert path.read_bytes() == b"new"

    def test_a_read_only_file_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write(tmp_path / "a.py", "old")
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(CopilotLspError, match="read-only"):
            rewriting.rewrite(path, b"old", b"new")

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
    def test_nothing_half_written_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
    ) -> None:
        """Interrupted after the bytes are written and before they are the file."""
        path = write(tmp_path / "a.py", "old")

        def fail(_: int) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises((KeyboardInterrupt, CopilotLspError)):
            rewriting.rewrite(path, b"old", b"new")
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.py", b"old")]
