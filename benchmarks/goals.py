"""Goals and what was found, as rows for the table in README.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """`reached` None: not measured."""

    measure: str
    goal: str
    found: str
    reached: bool | None


def markdown(found: Mapping[str, Sequence[Goal]]) -> str:
    """A column for each model, a row for each goal; the first model has them all."""
    columns = [{each.measure: each for each in goals} for goals in found.values()]
    rows = [_row("measure", "goal", *found), "|---" * (2 + len(found)) + "|"]
    for measure, first in columns[0].items() if columns else ():
        rows.append(_row(measure, first.goal, *(_told(goals.get(measure)) for goals in columns)))
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _told(goal: Goal | None) -> str:
    if goal is None or goal.reached is None:
        return f"not measured: {goal.found}" if goal and goal.found else "not measured"
    return goal.found if goal.reached else f"missed: {goal.found}"
