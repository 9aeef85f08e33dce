"""What the typing benchmark says about several models: a column of goals for each, and what it keeps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import keystrokes, keystrokes_table
from benchmarks.goals import Goal, markdown
from benchmarks.ways import file_of, share_a_file
from copilot_lsp import models
from copilot_lsp.errors import EngineFailed, ModelMissing
from copilot_lsp.evaluation.typing.assistant import Offer, Scene, Usage
from copilot_lsp.evaluation.typing.screen import Fate, Seen
from copilot_lsp.evaluation.typing.session import Typed
from copilot_lsp.evaluation.typing.typist import Person, Verdict


def typed(keys: int, *seen: Seen) -> Typed:
    """A place of 100 keys, with so many pressed."""
    return Typed("a.py:1", "python", 100, 100, {"character": keys}, seen, (), (), 0, Usage(), 1.0)


def ghost(verdict: Verdict, wrong: int, wait: float, fate: Fate = Fate.TYPED) -> Seen:
    return Seen("text", verdict, wrong, wait, False, fate)


RIGHT = ghost(Verdict.FULL, 0, 0.1)
WRONG = ghost(Verdict.WRONG, 6, 0.3)


class TestGoals:
    def test_each_is_measured_next_to_the_peer(self) -> None:
        ours, peer = typed(60, RIGHT, RIGHT, RIGHT, WRONG), typed(80, WRONG, WRONG, WRONG)
        found = keystrokes_table.goals({"ours": [ours] * 3, "peer": [peer] * 3})
        assert [(goal.measure, goal.reached) for goal in found] == [
            ("keystrokes saved, ours / peer", True),
            ("ghosts fully right, ours", True),
            ("wrong characters per 100 written, ours / peer", True),
            ("ghosts that flickered, ours", True),
            ("time to ghost, p50, ours / peer", True),
        ]
        assert found[0].found == "2.00 (2.00–2.00): 40.0% (40.0–40.0) and 20.0% (20.0–20.0); n = 3 places"
        assert found[1].found == "75.0% (75.0–75.0) of 12; peer 0.0% (0.0–0.0) of 9"

    def test_missed(self) -> None:
        flickering = ghost(Verdict.WRONG, 6, 0.3, Fate.FLICKERED)
        ours, peer = typed(75, RIGHT, flickering), typed(80, WRONG, WRONG)
        found = keystrokes_table.goals({"ours": [ours], "peer": [peer]})
        assert [goal.reached for goal in found] == [False, False, False, False, True]

    def test_a_peer_with_nothing_is_beaten_by_anything_but_nothing(self) -> None:
        nothing = typed(100)
        saved, _, wrong, _, waited = keystrokes_table.goals({"ours": [typed(99, RIGHT)], "peer": [nothing]})
        assert (saved.reached, saved.found) == (True, "–: 1.0% (1.0–1.0) and 0.0% (0.0–0.0); n = 1 places")
        assert (wrong.reached, waited.reached) == (None, None)
        assert markdown({"m": [wrong]}).endswith("| not measured: peer showed nothing; ours 0.0 (0.0–0.0) |")
        saved, *_ = keystrokes_table.goals({"ours": [nothing], "peer": [nothing]})
        assert not saved.reached

    def test_without_a_peer(self) -> None:
        found = keystrokes_table.goals({"ours": [typed(60, RIGHT)]})
        assert [goal.found for goal in found] == ["100.0% (100.0–100.0) of 1", "0.0% (0.0–0.0) of 1"]

    def test_a_column_for_each_model(self) -> None:
        first = [Goal("a", "0", "0 of 9", True), Goal("b", "1", "2", False)]
        assert markdown({"small": first, "large": first[:1]}).splitlines() == [
            "| measure | goal | small | large |",
            "|---|---|---|---|",
            "| a | 0 | 0 of 9 | 0 of 9 |",
            "| b | 1 | missed: 2 | not measured |",
        ]


def test_a_file_for_each_model() -> None:
    names = ["/m/coder-0.5b.gguf", "coder-0.5b-instruct"]
    files = [file_of(Path("out/found.json"), name, names).name for name in names]
    assert files == ["found.coder-0.5b.json", "found.coder-0.5b-instruct.json"]
    assert not share_a_file(names)
    assert share_a_file(["/m/coder-0.5b.gguf", "/n/coder-0.5b.gguf"])


class Oracle:
    """Suggests so many characters of what comes next; `fails` is raised at its second place."""

    def __init__(self, name: str, length: int, fails: BaseException | None = None) -> None:
        self.name, self.probability = name, 0.8 if name == "ours" else None
        self._length, self._fails = length, fails
        self._entered = 0
        self._hear: Callable[[Offer], None] = lambda _: None

    def listen(self, hear: Callable[[Offer], None]) -> None:
        self._hear = hear

    async def start(self) -> None: ...

    async def enter(self, scene: Scene) -> None:
        self._entered += 1
        if self._fails and self._entered == 2:
            raise self._fails
        self.changed(scene)

    def changed(self, scene: Scene) -> None:
        rest = scene.place.text[len(scene.left) :]
        self._hear(Offer(scene.change, rest[: self._length], probability=self.probability))

    def shown(self, offer: Offer) -> None: ...

    def taken(self, offer: Offer, length: int) -> None: ...

    async def evaluated(self) -> int | None: ...

    async def leave(self) -> Usage:
        return Usage()

    async def close(self) -> None: ...


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    (tmp_path / "code").mkdir()
    body = "(a):\n    b = a * 100 + g(a)\n    return h(a, b, 10) + a * 200 + b * 300 + a * b * 400\n\n\n"
    source = "".join(f"def f{number}{body}" for number in range(4))
    (tmp_path / "code" / "a.py").write_text(source, "utf-8")
    person = Person(words=1e9, reading=0.0, pause=0.0)
    monkeypatch.setattr(keystrokes, "Person", lambda **_: person)

    def main(*arguments: object, fails: BaseException | None = None, missing: str = "") -> int:
        def find(name: str) -> SimpleNamespace:
            if name == missing:
                raise ModelMissing(f"{name} is not here")
            return SimpleNamespace(path=Path(name))

        def assistants(ways: Sequence[str], model: Path, *_: object) -> Iterator[Oracle]:
            yield Oracle("ours", 12, fails if model == Path("large") else None)
            yield Oracle("peer", 4)

        monkeypatch.setattr(models, "find", find)
        monkeypatch.setattr(keystrokes, "assistants", assistants)
        named = ("--model", "small", "--model", "large", "--places", 2)
        monkeypatch.setattr(sys, "argv", ["keystrokes", str(tmp_path / "code"), *map(str, (*named, *arguments))])
        return keystrokes.main()

    return main


def test_two_models_are_told_side_by_side(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", tmp_path / "found.json", "--html", tmp_path / "found.html") == 0
    out = capsys.readouterr().out
    assert out.index("\nsmall\n") < out.index("\nlarge\n") < out.index("| measure | goal | small | large |")
    (saved,) = (line for line in out.splitlines() if line.startswith("| keystrokes saved, ours / peer | >= 1.5 |"))
    assert saved.count("; n = 2 places |") == 2
    for name in ("small", "large"):
        data = json.loads((tmp_path / f"found.{name}.json").read_text("utf-8"))
        assert (data["options"]["model"], data["options"]["n"]) == (name, 2)
    page = (tmp_path / "found.html").read_text("utf-8")
    assert page.count('<h1 class="model">') == page.count("Keystrokes saved") == 2


def test_the_report_needs_no_json(run: Callable[..., int], tmp_path: Path) -> None:
    assert run("--html", tmp_path / "found.html") == 0
    page = (tmp_path / "found.html").read_text("utf-8")
    assert "<svg" in page
    assert "Expected calibration error: ours 0.200" in page, "all are right, and each says that 8 of 10 are"
    assert "100.0% of " in page
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(("fails", "code"), [(KeyboardInterrupt(), 130), (EngineFailed("it died"), 1)])
def test_what_was_typed_before_an_interruption_counts(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], fails: BaseException, code: int
) -> None:
    assert run("--html", tmp_path / "found.html", fails=fails) == code
    said = capsys.readouterr()
    (saved,) = (line for line in said.out.splitlines() if line.startswith("| keystrokes saved, ours / peer"))
    assert ("; n = 2 places |" in saved, "; n = 1 places |" in saved) == (True, True)
    assert said.err.splitlines()[-1] in ("interrupted: the tables are of what is done", "keystrokes: it died")
    assert (tmp_path / "found.html").read_text("utf-8").count('<h1 class="model">') == 2


def test_a_model_that_is_missing_is_told_before_the_first_one_types(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(missing="large") == 1
    assert capsys.readouterr().err == "keystrokes: large is not here\n"
