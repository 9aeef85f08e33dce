"""What the answers of `context.py` come to: a row of a Markdown table for each group of places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from copilot_lsp.evaluation.report.statistics import interval, wilson

HEAD = (
    "| places | n | context found; has the name | exact without | exact with | difference, points | helped, harmed"
    " | log-probability, nats |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One place, `random` or looked for.

    Whether context was `found`, and whether it `named` what the right answer names of another file; whether all the
    `tokens` of the right text were the likeliest, and how surprising they were, without and with context.
    """

    model: str
    id: str
    language: str
    group: str
    random: bool
    found: bool
    named: bool
    exact_before: bool
    exact: bool
    nats_before: float
    nats: float
    tokens: int


GROUPS: Mapping[str, Callable[[Row], bool]] = {
    "names something of another file, new to this one": lambda row: row.group == "new",
    "names something of another file, known to this one": lambda row: row.group == "known",
    "drawn at random": lambda row: row.random,
}


def markdown(rows: Sequence[Row]) -> str:
    return "\n".join([HEAD, *_lines(rows)])


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    for title, is_in in GROUPS.items():
        yield from _line(title, [row for row in rows if is_in(row)])
    for language in dict.fromkeys(row.language for row in rows):
        named = [row for row in rows if row.language == language and row.group != "none"]
        yield from _line(f"{language}, names something of another file", named)


def _line(title: str, rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    steps = [int(row.exact) - int(row.exact_before) for row in rows]
    found = f"{sum(row.found for row in rows)}; {sum(row.named for row in rows)}"
    exact = f"{share([row.exact_before for row in rows])} | {share([row.exact for row in rows])}"
    changed = f"{steps.count(1)}, {steps.count(-1)} | {mean([row.nats_before - row.nats for row in rows], 2)}"
    yield f"| {title} | {len(rows)} | {found} | {exact} | {mean([100 * step for step in steps], 1)} | {changed} |"


def share(right: Sequence[bool]) -> str:
    low, high = wilson(sum(right), len(right))
    return f"{100 * sum(right) / len(right):.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def mean(values: Sequence[float], digits: int) -> str:
    """With its 95 % bootstrap interval."""
    amounts = np.array(values, dtype=float)
    low, high = interval(len(amounts), lambda counts: counts @ amounts / len(amounts))
    assert low is not None
    assert high is not None
    return f"{amounts.mean():+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
