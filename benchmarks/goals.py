"""Goals and what was found, as rows for the table in README.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """`reached` None: not measured."""

    measure: str
    goal: str
    found: str
    reached: bool | None


def markdown(goals: Sequence[Goal]) -> str:
    rows = [f"| {each.measure} | {each.goal} | {_verdict(each)}{each.found} |" for each in goals]
    return "\n".join(["| measure | goal | found |", "|---|---|---|", *rows])


def _verdict(goal: Goal) -> str:
    return {True: "", False: "missed: ", None: "not measured"}[goal.reached]
