"""What the answers of `orders.py` come to: a row of a Markdown table for each variant of the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.prompts import Variant
from copilot_lsp.evaluation.report.statistics import interval, wilson

COLUMNS = ("prompt", "n", "exact", "difference", "better, worse", "tokens a key", "tokens at a new place")


@dataclass(frozen=True, slots=True)
class Row:
    """One hole filled with one variant: `cold` tokens of the whole prompt, `keys` to evaluate for each key after it."""

    model: str
    places: str
    id: str
    variant: str
    exact: bool
    cold: int
    keys: list[int] = field(default_factory=list)


def markdown(rows: Sequence[Row], base: Variant, variants: Sequence[Variant]) -> str:
    """Differences are paired, in points, with `base`; intervals hold 95 %."""
    return "\n".join([f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", *lines(rows, base, variants)])


def lines(rows: Sequence[Row], base: Variant, variants: Sequence[Variant]) -> Iterator[str]:
    found = {(row.variant, row.id): row for row in rows}
    ids = list(dict.fromkeys(row.id for row in rows))
    for variant in variants:
        own = [found[variant.name, id] for id in ids if (variant.name, id) in found]
        pairs = [(found[base.name, row.id].exact, row.exact) for row in own if (base.name, row.id) in found]
        if own:
            is_base = variant.name == base.name
            name = f"**{variant.name}**" if is_base else variant.name
            compared = " | " if is_base else difference(pairs)
            yield f"| {name} | {len(own)} | {share(own)} | {compared} | {cost(own)} |"


def share(rows: Sequence[Row]) -> str:
    count = sum(row.exact for row in rows)
    low, high = wilson(count, len(rows))
    return f"{count / len(rows):.1%} ({100 * low:.1f} to {100 * high:.1f})".replace("%", " %")


def difference(pairs: Sequence[tuple[bool, bool]]) -> str:
    """In points, by the paired bootstrap, and how many holes each of the two fills alone."""
    steps = np.array([other - one for one, other in pairs], dtype=float)
    low, high = interval(len(steps), lambda counts: 100 * counts @ steps / len(steps))
    assert low is not None
    assert high is not None
    return f"{100 * steps.mean():+.1f} ({low:.1f} to {high:.1f}) | {(steps > 0).sum()}, {(steps < 0).sum()}"


def cost(rows: Sequence[Row]) -> str:
    """Means over the holes: of all keys at a hole first, then of the prompt."""
    keys = [np.mean(row.keys) for row in rows if row.keys]
    return f"{np.mean(keys):.1f} | {np.mean([row.cold for row in rows]):.0f}"
