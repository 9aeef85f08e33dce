"""The table of a typing simulation, and its measures as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from copilot_lsp.evaluation.typing.measures import MEASURES, Measure, T, Value, by_language, ratio, value
from copilot_lsp.evaluation.typing.session import Typed

Run = Mapping[str, Sequence[Typed]]
"""By the assistant's name; the same places in the same order."""


def overview(run: Run, seed: int = 0) -> RenderableType:
    """A table for all places, and keystrokes saved for each language where there are several."""
    first = next(iter(run.values()), [])
    parts: list[RenderableType] = [compared(MEASURES, run, seed)]
    if len(languages := by_language(first)) > 1:
        parts += [Text(), _saved(run, list(languages), seed)]
    return Group(*parts)


def _plain(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    return table


def compared(measures: Sequence[Measure[T]], run: Mapping[str, Sequence[T]], seed: int = 0) -> Table:
    """A row for each measure that was taken; the first of `run` is compared with each of the others."""
    names = list(run)
    count = len(run[names[0]]) if names else 0
    ratios = [f"{names[0]} / {name}" for name in names[1:]]
    table = _plain(f"{count} places", *names, *ratios)
    for measure in measures:
        found = [value(measure, run[name], seed) for name in names]
        if any(each is not None for each in found):
            between = [ratio(measure, run[names[0]], run[name], seed) for name in names[1:]]
            table.add_row(measure.title, *(told(measure, each) for each in found), *map(told_ratio, between))
    return table


def _saved(run: Run, languages: Sequence[str], seed: int) -> Table:
    measure = MEASURES[0]
    table = _plain(measure.title, "n", *run)
    groups = {name: by_language(typed) for name, typed in run.items()}
    for language in languages:
        count = len(next(iter(groups.values()))[language])
        table.add_row(
            language, str(count), *(told(measure, value(measure, each[language], seed)) for each in groups.values())
        )
    return table


def told(measure: Measure[T], found: Value | None) -> str:
    return _with_interval(measure.text, found)


def told_ratio(found: Value | None) -> str:
    return _with_interval("{:.2f}", found)


def _with_interval(text: str, found: Value | None) -> str:
    if found is None:
        return "–"
    if found.low is None or found.high is None:
        return text.format(found.value)
    low, high = (text.format(each).removesuffix(" ms").removesuffix("%") for each in (found.low, found.high))
    return f"{text.format(found.value)} ({low}–{high})"


def as_data(run: Run, options: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    """Everything, for the JSON file: options, measures by assistant and language, and each place as it was typed."""
    return {
        "kind": "typing",
        "options": dict(options),
        "assistants": {
            name: {
                "measures": {group: _measured(each, seed) for group, each in by_language(typed).items()},
                "places": [asdict(each) for each in typed],
            }
            for name, typed in run.items()
        },
    }


def _measured(typed: Sequence[Typed], seed: int) -> dict[str, Any]:
    found = {measure.name: value(measure, typed, seed) for measure in MEASURES}
    return {"n": len(typed), **{name: None if each is None else asdict(each) for name, each in found.items()}}
