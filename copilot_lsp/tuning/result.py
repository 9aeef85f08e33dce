"""From measurements to the profile."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from copilot_lsp import models
from copilot_lsp.config.machine import fingerprint, this_machine
from copilot_lsp.config.profile import VERSION, Model, Pick, Profile
from copilot_lsp.models import Entry
from copilot_lsp.tuning.choose import Choice, options
from copilot_lsp.tuning.run import Found
from copilot_lsp.tuning.speed import Speed


def profile_of(choice: Choice, found: Found, budget_ms: float) -> Profile:
    """Raises OSError for a model file that is gone by now."""
    registry = models.load()
    made = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    chosen = Pick(choice.use.model, round(choice.use.key_ms, 1), why(choice, budget_ms))
    better = _better(choice.better[0], registry.models) if choice.better else None
    rows = tuple(_row(speed, budget_ms) for speed in found.speeds)
    return Profile(VERSION, made, float(budget_ms), this_machine(), chosen, better, rows, found.busy)


def why(choice: Choice, budget_ms: float) -> str:
    if choice.in_time:
        return f"the best model here that answers a typical key within {budget_ms:.0f} ms"
    return f"the quickest model here; none answers a typical key within {budget_ms:.0f} ms"


def _better(speed: Speed, entries: Mapping[str, Entry]) -> Pick:
    entry = entries[speed.model]
    what = f"{entry.size / 1e6:,.0f} MB, {entry.licence}"
    return Pick(speed.model, round(speed.key_ms, 1), f"better, and in time by an estimate ({what})")


def _row(speed: Speed, budget_ms: float) -> Model:
    name = speed.model
    names = (name, "default") if name == models.load().default else (name,)
    ms = {str(batch): round(each, 2) for batch, each in speed.ms.items()}
    if speed.path is None:
        return Model(name, names, round(speed.key_ms, 1), True, ms=ms)
    suited = options(speed, budget_ms, this_machine().cores)
    return Model(name, names, round(speed.key_ms, 1), False, str(speed.path), fingerprint(speed.path), ms, suited)
