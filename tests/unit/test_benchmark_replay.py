"""The steps that the latency benchmark plays are edits of one file, and its jumps go where they say."""

from __future__ import annotations

import random
from itertools import pairwise

from benchmarks.replay import NEAR, Kind, steps
from copilot_lsp.evaluation.typing.assistant import Scene
from copilot_lsp.evaluation.typing.language_server import change_between
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.rpc import Message

ABOVE = "".join(f"value_{number} = compute(number, {number})\n" for number in range(90))
PLACE = Place("a.py:91", "python", "a.py", ABOVE, "def area(width):\n    return width\n", "\n\nend = 1\n")


def whole(scene: Scene) -> str:
    return scene.place.before + scene.left + scene.right + scene.place.after


def cursor(scene: Scene) -> int:
    return len(scene.place.before) + len(scene.left)


def test_the_changes_that_are_sent_make_each_scene() -> None:
    trace = steps(PLACE, 12, random.Random(3))
    text = whole(trace[0].scene)
    for old, new in pairwise(trace):
        text = applied(text, change_between(old.scene, new.scene))
        assert text == whole(new.scene)


def applied(text: str, change: Message | None) -> str:
    if change is None:
        return text
    lines = text.split("\n")
    start, end = (
        sum(len(line) + 1 for line in lines[: at["line"]]) + at["character"]
        for at in (change["range"]["start"], change["range"]["end"])
    )
    return text[:start] + str(change["text"]) + text[end:]


def test_a_trace_types_jumps_comes_back_and_types_again() -> None:
    trace = steps(PLACE, 12, random.Random(3))
    kinds = [step.kind for step in trace]
    assert kinds[:13] == [Kind.OPEN, *[Kind.KEY] * 12]
    assert kinds[13:15] == [Kind.JUMP, Kind.BACK]
    assert set(kinds[15:]) == {Kind.RETYPE}
    assert [step.scene.change for step in trace] == list(range(len(trace)))
    typed, jump, back = (trace[number].scene for number in (12, 13, 14))
    assert abs(whole(typed).count("\n", 0, cursor(typed)) - whole(jump).count("\n", 0, cursor(jump))) > NEAR
    assert whole(back)[: cursor(back)].endswith("def area(wid")
    assert trace[-1].scene.left == "def area(wid"


def test_a_file_of_one_line_has_no_jump() -> None:
    alone = Place("a.py:1", "python", "a.py", "", "value = 1", "\n")
    assert {step.kind for step in steps(alone, 5, random.Random(0))} == {Kind.OPEN, Kind.KEY}
