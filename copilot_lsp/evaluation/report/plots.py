"""Plots as inline SVG; colours and fonts come from the page's style sheet (classes c0, c1, ...)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 26, 12, 44
COLOURS = 6
"""Classes that the style sheet has; more models begin again with the first."""

BAR, GAP, NAME, VALUE = 16, 10, 110, 60


@dataclass(frozen=True, slots=True)
class Line:
    """`points` are (x, y, what a pointer over it is told); `spans` the lowest and the highest y of each, if known."""

    name: str
    points: Sequence[tuple[float, float, str]]
    spans: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """From 0 to `top`; `text` makes the labels of the ticks."""

    title: str
    top: float
    text: str = "{:.0%}"

    def tick(self, number: int, ticks: int = 4) -> tuple[float, str]:
        return number / ticks, self.text.format(self.top * number / ticks)


def rounded(top: float) -> float:
    """The next 1, 2, 4 or 8 times a power of ten, whose quarters make good ticks."""
    power = 10.0 ** math.floor(math.log10(max(top, 1.0)))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= top)


def curves(lines: Sequence[Line], across: Axis, up: Axis, dots: bool = True, diagonal: bool = False) -> str:
    """Lines over a grid."""
    body = [_grid(across, up)]
    if diagonal:
        body.append(f'<path class="grid dashed" d="M{_x(0):.1f} {_y(0):.1f}L{_x(1):.1f} {_y(1):.1f}"/>')
    for index, line in enumerate(lines):
        places = [(_x(x / across.top), _y(y / up.top), told) for x, y, told in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        body.append(f'<polyline class="line c{index % COLOURS}" points="{path}"/>')
        body += [
            f'<path class="span c{index % COLOURS}" d="M{x:.1f} {_y(low / up.top):.1f}V{_y(high / up.top):.1f}"/>'
            for (x, _, _), (low, high) in zip(places, line.spans, strict=False)
        ]
        if dots:
            body += [
                f'<circle class="dot c{index % COLOURS}" cx="{x:.1f}" cy="{y:.1f}" r="3.5">'
                f"<title>{escape(f'{line.name}: {told}')}</title></circle>"
                for x, y, told in places
            ]
    return _svg(WIDTH, HEIGHT, f"{up.title} by {across.title}", body)


def bars(groups: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """A group of bars for each name, a bar for each model; values from 0 to 1."""
    body: list[str] = []
    y = TOP
    room = WIDTH - NAME - VALUE
    for name, values in groups:
        middle = y + BAR * len(values) / 2 + 4
        body.append(f'<text class="end" x="{NAME - 8}" y="{middle:.1f}">{escape(name)}</text>')
        for index, value in enumerate(values):
            share = value or 0.0
            width = max(1.0, room * share)
            body.append(
                f'<rect class="bar c{index % COLOURS}" x="{NAME}" y="{y}" width="{width:.1f}" height="{BAR - 3}"/>'
                f'<text x="{NAME + width + 6:.1f}" y="{y + BAR - 5}">{"–" if value is None else f"{share:.1%}"}</text>'
            )
            y += BAR
        y += GAP
    return _svg(WIDTH, y, "bars", body)


def legend(names: Sequence[str]) -> str:
    entries = (
        f'<span class="key"><i class="c{index % COLOURS}"></i>{escape(name)}</span>' for index, name in enumerate(names)
    )
    return f'<p class="legend">{"".join(entries)}</p>'


def _grid(across: Axis, up: Axis) -> str:
    parts = []
    for number in range(5):
        share, label = across.tick(number)
        x = _x(share)
        parts.append(f'<line class="grid" x1="{x}" y1="{_y(0)}" x2="{x}" y2="{_y(1)}"/>')
        parts.append(f'<text class="middle" x="{x}" y="{_y(0) + 16}">{label}</text>')
        share, label = up.tick(number)
        y = _y(share)
        parts.append(f'<line class="grid" x1="{_x(0)}" y1="{y}" x2="{_x(1)}" y2="{y}"/>')
        parts.append(f'<text class="end" x="{_x(0) - 6}" y="{y + 4}">{label}</text>')
    parts.append(f'<text class="middle title" x="{_x(0.5)}" y="{HEIGHT - 8}">{escape(across.title)}</text>')
    turn = f'transform="translate(12 {_y(0.5)}) rotate(-90)"'
    parts.append(f'<text class="middle title" {turn}>{escape(up.title)}</text>')
    return "".join(parts)


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _svg(width: int, height: float, label: str, body: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(label)}">' + "".join(body) + "</svg>"
    )
