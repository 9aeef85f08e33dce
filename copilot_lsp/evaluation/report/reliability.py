"""The reliability plot: how often texts are right, by the probability that the model gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from copilot_lsp.evaluation.report.calibration import Bin, Calibration
from copilot_lsp.evaluation.report.plots import Axis, Line, curves
from copilot_lsp.evaluation.report.statistics import wilson

TITLE = "Calibration: on the diagonal, 7 of 10 texts with probability 0.7 are right"


def figure(found: Mapping[str, Calibration | None]) -> str:
    """By the model's name; "" when none has probabilities. The bars are 95 % intervals, below is a row for each bin."""
    known = {name: each for name, each in found.items() if each is not None}
    if not known:
        return ""
    # A model without probabilities keeps its colour, as in the legend.
    lines = [_line(name, each) for name, each in found.items()]
    errors = "; ".join(f"{name} {each.error:.3f} (n = {each.count})" for name, each in known.items())
    caption = f"{TITLE}. Expected calibration error: {errors}"
    svg = curves(lines, Axis("joint probability", 1), Axis("right", 1), diagonal=True)
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}{_table(known)}</figure>"


def _line(name: str, calibration: Calibration | None) -> Line:
    bins = calibration.bins if calibration else ()
    points = [(each.probability, each.right, _told(each)) for each in bins]
    return Line(name, points, [_interval(each) for each in bins])


def _told(bin: Bin) -> str:
    return f"{bin.right:.1%} of {bin.count} right ({_span(bin)})"


def _table(found: Mapping[str, Calibration]) -> str:
    titles = ("probability", "right (95 % interval)", "n")
    head = "".join(f'<th class="number">{title}</th>' for title in titles)
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(_rows(found))}</tbody></table>"


def _rows(found: Mapping[str, Calibration]) -> Iterator[str]:
    for name, calibration in found.items():
        for each in calibration.bins:
            cells = (f"{each.probability:.2f}", f"{each.right:.1%} ({_span(each)})", str(each.count))
            numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
            yield f"<tr><td>{escape(name)}</td>{numbers}</tr>"


def _span(bin: Bin) -> str:
    low, high = _interval(bin)
    return f"{low:.1%} to {high:.1%}"


def _interval(bin: Bin) -> tuple[float, float]:
    return wilson(round(bin.right * bin.count), bin.count)
