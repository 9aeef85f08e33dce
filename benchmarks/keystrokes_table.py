"""The goals of `keystrokes.py`, and whether a run reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.goals import Goal
from copilot_lsp.evaluation.typing.measures import BY_NAME, ratio, value
from copilot_lsp.evaluation.typing.session import Typed
from copilot_lsp.evaluation.typing.table import Run, told, told_ratio


@dataclass(frozen=True, slots=True)
class Bound:
    """On a measure of ours or, with `is_ratio`, on ours to the peer's: at least or at most `limit`."""

    measure: str
    title: str
    goal: str
    limit: float
    is_least: bool = False
    is_ratio: bool = True

    def holds(self, ours: float, others: float) -> bool:
        """Without dividing, so that a peer with nothing is one to compare with; nothing of ours is never enough."""
        limit = self.limit * others
        return ours >= limit and ours > 0 if self.is_least else ours <= limit


BOUNDS = (
    Bound("keystrokes_saved", "keystrokes saved", ">= 1.5", 1.5, is_least=True),
    Bound("fully_right", "ghosts fully right", ">= 75 %", 0.75, is_least=True, is_ratio=False),
    Bound("wrong_characters", "wrong characters per 100 written", "<= 1/3", 1 / 3),
    Bound("flicker", "ghosts that flickered", "0", 0.0, is_ratio=False),
    Bound("time_to_ghost_p50_ms", "time to ghost, p50", "<= 0.5", 0.5),
)


def goals(run: Run, seed: int = 0) -> list[Goal]:
    """Of the first of `run`, next to the second; without a second, those that need none."""
    return [_compared(bound, run, seed) if bound.is_ratio else _alone(bound, run, seed) for bound in _of(run)]


def _of(run: Run) -> Sequence[Bound]:
    return [bound for bound in BOUNDS if len(run) > 1 or not bound.is_ratio]


def _compared(bound: Bound, run: Run, seed: int) -> Goal:
    measure, (ours, peer) = BY_NAME[bound.measure], list(run)[:2]
    title = f"{bound.title}, {ours} / {peer}"
    first, second = (value(measure, run[name], seed) for name in (ours, peer))
    if first is None or second is None:
        return Goal(title, bound.goal, "", None)
    between = told_ratio(ratio(measure, run[ours], run[peer], seed))
    found = f"{between}: {told(measure, first)} and {told(measure, second)}; n = {len(run[ours])} places"
    if not bound.is_least and not _ghosts(run[peer]):
        return Goal(title, bound.goal, f"{peer} showed nothing; {ours} {told(measure, first)}", None)
    return Goal(title, bound.goal, found, bound.holds(first.value, second.value))


def _alone(bound: Bound, run: Run, seed: int) -> Goal:
    measure, names = BY_NAME[bound.measure], list(run)[:2]
    ours = value(measure, run[names[0]], seed)
    texts = [f"{told(measure, value(measure, run[name], seed))} of {_ghosts(run[name])}" for name in names]
    found = "; ".join([texts[0], *(f"{name} {text}" for name, text in zip(names[1:], texts[1:], strict=True))])
    return Goal(f"{bound.title}, {names[0]}", bound.goal, found, None if ours is None else bound.holds(ours.value, 1.0))


def _ghosts(typed: Sequence[Typed]) -> int:
    return sum(len(each.seen) for each in typed)
