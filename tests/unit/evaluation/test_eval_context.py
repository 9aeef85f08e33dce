"""`eval --context`: cases see what other files define, and nothing of their own file as it is on the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Command

from copilot_lsp.cli import knowing
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.evaluation.cases.replay import Draw
from copilot_lsp.evaluation.run import runner
from copilot_lsp.evaluation.run.outcome import Outcome
from copilot_lsp.evaluation.run.record import Record
from copilot_lsp.evaluation.run.runner import Contender, Mode
from copilot_lsp.settings import Settings
from copilot_lsp.workspace.index import store

CLIENT = 'class Client:\n    """Talks."""\n\n    def fetch_page(self, number: int) -> bytes:\n        return b""\n'
MAIN = "from app.client import Client\n\n\ndef main() -> None:\n    client = Client()\n" + "".join(
    f"    secret_truth_{number} = client.fetch_page({number})\n" for number in range(40)
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app/client.py").write_text(CLIENT)
    (root / "app/main.py").write_text(MAIN)
    monkeypatch.setattr(store, "file_of", lambda roots: tmp_path / "index.sqlite")
    return root


def cases_of(root: Path) -> list[Case]:
    found = replay.read(root, Draw(40, 0, (Kind.LINE, Kind.MID)), 100_000)
    return [case for case in found if case.path.endswith("main.py")]


@pytest.mark.parametrize("linked", [False, True])
def test_definitions_of_other_files_and_nothing_of_its_own(project: Path, linked: bool) -> None:
    root = project
    if linked:
        root = project.with_name("link")
        root.symlink_to(project)
    choose, cases, seen = knowing.chooser([root], Settings()), cases_of(root), 0
    for case in cases:
        chunks = choose(case)
        assert {chunk.path for chunk in chunks} <= {"app/client.py"}
        assert not any("secret_truth" in chunk.text for chunk in chunks)
        seen += any("fetch_page" in chunk.text for chunk in chunks)
    assert seen > len(cases) / 2


def test_a_case_of_a_suite_has_no_other_files(project: Path) -> None:
    (case, *_) = cases_of(project)
    choose = knowing.chooser([project], Settings())
    suite = Case(case.id, case.suite, case.kind, case.language, case.path, case.prefix, case.truth, case.suffix)
    assert choose(suite) == ()


def test_what_was_done_without_other_files_is_not_taken_for_done_with_them(project: Path, tmp_path: Path) -> None:
    cases, contender = cases_of(project), Contender("scripted", "1", Settings())
    record, told = Record(tmp_path / "done.jsonl"), list[Case]()
    for case in cases:
        record.put(contender.key(case, Mode()), "scripted", Outcome(case.id))
    mode = Mode(choose=knowing.chooser([project], Settings()))
    missing = runner.recall(contender, cases, mode, record, lambda case, _: told.append(case))
    assert missing == [case for case in cases if mode.choose(case)]
    assert runner.recall(contender, cases, Mode(), record, lambda *_: None) == []


def test_the_command(project: Path, command: Command) -> None:
    evaluate = command("eval", [{"after": "", "text": "x"}])
    done = evaluate(project, "--cases", 4, "--context", "--json", "-")
    assert (done.code, json.loads(done.out)["options"]["context"]) == (0, True)
    assert json.loads(evaluate(project, "--cases", 4, "--json", "-").out)["options"]["context"] is False
    for other in ("--bare", "--typing"):
        refused = evaluate(project, "--cases", 4, "--context", other)
        assert refused.code == 2
        assert "leave --context out" in refused.err
