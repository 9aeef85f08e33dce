"""One `tune` run: measures all models that are here in turn, then estimates the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil

from copilot_lsp import models
from copilot_lsp.errors import EngineError, ModelError
from copilot_lsp.models import Entry, trim
from copilot_lsp.tuning import copy, fourbits
from copilot_lsp.tuning.bench import Bench
from copilot_lsp.tuning.estimate import estimated
from copilot_lsp.tuning.measure import Task, Tools, measured
from copilot_lsp.tuning.speed import Speed

NOISY = 1.5
"""If repetitions differ by this factor, other programs are running."""

BUSY = 30.0
"""Percent of the CPUs that something else takes before the measurements."""

COMPARED_SHARE = 0.3
"""Of a model's seconds, to compare a copy with its original."""

Open = Callable[[Path], AbstractContextManager[Bench]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`entries` are here; `threads` to try, the default first; `seconds` for all measurements, without loading."""

    entries: Sequence[Entry]
    threads: Sequence[int]
    seconds: float
    budget_ms: float
    requantize: bool = False


@dataclass(slots=True)
class Found:
    """`notes`: a line each, for people. `busy`: other programs were running meanwhile."""

    speeds: list[Speed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    busy: bool = False


def tune(plan: Plan, tools: Tools, open: Open) -> Found:
    """Raises EngineError when no model could be measured."""
    found = Found(notes=list(_battery()), busy=psutil.cpu_percent(0.5) > BUSY)
    for index, entry in enumerate(plan.entries):
        try:
            _one(plan, entry, _part(tools, index, len(plan.entries)), open, found)
        except (EngineError, ModelError) as error:
            found.notes.append(f"{entry.name} was left out: {error}")
    if not found.speeds:
        raise EngineError("; ".join(found.notes) or "no model could be measured: run `copilot-lsp doctor`")
    found.busy |= max(speed.noise for speed in found.speeds) > NOISY
    if found.busy:
        found.notes.append(
            "other programs were running, so the measurements are too slow; tune again when the machine is idle"
        )
    found.speeds += _estimates(found.speeds, {entry.name for entry in plan.entries})
    return found


def present() -> list[Entry]:
    """The models with a name that are here, can fill in and fit, the smallest first."""
    found = []
    for entry in models.load().models.values():
        try:
            models.find(entry.name)
        except ModelError:
            continue
        if entry.fim and models.fits(entry):
            found.append(entry)
    return sorted(found, key=lambda entry: entry.size)


def thread_counts(cores: int) -> list[int]:
    """Worth a try: all cores first; where there are more, some left for the editor and the language servers."""
    return list(dict.fromkeys(max(1, count) for count in (cores, cores * 3 // 4, cores // 2)))


def _one(plan: Plan, entry: Entry, tools: Tools, open: Open, found: Found) -> None:
    seconds = plan.seconds / len(plan.entries)
    task = Task(entry.name, entry.path, plan.threads, seconds, plan.budget_ms)
    with open(entry.path) as loaded:
        speed = measured(loaded, task, tools)
        found.speeds.append(speed)
        if speed.safe:
            found.notes.append(f"{entry.name} runs in safe mode only: see `copilot-lsp doctor`")
        if plan.requantize:
            try:
                found.notes.append(_copied(entry, speed, loaded, task, tools, open, found))
            except OSError as error:
                found.notes.append(f"{entry.name}: no copy was made: {error.strerror or error}")
    found.notes += _advice(plan, entry)


def _advice(plan: Plan, entry: Entry) -> Iterator[str]:
    """Recommendations of copies that may be faster and do not exist yet."""
    if models.is_path(entry.name):
        return
    if not plan.requantize and not fourbits.is_requantized(entry) and fourbits.could_gain(entry.path):
        yield f"{entry.name}: `copilot-lsp tune --requantize` tries a copy that may be quicker here"
    if trim.is_worth_it(entry):
        command = f"copilot-lsp models trim {entry.name}"
        yield f"{entry.name}: `{command}` makes a smaller, quicker copy for code with English comments"


def _copied(entry: Entry, speed: Speed, old: Bench, task: Task, tools: Tools, open: Open, found: Found) -> str:
    """Make a copy and keep it if it is faster and about as good; returns the outcome. Raises EngineError, OSError."""
    if reason := _no_copy(entry):
        return f"{entry.name}: no copy was made: {reason}"
    part = replace(task, seconds=task.seconds * COMPARED_SHARE)
    race = fourbits.quickest(entry, old, speed.config, part, tools, open)
    name = fourbits.name_of(entry)
    told = f"{name} ({race.grid.name}): {race.after:.0f} ms a key instead of {race.before:.0f} (n = {race.n})"
    if race.after > copy.GAIN * race.before:
        return f"{told}: not kept"
    writing = partial(tools.report, f"{entry.name}: rounding the weights of a copy")
    with fourbits.quantized(entry, race.grid, old, speed.config.threads, writing) as file:
        with open(file) as new:
            holes = copy.holes()
            report = partial(tools.report, f"{entry.name}: filling {len(holes)} holes")
            quality = copy.compare(copy.filled(old, holes, report), copy.filled(new, holes, report))
            told += f", {quality}"
            if not quality.is_worth(race.before, race.after):
                return f"{told}: not kept"
            quick = measured(new, replace(part, model=name, threads=[speed.config.threads]), tools)
        kept = copy.keep(entry, file, fourbits.way(entry, race.grid), quality)
    found.speeds.append(replace(quick, path=kept.path))
    return f"{told}: kept"


def _no_copy(entry: Entry) -> str:
    """Why no copy is made, "" if one may be. Raises OSError, ModelCorrupt."""
    if models.is_path(entry.name):
        return "it has no name"
    if fourbits.is_requantized(entry):
        return "it is itself such a copy"
    if fourbits.name_of(entry) in models.load().models:
        return f"{fourbits.name_of(entry)} is here already"
    if trim.name_of(entry) in models.load().models:
        return "one of its trimmed copy is quicker"
    if not fourbits.could_gain(entry.path):
        return "its weights are of such a type already"
    if models.memory_needed(2 * entry.size, entry.shape) > psutil.virtual_memory().available:
        return "there is too little memory for both at once"
    models.cache_folder().mkdir(parents=True, exist_ok=True)
    if 2 * entry.size > shutil.disk_usage(models.cache_folder()).free:
        return f"there is too little room in {models.cache_folder()}"
    return ""


def _estimates(here: Sequence[Speed], tried: Collection[str]) -> Iterator[Speed]:
    """Of the models that fit and were not tried, from the measured one whose file is nearest in size."""
    known = {*tried, *(speed.model for speed in here)}
    for entry in models.load().models.values():
        if entry.name in known or not entry.fim or not models.fits(entry):
            continue
        nearest = min(here, key=lambda speed: _distance(entry, speed))
        if speed := estimated(entry, nearest):
            yield speed


def _distance(entry: Entry, speed: Speed) -> float:
    size = speed.path.stat().st_size if speed.path else 0
    return max(entry.size, size) / max(1, min(entry.size, size))


def _part(tools: Tools, index: int, count: int) -> Tools:
    """Reports shares of the whole."""
    return Tools(tools.clock, lambda what, share: tools.report(what, (index + share) / count))


def _battery() -> Iterator[str]:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and battery.power_plugged is False:
        yield "on battery: measurements may be slower than on mains power; tune again with the charger"
