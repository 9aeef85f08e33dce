"""`copilot-lsp complete` with the fake engine: what it prints, its exit codes, one line for an error."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import Command, Run

from copilot_lsp.cli import main, output
from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import EngineState, EngineStatus
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.source.document import Document

SOURCE = "def add(a, b):\n    return\n"
AT = ":2:11"
RULES: list[dict[str, Any]] = [
    {"after": r"return$", "text": " a + b", "alternatives": [" b + a", " sum((a, b))"]},
    {"after": r"die$", "dies": True},
    {"after": r"é = $", "text": "'ü'"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "add.py"
    path.write_text(SOURCE, "utf-8")
    return path


@pytest.fixture
def complete(command: Command) -> Run:
    return command("complete", RULES)


def test_the_text_and_nothing_else_goes_to_stdout(complete: Run, file: Path) -> None:
    done = complete(f"{file}{AT}")
    assert (done.code, done.out, done.err) == (0, " a + b", "")


def test_the_same_every_time_also_when_streamed(complete: Run, file: Path) -> None:
    outputs = {complete(f"{file}{AT}", *options).out for options in ((), ("--stream",), ("--line",)) for _ in "12"}
    assert outputs == {" a + b"}


def test_json_has_text_range_tokens_and_timings(complete: Run, file: Path) -> None:
    done = complete(f"{file}{AT}", "--json")
    data = json.loads(done.out)
    assert (done.code, data["insert"], data["model"]) == (0, " a + b", "fake")
    here = {"offset": 25, "line": 2, "column": 11}
    assert SOURCE[data["range"]["start"]["offset"] : 25] + data["insert"] == data["text"]
    assert data["range"]["end"] == here
    assert data["silence"] is None
    assert data["tokens"]["generated"] > 0
    assert set(data["milliseconds"]) == {"prefill", "first", "total"}
    assert data["confidence"] == pytest.approx(0.9)


def test_streamed_json_is_one_object_a_line_the_last_whole(complete: Run, file: Path) -> None:
    lines = [json.loads(line) for line in complete(f"{file}{AT}", "--json", "--stream").out.splitlines()]
    partial = [line["partial"]["insert"] for line in lines[:-1]]
    assert all(" a + b".startswith(text) for text in partial)
    assert lines[-1]["insert"] == " a + b"


def test_nothing_to_add_is_success_with_a_reason(complete: Run, file: Path) -> None:
    done = complete(f"{file}:1:1")
    assert (done.code, done.out) == (0, "")
    assert done.err == "copilot-lsp: nothing to insert: the model had nothing to add\n"
    data = json.loads(complete(f"{file}:1:1", "--json").out)
    assert (data["text"], data["range"], data["silence"]["reason"]) == ("", None, "empty")


def test_automatic_keeps_silent_where_it_would_disturb(complete: Run, file: Path) -> None:
    done = complete(f"{file}:1:6", "--automatic")
    assert (done.code, done.out) == (0, "")
    assert "nothing to insert: the cursor is inside a word" in done.err


def test_stdin_with_a_path_for_the_language(complete: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SOURCE.encode())))
    assert complete("2:11", "--stdin", "--path", "no/such/add.py").out == " a + b"


def test_stdin_with_the_path_in_the_place(complete: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SOURCE.encode())))
    assert complete("no/such/add.py:2:11", "--stdin").out == " a + b"


def test_columns_count_characters(complete: Run, tmp_path: Path) -> None:
    path = tmp_path / "emoji.py"
    path.write_text("x = '😀'; é = ", "utf-8")
    done = complete(f"{path}:1:14", "--json")
    assert json.loads(done.out)["insert"] == "'ü'"
    assert json.loads(done.out)["range"]["start"]["offset"] == 17


def test_a_byte_order_mark_is_no_column(complete: Run, tmp_path: Path) -> None:
    path = tmp_path / "bom.py"
    path.write_bytes(b"\xef\xbb\xbfreturn")
    assert complete(f"{path}:1:7").out == " a + b"


@pytest.mark.parametrize(
    ("source", "options", "encoding", "mark"),
    [
        ("x = '😀'\né = ", (), "utf-8", 3),
        ("x = 'äöü'\r\né = ", ("--encoding", "latin-1"), "latin-1", 0),
        ("x = '–€'\né = ", ("--encoding", "cp1252"), "cp1252", 0),
        ("x = '日本'\né = ", ("--encoding", "gb18030"), "gb18030", 0),
        ("x = 'ä'\né = ", ("--encoding", "utf-8-sig"), "utf-8", 3),
    ],
)
def test_offsets_are_those_of_the_files_bytes(
    complete: Run, tmp_path: Path, source: str, options: tuple[str, ...], encoding: str, mark: int
) -> None:
    """A script puts `text` at the bytes of `range`: nothing else of the file changes."""
    path = tmp_path / "encoded.py"
    path.write_bytes(b"\xef\xbb\xbf"[:mark] + source.encode(encoding))
    found = json.loads(complete(f"{path}:2:5", "--json", *options).out)
    start, end = (found["range"][edge]["offset"] for edge in ("start", "end"))
    data = path.read_bytes()
    patched = data[:start] + found["text"].encode(encoding) + data[end:]
    assert patched == data + "'ü'".encode(encoding)
    streamed = complete(f"{path}:2:5", "--json", "--stream", *options).out.splitlines()
    for line in streamed[:-1]:
        assert json.loads(line)["partial"]["range"] == found["range"]


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        ("x = 1\n".encode("utf-16"), (), "is UTF-16: convert it to UTF-8 first"),
        ("x = 1\n".encode("utf-16"), ("--encoding", "latin-1"), "is UTF-16: convert it to UTF-8 first"),
        (b"x = '\xe9'\n", (), "is not UTF-8: byte 5 is 0xe9; if it is in another encoding, say so: --encoding latin-1"),
        (b"\xef\xbb\xbfx = '\xe9'\n", (), "is not UTF-8: byte 8 is 0xe9"),
        (b"x = '\x81'\n", ("--encoding", "cp1252"), "is not CP1252: byte 5 is 0x81"),
        (b"x = 1\n", ("--encoding", "utf-16"), "--encoding utf-16: no encoding that can be read here"),
        (b"x = 1\n", ("--encoding", "iso2022_jp"), "--encoding iso2022_jp: no encoding that can be read here"),
        (b"x = 1\n", ("--encoding", "hex"), "--encoding hex: no encoding that can be read here"),
        (b"x = 1\n", ("--encoding", "klingon"), "--encoding klingon: no encoding that can be read here"),
    ],
)
def test_what_is_in_another_encoding(
    complete: Run, tmp_path: Path, data: bytes, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "other.py"
    path.write_bytes(data)
    done = complete(f"{path}:1:1", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_seed_samples_and_gives_the_same_each_time(complete: Run, file: Path) -> None:
    assert complete(f"{file}{AT}", "--seed", "1").out == " sum((a, b))"
    assert complete(f"{file}{AT}", "--seed", "1").out == " sum((a, b))"


def test_candidates(complete: Run, file: Path) -> None:
    plain = complete(f"{file}{AT}", "--candidates", "3").out
    assert plain == " a + b\n----\n sum((a, b))\n----\n b + a"
    data = json.loads(complete(f"{file}{AT}", "--candidates", "3", "--json").out)
    assert [each["insert"] for each in data["alternatives"]] == [" sum((a, b))", " b + a"]


def test_max_tokens(complete: Run, file: Path) -> None:
    assert complete(f"{file}{AT}", "--max-tokens", "1", "--json").out.count('"end": "token-limit"') == 1


def test_show_sets_the_completion_apart_and_gives_the_facts(
    complete: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    done = complete(f"add.py{AT}", "--show")
    assert done.code == 0
    assert "─ add.py:2:11 ─" in done.out
    marked = [line for line in done.out.splitlines() if "│ + " in line]
    assert len(marked) == 1
    assert "return a + b" in marked[0]
    for fact in ("model", "fake", "tokens", "first token", "total"):
        assert fact in done.out


def test_show_prints_no_control_characters_and_no_markup(
    complete: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "[red]odd.py").write_bytes(b"# \x1b[2J [bold]\r\nx = 1\f\r\nreturn")
    done = complete("[red]odd.py:3:7", "--show")
    assert (done.code, "\x1b" in done.out, "\f" in done.out) == (0, False, False)
    assert "─ [red]odd.py:3:7 ─" in done.out
    assert "[bold]" in done.out
    assert [line for line in done.out.splitlines() if "│ + 3 return a + b" in line]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{file}", "is not a place in a file: write PATH:LINE:COL"),
        ("{file}:2", "is not a place in a file"),
        ("{file}:two:1", "is not a place in a file"),
        ("2:1", "which file? write PATH:2:1"),
        ("{file}:0:1", "line 0 does not exist: lines go from 1 to 3"),
        ("{file}:4:1", "line 4 does not exist: lines go from 1 to 3"),
        ("{file}:2:12", "column 12 does not exist: line 2 has columns 1 to 11"),
        ("{file}:2:0", "column 0 does not exist"),
        ("{folder}/missing.py:1:1", "there is no file"),
        ("{folder}:1:1", "is a folder: give a file"),
        ("{folder}/binary:1:1", "is binary (it has NUL bytes)"),
        ("{folder}/latin1.py:1:1", "is not UTF-8: byte 1 is 0xe9"),
        ("{folder}/.env:1:1", "is excluded by `.env` in the built-in secrets: it is never read"),
        ("{folder}/link.py:1:1", "is excluded"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(complete: Run, file: Path, place: str, message: str) -> None:
    (file.parent / "binary").write_bytes(b"\x7fELF\0\0")
    (file.parent / "latin1.py").write_bytes(b"#\xe9")
    (file.parent / ".env").write_text("TOKEN=1", "utf-8")
    (file.parent / "link.py").symlink_to(file.parent / ".env")
    done = complete(place.format(file=file, folder=file.parent))
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("copilot-lsp: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "options", [("--max-tokens", "0"), ("--line", "--block"), ("--json", "--show"), ("--candidates", "many")]
)
def test_wrong_options_are_one_line_and_exit_code_2(complete: Run, file: Path, options: tuple[str, ...]) -> None:
    done = complete(f"{file}{AT}", *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_script_that_is_none_is_wrong_usage(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["complete", f"{file}{AT}", "--engine", "fake", "--fake-script", str(file)]
    assert main(arguments) == 2
    assert "is not a script for the fake engine" in capsys.readouterr().err


def test_no_model_is_exit_code_1_and_names_the_command(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from copilot_lsp.models import registry

    monkeypatch.setattr(registry, "cache_folder", lambda: tmp_path)
    assert main(["complete", f"{file}{AT}", "--model", "smollm2-135m"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("is not on this machine: run `copilot-lsp models pull smollm2-135m`\n")


def test_a_dead_engine_is_exit_code_1(complete: Run, tmp_path: Path) -> None:
    path = tmp_path / "die.py"
    path.write_text("die", "utf-8")
    done = complete(f"{path}:1:4")
    assert (done.code, done.out) == (1, "")
    assert done.err == "copilot-lsp: the engine is restarting: the engine process ended (scripted)\n"


def test_a_streamed_text_that_is_cut_later_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = Document.open("file:///a.py", "a.py", "python", 0, "", 1000).snapshot()
    query = Query(snapshot, 0, Trigger.INVOKED)
    long, short = (Completion("1", text, 0, 0, Shape.LINE, None) for text in ("a + b)", "a + b"))
    plain = output.Plain(query, stream=True)
    plain.grow(long)
    plain.finish(output.Result(query, Answer((short,)), EngineStatus(EngineState.READY), 0))
    captured = capsys.readouterr()
    assert captured.out == "a + b)"
    assert captured.err == "copilot-lsp: what --stream printed is not the final text: it was cut after it was printed\n"
