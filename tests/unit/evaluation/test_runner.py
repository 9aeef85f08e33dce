"""Cases through the pipeline and past it, with the scripted engine; and going on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from problems import DOUBLE, replayed, suite

from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases import suites
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.run import runner
from copilot_lsp.evaluation.run.outcome import Outcome
from copilot_lsp.evaluation.run.record import Record
from copilot_lsp.evaluation.run.runner import Contender, Mode
from copilot_lsp.settings import Settings

RULES = (
    ScriptedAnswer(after=r"\n$", text="    return 2 * number"),
    ScriptedAnswer(after=r"total = $", text="1 + 2", confidence=0.1),
    ScriptedAnswer(after=r"many = $", text="1\nmore = 2\nlast = 3"),
    ScriptedAnswer(after=r"dies = $", dies=True),
    ScriptedAnswer(after=r"broken = $", text=")))"),
)
EDITOR = Mode()
CONTENDER = Contender("scripted", "1", runner.settings_for(Settings()))


async def answers(
    cases: Sequence[Case], mode: Mode = EDITOR, record: Record | None = None, rules: Sequence[ScriptedAnswer] = RULES
) -> dict[str, Outcome]:
    engine, found = FakeEngine(rules), {}
    await engine.start()
    await runner.run(
        engine, CONTENDER, cases, mode, record or Record(None), lambda case, outcome: found.update({case.id: outcome})
    )
    await engine.close()
    return found


async def one(case: Case, mode: Mode = EDITOR) -> Outcome:
    return (await answers([case], mode))[case.id]


async def test_the_pipeline_completes_and_keeps_what_is_not_confident() -> None:
    outcome = await one(replayed("total = ", "1 + 2"))
    assert (outcome.text, outcome.shape, outcome.silence, outcome.confidence) == ("1 + 2", "line", "", 0.1)
    assert (outcome.raw, outcome.trace) == ("1 + 2", ((4, 0.1), (5, 0.1)))
    assert outcome.milliseconds is not None
    assert outcome.tokens > 0


async def test_a_replay_is_silent_where_an_editor_would_be_unless_invoked() -> None:
    case = replayed("total = ", "1", "word and more words\n")
    silent = await one(case)
    assert (silent.text, silent.silence, silent.milliseconds) == ("", "mid-word", None)
    assert (await one(case, Mode(invoked=True))).text == "1 + 2"


async def test_shape_rules_count_in_the_pipeline_and_not_without() -> None:
    case = replayed("broken = ", "1")
    assert (await one(case)).silence == "breaks-syntax"
    assert (await one(case, Mode(bare=True))).text == ")))"


async def test_bare_takes_as_many_lines_as_the_truth_has() -> None:
    assert (await one(replayed("many = ", "1"), Mode(bare=True))).text == "1"
    assert (await one(replayed("many = ", "1\nmore = 2"), Mode(bare=True))).text == "1\nmore = 2"


async def test_bare_sends_prefix_and_suffix_as_they_are() -> None:
    engine = FakeEngine(RULES)
    await engine.start()
    case = replayed("x = 1\n" * 2000 + "many = ", "1", "\n" + "y = 2\n" * 2000)
    await runner.run(engine, CONTENDER, [case], Mode(bare=True), Record(None), lambda *_: None)
    request = engine.requests[-1]
    assert (request.prefix, request.suffix, request.cuts) == (case.prefix, case.suffix, ())


async def test_programs_are_run(tmp_path: Path) -> None:
    (case,) = suites.read(suite(tmp_path / "own.jsonl", DOUBLE))
    outcome = await one(case)
    assert (outcome.text, outcome.passed) == ("    return 2 * number", True)
    wrong = (await answers([case], rules=(ScriptedAnswer(after=r"\n$", text="    return 1"),)))[case.id]
    assert (wrong.passed, wrong.verdict) == (False, "AssertionError")


async def test_a_crash_is_a_failure_of_its_case_only() -> None:
    cases = [replayed("dies = ", "1"), replayed("total = ", "1 + 2")]
    for mode in (Mode(), Mode(bare=True)):
        died, fine = (await answers(cases, mode)).values()
        assert "the engine process ended" in died.failure
        assert (fine.failure, fine.text) == ("", "1 + 2")


async def test_nothing_of_a_case_is_left_for_the_next() -> None:
    cases = [replayed("total = ", "1 + 2"), replayed("many = ", "1")]
    engine = FakeEngine(RULES)
    await engine.start()
    await runner.run(engine, CONTENDER, cases, Mode(), Record(None), lambda *_: None)
    documents = [request.document for request in engine.requests]
    assert documents[0] == documents[2] == "empty"
    assert len(set(documents)) == 3
    assert [request.limits.max_tokens for request in engine.requests][::2] == [0, 0]


def recalled(
    cases: Sequence[Case], record: Record, contender: Contender = CONTENDER, mode: Mode = EDITOR
) -> tuple[list[Case], list[Outcome]]:
    found = []
    missing = runner.recall(contender, cases, mode, record, lambda case, outcome: found.append(outcome))
    return missing, found


async def test_what_is_recorded_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    cases = [replayed("total = ", "1 + 2"), replayed("dies = ", "1"), replayed("many = ", "1")]
    done = await answers(cases, record=Record(path))
    missing, found = recalled(cases, Record(path))
    assert missing == [cases[1]]  # failures are tried again
    assert found == [done[cases[0].id], done[cases[2].id]]
    for other in (Mode(bare=True), Mode(invoked=True)):
        assert recalled(cases, Record(path), mode=other)[1] == []
    assert recalled(cases, Record(path), Contender("scripted", "2", CONTENDER.settings))[1] == []


async def test_a_record_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "done.jsonl"
    cases = [replayed("total = ", "1 + 2"), replayed("many = ", "1")]
    await answers(cases, record=Record(path))
    path.write_bytes(path.read_bytes()[:-30])
    missing, _ = recalled(cases, Record(path))
    assert missing == [cases[1]]
    await answers(missing, record=Record(path))
    assert recalled(cases, Record(path))[0] == []


def test_another_file_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"mine": 1}), "utf-8")
    with pytest.raises(UsageError, match="is not a record"):
        Record(path)
    with pytest.raises(UsageError, match="cannot be used as a record"):
        Record(tmp_path)
