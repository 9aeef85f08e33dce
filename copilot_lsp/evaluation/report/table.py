"""The tables that `copilot-lsp eval` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from copilot_lsp.evaluation.report.calibration import Calibration
from copilot_lsp.evaluation.report.measures import BY_NAME, MEASURES
from copilot_lsp.evaluation.report.results import Model, Results
from copilot_lsp.evaluation.report.statistics import Difference

FAILURES_SHOWN = 10


def overview(results: Results, seed: int, thresholds: bool) -> RenderableType:
    parts: list[RenderableType] = [_values(results)]
    for name, (count, found) in results.differences(seed).items() if results.cases else ():
        parts += [Text(), comparison(results.models[0].name, name, count, found)]
    for model in results.models:
        parts += [Text(), *_notes(model)]
        if thresholds:
            parts += [Text(), sweep_table(model)]
        if thresholds and model.calibration:
            parts += [Text(), calibration_table(model.name, model.calibration)]
    return Group(*parts)


def _plain(*columns: str, title: str = "") -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title or None, title_justify="left")
    table.title_style = "bold"
    for index, column in enumerate(columns):
        name = column == "model"  # the only one that may be long
        table.add_column(column, justify="right" if index else "left", no_wrap=not name, overflow="fold")
    return table


def _values(results: Results) -> Table:
    """A row for each group and model; columns without a value are left out."""
    rows = [
        (group, model, [id for id in ids if id in model.scores], results.summary(model, ids))
        for group, ids in results.groups().items()
        for model in results.models
    ]
    measures = [each for each in MEASURES if any(values[each.name] is not None for _, _, _, values in rows)]
    several = len(results.models) > 1
    names = ["cases", *(["model"] if several else []), "n", *(each.title for each in measures)]
    table = _plain(*names)
    for group, model, ids, values in rows:
        shown = [Text(group if model is results.models[0] else "")]
        shown += [Text(model.name)] if several else []
        shown += [Text(str(len(ids))), *(Text(each.text(values[each.name])) for each in measures)]
        last = model is results.models[-1]
        table.add_row(*shown, end_section=last)
    return table


def comparison(base: str, other: str, count: int, found: Sequence[Difference]) -> Table:
    """Differences with their intervals; a star where the interval leaves out 0."""
    table = _plain("measure", base, other, "difference", "95 % interval", "", title=f"{count} cases in common")
    for each in found:
        measure = BY_NAME[each.measure]
        milliseconds = measure.quantile is not None
        low, high = (_signed(value, milliseconds) for value in (each.low, each.high))
        better = (each.other > each.base) == measure.more_is_better
        style = ("green" if better else "red") if each.is_sure else ""
        table.add_row(
            each.measure,
            measure.text(each.base),
            measure.text(each.other),
            Text(_signed(each.other - each.base, milliseconds), style),
            f"{low} to {high}" if each.low is not None else "–",
            "*" if each.is_sure else "",
        )
    return table


def _signed(value: float | None, milliseconds: bool) -> str:
    if value is None:
        return "–"
    return f"{round(value):+d} ms" if milliseconds else f"{100 * value:+.1f}"


def sweep_table(model: Model) -> Table:
    table = _plain("confidence", "shown", "right when shown", "keys saved", title=f"thresholds for {model.name}")
    rates = BY_NAME["shown"]
    for point in model.sweep:
        values = (point.shown, point.right_when_shown, point.keystrokes_saved)
        table.add_row(f"{point.threshold:g}", *(rates.text(value) for value in values))
    return table


def calibration_table(name: str, honest: Calibration) -> Table:
    title = f"probability and truth for {name}: expected calibration error {honest.error:.3f}"
    table = _plain("probability", "right", "n", title=title)
    for each in honest.bins:
        table.add_row(f"{each.probability:.2f}", f"{each.right:.2f}", str(each.count))
    for share, floor in honest.floors:
        table.add_row(f"{share:.0%} are right at", "–" if floor is None else f"{floor:.2f}", "")
    return table


def _notes(model: Model) -> Iterator[Text]:
    if model.silences:
        reasons = ", ".join(f"{count} {reason}" for reason, count in model.silences.most_common())
        yield Text(f"{model.name}: nothing shown: {reasons}")
    failures = model.failures
    if failures:
        yield Text(f"{model.name}: {len(failures)} cases failed", "bold red")
    for id, message in list(failures.items())[:FAILURES_SHOWN]:
        yield Text(f"  {id}: {message}", "red")
