"""The reliability plot: how often texts are right, by the probability that the model gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from copilot_lsp.evaluation.report.calibration import Bin, Calibration
from copilot_lsp.evaluation.report.plots import Axis, Line, curves
from copilot_lsp.evaluation.report.statistics import wilson

TITLE = "Calibration: on the diagonal, 7 of 10 texts with probability 0.7 are right"


def figure(found: Mapping[str, Calibration | None]) -> str:
    """By the model's name; "" when none has probabilities."""
    known = {name: each for name, each in found.items() if each is not None}
    if not known:
        return ""
    lines = [Line(name, list(_points(each))) for name, each in known.items()]
    errors = "; ".join(f"{name} {each.error:.3f}" for name, each in known.items())
    caption = f"{TITLE}. Expected calibration error: {errors}"
    svg = curves(lines, Axis("joint probability", 1), Axis("right", 1), diagonal=True)
    return f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>"


def _points(calibration: Calibration) -> Iterator[tuple[float, float, str]]:
    for each in calibration.bins:
        yield each.probability, each.right, _told(each)


def _told(bin: Bin) -> str:
    low, high = wilson(round(bin.right * bin.count), bin.count)
    return f"{bin.right:.1%} of {bin.count} right ({low:.1%} to {high:.1%})"
