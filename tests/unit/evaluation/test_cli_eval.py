"""`copilot-lsp eval` with the fake engine: what it prints and writes, its exit codes, gates and comparisons."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from commands import Command, Run
from problems import DOUBLE, ECHO, suite

from copilot_lsp.evaluation.run import runner
from copilot_lsp.evaluation.run.outcome import Outcome

NAMES = [f"name{number}" for number in range(20)]
CODE = "".join(f"{name} = call({name!r})\n" for name in NAMES)
KNOWN = [
    {"after": f"{name} = call.*\n$", "text": f"name{number} = call('name{number}')"}
    for number, name in enumerate(NAMES, 1)
    if number % 2
]
RULES: list[dict[str, Any]] = [
    {"after": r"def double\(number\):\n$", "text": "    return 2 * number"},
    {"after": r"dies = $", "dies": True},
    *({**rule, "confidence": 0.95} for rule in KNOWN),
    {"after": r"", "text": "unknown = '<script>'", "confidence": 0.6},
]
"""Every second line after the first is known, and surely."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "code"
    path.mkdir()
    (path / "a.py").write_text(CODE, "utf-8")
    return path


@pytest.fixture
def evaluate(command: Command) -> Run:
    return command("eval", RULES)


def test_a_folder_gives_a_table_by_kind(evaluate: Run, folder: Path) -> None:
    done = evaluate(folder, "--cases", 6, "--kind", "line", "--kind", "mid")
    assert (done.code, done.err) == (0, "")
    rows = [line.split() for line in done.out.splitlines()]
    assert [row[:2] for row in rows[:4]] == [["cases", "n"], ["all", "6"], ["line", "3"], ["mid", "3"]]
    assert "pass@1" not in done.out


def test_json_holds_cases_measures_and_how_it_was_done(evaluate: Run, folder: Path) -> None:
    data = json.loads(evaluate(folder, "--cases", 12, "--seed", 3, "--json", "-").out)
    assert data["options"]["seed"] == 3
    assert data["options"]["complete"] is True
    assert data["summary"]["default"]["all"]["exact_match"] > 0
    assert set(data["summary"]["default"]) == {"all", "line", "mid", "pair"}  # there are no blocks in it
    case = data["cases"][0]
    result = case["results"]["default"]
    assert (case["kind"], case["id"].endswith(" line")) == ("line", True)
    assert result["score"]["exact"] == (case["truth"] == result["text"])
    assert data["sweep"]["default"][0]["threshold"] == 0


def test_the_same_twice(evaluate: Run, folder: Path) -> None:
    def run() -> object:
        data = json.loads(evaluate(folder, "--cases", 9, "--json", "-").out)
        return [(case["id"], case["results"]["default"]["text"]) for case in data["cases"]]

    assert run() == run()


def test_a_threshold_hides_and_a_sweep_shows_what_others_would(evaluate: Run, folder: Path) -> None:
    arguments = (folder, "--cases", 12, "--kind", "line")
    assert " low-confidence" in evaluate(*arguments, "--confidence", "0.9").out
    done = evaluate(*arguments, "--sweep")
    assert "confidence" in done.out
    assert "0.7 " in done.out


def test_suites_are_known_by_their_keys_and_run(evaluate: Run, tmp_path: Path) -> None:
    both = suite(tmp_path / "both.jsonl.gz", DOUBLE, ECHO)
    data = json.loads(evaluate(both, "--json", "-").out)
    passed = {case["suite"]: case["results"]["default"]["passed"] for case in data["cases"]}
    assert passed == {"infilling": True, "safim": False}
    assert data["options"]["sandbox"]
    assert (data["options"]["mode"], data["options"]["confidence"]) == ("invoked", None)
    only = json.loads(evaluate(both, "--kind", "control", "--json", "-").out)
    assert [case["suite"] for case in only["cases"]] == ["safim"]


def test_several_models_are_compared_with_the_first(evaluate: Run, folder: Path) -> None:
    done = evaluate(folder, "--cases", 6, "--kind", "mid", "--model", "base", "--model", "ours")
    assert done.code == 0
    assert "6 cases in common" in done.out
    header = next(line for line in done.out.splitlines() if line.startswith("measure"))
    assert header.split()[:3] == ["measure", "base", "ours"]


def test_bounds_are_a_gate(evaluate: Run, folder: Path) -> None:
    arguments = (folder, "--cases", 6, "--kind", "line")
    assert evaluate(*arguments, "--min", "exact_match=0.1", "--max", "latency_p95_ms=100000").code == 0
    done = evaluate(*arguments, "--min", "exact_match=0.999", "--min", "pass_at_1=0.1", "--max", "shown=0.5")
    assert done.code == 1
    missed = done.err.splitlines()
    assert len(missed) == 3
    assert missed[0].startswith("copilot-lsp: default: exact_match is ")
    assert missed[0].endswith("%, below 99.9%")
    assert missed[1] == "copilot-lsp: default: pass_at_1 was not measured in these cases"
    assert missed[2] == "copilot-lsp: default: shown is 100.0%, above 50.0%"


