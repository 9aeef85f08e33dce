"""The steps that the latency benchmark plays are edits of one file, and its jumps go where they say."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from benchmarks import latency_table
from benchmarks.goals import markdown
from benchmarks.played import Answered, Played
from benchmarks.replay import NEAR, Habit, Kind, steps
from copilot_lsp.evaluation.typing.assistant import Scene, Usage
from copilot_lsp.evaluation.typing.language_server import change_between
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.rpc import Message

ABOVE = "".join(f"value_{number} = compute(number, {number})\n" for number in range(90))
PLACE = Place("a.py:91", "python", "a.py", ABOVE, "def area(width):\n    return width * width\n", "\n\nend = 1\n")


def whole(scene: Scene) -> str:
    return scene.place.before + scene.left + scene.right + scene.place.after


def cursor(scene: Scene) -> int:
    return len(scene.place.before) + len(scene.left)


@pytest.mark.parametrize("habit", Habit)
def test_the_changes_that_are_sent_make_each_scene(habit: Habit) -> None:
    trace = steps(PLACE, 12, random.Random(3), habit)
    text = whole(trace[0].scene)
    for old, new in pairwise(trace):
        text = applied(text, change_between(old.scene, new.scene))
        assert text == whole(new.scene)
    assert [step.scene.change for step in trace] == list(range(len(trace)))


def applied(text: str, change: Message | None) -> str:
    if change is None:
        return text
    lines = text.split("\n")
    start, end = (
        sum(len(line) + 1 for line in lines[: at["line"]]) + at["character"]
        for at in (change["range"]["start"], change["range"]["end"])
    )
    return text[:start] + str(change["text"]) + text[end:]


@pytest.mark.parametrize("habit", Habit)
def test_every_habit_types_as_many_keys(habit: Habit) -> None:
    trace = steps(PLACE, 12, random.Random(3), habit)
    assert [step.kind for step in trace[:7]] == [Kind.OPEN, *[Kind.KEY] * 6]
    assert [step.kind for step in trace].count(Kind.KEY) == 12
    typed = "def area(width):\n    re" if habit is Habit.PASTES else "def area(wid"
    assert trace[-1].scene.left.startswith(typed)


def test_a_jump_goes_far_and_comes_back() -> None:
    trace = steps(PLACE, 12, random.Random(3), Habit.JUMPS)
    typed, jump, back, key = (trace[number].scene for number in (6, 7, 8, 9))
    assert [step.kind for step in trace[7:9]] == [Kind.JUMP, Kind.BACK]
    assert abs(whole(typed).count("\n", 0, cursor(typed)) - whole(jump).count("\n", 0, cursor(jump))) > NEAR
    assert whole(back)[: cursor(back)].endswith("def ar")
    assert whole(key)[: cursor(key)].endswith("def are")


def test_what_is_deleted_is_typed_again() -> None:
    trace = steps(PLACE, 12, random.Random(3), Habit.RETYPES)
    lefts = [step.scene.left for step in trace if step.kind is Kind.RETYPE]
    assert lefts == ["def a", "def ", "def", "de", "def", "def ", "def a", "def ar"]


def test_a_file_of_one_line_has_no_jump() -> None:
    alone = Place("a.py:1", "python", "a.py", "", "value = 1", "\n")
    assert {step.kind for step in steps(alone, 5, random.Random(0), Habit.JUMPS)} == {Kind.OPEN, Kind.KEY}


def test_the_goals_are_told_as_rows() -> None:
    def trace(milliseconds: float, evaluated: int) -> Played:
        keys = [Answered(Kind.KEY, milliseconds, True, evaluated)] * 3
        jump = [Answered(kind, milliseconds, True) for kind in (Kind.JUMP, Kind.BACK)]
        return Played("a.py:1", "python", [*keys, *jump], Usage())

    found = {"ours": [trace(10, 2)] * 2, "peer": [trace(100, 90)] * 2}
    goals = latency_table.goals(found)
    assert [goal.reached for goal in goals] == [False, False, True, True, True]
    assert markdown({"found": goals}).splitlines()[2].startswith("| a key, mean, ours / peer | <= 0.06 | missed: 0.10")
    (alone,) = latency_table.goals({"ours": [trace(10, 4)]})
    assert not alone.reached
