"""What a replayed person does: keys, a jump to another place of the file and back, and deleting and typing again. Pure.

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


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    scene: Scene


def steps(place: Place, keys: int, rng: random.Random) -> list[Step]:
    """`keys` characters of `place`, one by one; then the jump, the way back and the retyping."""
    typed = place.text[:keys]
    made = [Step(Kind.OPEN, Scene(place, "", ""))]
    made += [Step(Kind.KEY, Scene(place, typed[:count], "")) for count in range(1, len(typed) + 1)]
    made += _elsewhere(place, typed, rng)
    return [Step(step.kind, replace(step.scene, change=number)) for number, step in enumerate(made)]


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
    fewer = [typed[: len(typed) - count] for count in range(1, RETYPED + 1)]
    yield from (Step(Kind.RETYPE, Scene(back, left, "")) for left in (*fewer, *fewer[-2::-1], typed))


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
