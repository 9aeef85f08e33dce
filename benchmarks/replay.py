"""What a replayed person does: keys, and in the middle of them what their habit is. Pure.

A trace is a list of steps over one file; the same steps are played to every assistant.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from copilot_lsp.evaluation.typing.assistant import Scene
from copilot_lsp.evaluation.typing.places import Place

RETYPED = 4
"""Characters that are deleted and typed again."""

NEAR = 40
"""Lines: a jump goes farther than this where the file allows it."""


class Kind(StrEnum):
    OPEN = "opening the file"
    KEY = "a key"
    RETYPE = "deleting and typing again"
    JUMP = "a jump in the file"
    BACK = "back to where one was"
    PASTE = "the rest of a line at once"


class Habit(StrEnum):
    """What somebody does when half of the keys are typed."""

    TYPES = "types on"
    JUMPS = "changes a line elsewhere and comes back"
    RETYPES = "deletes a word and types it again"
    PASTES = "pastes the rest of the line"


HABITS = (Habit.TYPES, Habit.JUMPS, Habit.RETYPES, Habit.JUMPS, Habit.PASTES)
"""By turns: a jump is what takes longest, so there are to be several."""


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    scene: Scene


def steps(place: Place, keys: int, rng: random.Random, habit: Habit) -> list[Step]:
    """So many characters of `place`, one by one, and half-way what the habit says."""
    count = min(keys, len(place.text))
    half = count // 2
    made = [Step(Kind.OPEN, Scene(place, "", "")), *_typing(place, 0, half)]
    made += _interlude(place, half, rng, habit, len(place.text) - (count - half))
    here = made[-1].scene
    made += _typing(replace(here.place, text=place.text), len(here.left), len(here.left) + count - half)
    return [Step(step.kind, replace(step.scene, change=number)) for number, step in enumerate(made)]


def _typing(place: Place, start: int, end: int) -> Iterator[Step]:
    ends = range(start + 1, min(end, len(place.text)) + 1)
    return (Step(Kind.KEY, Scene(place, place.text[:end], "")) for end in ends)


def _interlude(place: Place, at: int, rng: random.Random, habit: Habit, most: int) -> Iterator[Step]:
    """`most`: characters that may be there after a paste, so that there is something left to type."""
    typed = place.text[:at]
    if habit is Habit.JUMPS:
        yield from _elsewhere(place, typed, rng)
    elif habit is Habit.RETYPES:
        fewer = [typed[: at - count] for count in range(1, min(RETYPED, at) + 1)]
        yield from (Step(Kind.RETYPE, Scene(place, left, "")) for left in (*fewer, *fewer[-2::-1], typed))
    elif habit is Habit.PASTES:
        end = place.text.find("\n", at, most) + 1
        yield Step(Kind.PASTE, Scene(place, place.text[: end or most], ""))


def _elsewhere(place: Place, typed: str, rng: random.Random) -> Iterator[Step]:
    """The rest of a line far away is deleted, as somebody does who goes there to change it."""
    here, document = len(place.before) + len(typed), place.before + typed + place.after
    if (spot := _far_line(document, here, rng)) is None:
        return
    start, end = spot
    yield Step(Kind.JUMP, Scene(_at(place, document[:start], document[end:]), "", ""))
    here -= end - start if end <= here else 0
    document = document[:start] + document[end:]
    before = document[:here]
    back = _at(place, before[: len(before) - len(typed)], document[here:])
    yield Step(Kind.BACK, Scene(back, typed, ""))


def _at(place: Place, before: str, after: str) -> Place:
    return replace(place, before=before, text="", after=after, pairs=())


def _far_line(document: str, here: int, rng: random.Random) -> tuple[int, int] | None:
    """Offsets of the second half of a line of code, from a word's beginning; None in a file without another line."""
    at = document.count("\n", 0, here)
    found, start = [], 0
    for number, line in enumerate(document.split("\n")):
        middle = line.find(" ", (len(line) + len(line) - len(line.lstrip())) // 2)
        if middle > 0 and len(line.strip()) >= 20 and number != at:
            found.append((abs(number - at) > NEAR, start + middle + 1, start + len(line)))
        start += len(line) + 1
    far = [each for each in found if each[0]] or found
    return rng.choice(far)[1:] if far else None
