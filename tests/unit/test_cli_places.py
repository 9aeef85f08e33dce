"""`copilot-lsp complete` for many places: one engine, a JSON line each, in order, each with its own exit code."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from commands import Command, Result, Run

from copilot_lsp.cli import engines
from copilot_lsp.engine.base import Done, Engine, InfillRequest, Piece
from copilot_lsp.engine.fake import FakeEngine

RULES: list[dict[str, Any]] = [
    {"after": r"return$", "text": " a + b"},
    {"after": r"die$", "dies": True},
]


@pytest.fixture
def complete(command: Command) -> Run:
    return command("complete", RULES)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "add.py").write_text("def add(a, b):\n    return\n", "utf-8")
    (tmp_path / "odd name:1.py").write_text("return", "utf-8")
    (tmp_path / "die.py").write_text("die", "utf-8")
    (tmp_path / ".env").write_text("TOKEN=1", "utf-8")
    return tmp_path


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_line_for_each_place_in_order_with_one_engine(
    complete: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Engine] = []
    create = engines.create

    def counted(*given: Any) -> Engine:
        made.append(create(*given))
        return made[-1]

    monkeypatch.setattr(engines, "create", counted)
    wanted = ["add.py:2:11", "odd name:1.py:1:7"] * 50
    done = complete(*wanted)
    found = lines(done)
    assert [each["place"] for each in found] == wanted
    assert {(each["exit"], each["insert"]) for each in found} == {(0, " a + b")}
    assert (done.code, done.err, len(made)) == (0, "", 1)


def test_several_at_a_time_come_out_in_order(complete: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is the slowest, and no more than asked for are with the engine at once."""
    running, most = 0, 0
    infill = FakeEngine.infill

    async def watched(self: FakeEngine, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(0.2 if request.path == "slow.py" else 0.01)
            async for item in infill(self, request):
                yield item
        finally:
            running -= 1

    monkeypatch.setattr(FakeEngine, "infill", watched)
    (folder / "slow.py").write_text("return", "utf-8")
    wanted = ["slow.py:1:7", *["add.py:2:11", "gone.py:1:1", "odd name:1.py:1:7"] * 4]
    for jobs in (1, 3):
        running = most = 0
        done = complete(*wanted, "--jobs", jobs)
        assert [each["place"] for each in lines(done)] == wanted
        assert [each["exit"] for each in lines(done)] == [0, *[0, 2, 0] * 4]
        assert most == jobs


def test_each_place_says_what_a_call_of_its_own_says(complete: Run, folder: Path) -> None:
    alone = [json.loads(complete(place, "--json").out) for place in ("add.py:2:11", "add.py:1:1")]
    together = lines(complete("add.py:2:11", "add.py:1:1"))
    for one, other in zip(alone, together, strict=True):
        assert {**one, "milliseconds": None} == {
            **{key: value for key, value in other.items() if key not in ("place", "exit")},
            "milliseconds": None,
        }


def test_a_bad_place_costs_only_itself(complete: Run, folder: Path) -> None:
    done = complete("add.py:9:1", "add.py:2:11", ".env:1:1", "gone.py:1:1", "add.py", "add.py:2:11")
    assert [each["exit"] for each in lines(done)] == [2, 0, 2, 2, 2, 0]
    assert done.code == 2
    assert "line 9 does not exist" in lines(done)[0]["error"]
    assert "is excluded by" in lines(done)[2]["error"]


def test_after_the_engine_died_the_next_place_is_served(complete: Run, folder: Path) -> None:
    done = complete("add.py:2:11", "die.py:1:4", "add.py:2:11")
    assert [each["exit"] for each in lines(done)] == [0, 1, 0]
    assert done.code == 1


@pytest.mark.parametrize("by_stdin", [True, False])
def test_json_lines(complete: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, by_stdin: bool) -> None:
    places = [
        '{"path": "add.py", "line": 2, "column": 11, "why": "ignored"}',
        "",
        "{",
        '{"path": "a\\u0000.py", "line": 2, "column": 1}',
        '{"path": "\\ud800", "line": 2, "column": 1}',
        '{"path": "add.py", "line": true, "column": 1}',
        '{"path": "add.py", "line": 2}',
        "[" * 100_000,
        '{"path": "odd name:1.py", "line": 1, "column": 7}',
    ]
    data = "\r\n".join(places).encode() + b"\n\xff\n"
    (folder / "places.jsonl").write_bytes(data)
    give_stdin(monkeypatch, data)
    done = complete("--from", "-" if by_stdin else "places.jsonl")
    assert [each["exit"] for each in lines(done)] == [0, 2, 2, 2, 2, 2, 2, 0, 2]
    name = "-" if by_stdin else "places.jsonl"
    assert lines(done)[1]["error"].startswith(f"--from {name}, line 3: not in the form")


def test_places_separated_by_nul(complete: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, b"odd name:1.py:1:7\0add.py:2:11\0")
    assert [each["insert"] for each in lines(complete("--stdin0"))] == [" a + b"] * 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "which place? write PATH:LINE:COL"),
        (("--from", "gone.jsonl"), "--from gone.jsonl: No such file"),
        (("--from", "."), "--from .: Is a directory"),
        (("--from", "-", "--stdin0"), "not allowed with"),
        (("a.py:1:1", "b.py:1:1", "--show"), "are for one place"),
        (("a.py:1:1", "b.py:1:1", "--stream"), "are for one place"),
        (("--from", "-", "--stdin"), "are for one place"),
    ],
)
def test_wrong_usage_is_one_line(complete: Run, folder: Path, options: tuple[str, ...], said: str) -> None:
    done = complete(*options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


def test_projects_that_need_different_engines_are_not_mixed(complete: Run, folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    (other / ".git").mkdir()
    (other / "add.py").write_text("return", "utf-8")
    (other / "copilot-lsp.toml").write_text("[context]\nprefixTokens = 100\n", "utf-8")
    done = complete("add.py:2:11", "other/add.py:1:7", "add.py:2:11")
    assert [each["exit"] for each in lines(done)] == [0, 2, 0]
    assert "need another engine" in lines(done)[1]["error"]