def test_two_runs_are_compared_over_what_both_did(evaluate: Run, folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    evaluate(folder, "--cases", 6, "--kind", "line", "--json", first)
    evaluate(folder, "--cases", 4, "--kind", "line", "--json", second, "--confidence", "0.99", "--model", "other")
    done = evaluate("--compare", first, second)
    assert done.code == 0
    assert "4 cases in common" in done.out
    row = next(line for line in done.out.splitlines() if line.startswith("shown"))
    assert row.split()[1:] == ["100.0%", "0.0%", "-100.0", "-100.0", "to", "-100.0", "*"]


def test_runs_that_have_nothing_in_common_are_not_compared(evaluate: Run, folder: Path, tmp_path: Path) -> None:
    first, second, broken = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    evaluate(folder, "--cases", 2, "--kind", "line", "--json", first)
    evaluate(folder, "--cases", 2, "--kind", "mid", "--json", second)
    broken.write_text('{"format": 1}', "utf-8")
    assert "no case in common" in evaluate("--compare", first, second).err
    assert "is not what `copilot-lsp eval --json` writes" in evaluate("--compare", first, broken).err
    assert "leave PATH out" in evaluate(folder, "--compare", first, second).err


class Page(HTMLParser):
    """Remembers tags and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]


def test_the_report_needs_nothing_else_and_runs_nothing(evaluate: Run, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert evaluate(folder, "--cases", 60, "--html", path, "--model", "<b>", "--model", "ours").code == 0
    text, page = path.read_text("utf-8"), Page()
    page.feed(text)
    assert page.links == []
    assert "script" not in page.tags
    assert "b" not in page.tags[page.tags.index("h2") :]
    assert "&lt;script&gt;" in text
    assert page.tags.count("svg") == 4
    assert "prefers-color-scheme: dark" in text


def test_a_crash_is_named_and_the_run_goes_on(evaluate: Run, tmp_path: Path) -> None:
    rows = [DOUBLE, DOUBLE | {"prompt": "dies = ", "task_id": "Dies/1", "canonical_solution": "1"}]
    done = evaluate(suite(tmp_path / "own.jsonl", *rows))
    assert done.code == 0
    assert "1 cases failed" in done.out
    assert "Dies/1: the engine is restarting: the engine process ended (scripted)" in done.out


def test_an_interrupted_run_says_how_to_go_on_and_does(
    evaluate: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "done.jsonl"
    answer, count = runner._outcome, 0

    async def interrupted(*arguments: Any) -> Outcome:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        return await answer(*arguments)

    monkeypatch.setattr(runner, "_outcome", interrupted)
    arguments = (folder, "--cases", 6, "--kind", "line", "--out", out)
    done = evaluate(*arguments)
    assert done.code == 130
    assert done.err == "copilot-lsp: interrupted: 2 of 6 are done, the same command goes on from there\n"
    assert done.out.splitlines()[1].split()[:2] == ["all", "2"]
    assert evaluate(*arguments).code == 0
    assert count == 3 + 4  # two of the six were done
    assert evaluate(*arguments).code == 0
    assert count == 7


def test_a_record_that_takes_no_more_ends_the_run_with_what_is_done(
    evaluate: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "done.jsonl"
    answer = runner._outcome

    async def lose_the_record(*arguments: Any) -> Outcome:
        if out.stat().st_size:
            out.unlink()
            out.mkdir()
        return await answer(*arguments)

    monkeypatch.setattr(runner, "_outcome", lose_the_record)
    done = evaluate(folder, "--cases", 3, "--kind", "line", "--out", out)
    assert done.code == 1
    assert done.err.startswith(f"copilot-lsp: {out} cannot be written: ")
    assert "1 of 3 are done" in done.err
    assert done.out.splitlines()[1].split()[:2] == ["all", "1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "what is to be completed?"),
        (("{folder}/missing",), "there is no file or folder"),
        (("{folder}", "--min", "speed=1"), "there is no measure 'speed': there are exact_match, "),
        (("{folder}", "--min", "shown"), "'shown' is not MEASURE=NUMBER"),
        (("{folder}", "--cases", "0"), "'0' is not a positive number"),
        (("{folder}", "--kind", "word"), "there is no kind 'word' in a folder: there are line, mid, pair, block"),
        (("{folder}", "--language", "klingon"), "there is no language 'klingon'"),
        (("{folder}", "--language", "go"), "has no source files to replay"),
        (("{folder}", "--suite", "safim"), "is a folder, and a suite is a file"),
        (("{folder}", "--model", "x", "--model", "x"), "the model x is given twice"),
        (("{folder}", "--out", "{folder}"), "cannot be used as a record"),
        (("{folder}", "--cases", "2", "--html", "{folder}"), "cannot be written"),
        (("--compare", "{folder}/no.json", "{folder}/a.py"), "cannot be read"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    evaluate: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = evaluate(*(argument.format(folder=folder) for argument in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
