"""`models best`: downloads the best model that should answer in time on this machine, makes the copies that are quicker
here, and measures them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from copilot_lsp import models
from copilot_lsp.errors import DownloadFailed, EngineError, ModelError
from copilot_lsp.models import Entry, trim
from copilot_lsp.tuning import run, trimmed
from copilot_lsp.tuning.choose import choose
from copilot_lsp.tuning.copy import TYPIST_MS
from copilot_lsp.tuning.measure import Tools
from copilot_lsp.tuning.run import Found, Open, Plan
from copilot_lsp.tuning.speed import Speed


@dataclass(frozen=True, slots=True)
class Person:
    """`wants` a model before it is downloaded (with its estimated speed), `pull` shows the download and raises
    DownloadFailed, and `hears` a line.
    """

    wants: Callable[[Entry, Speed], bool]
    pull: Callable[[str], object]
    hears: Callable[[str], None]


def got(candidates: Sequence[Speed], entries: Mapping[str, Entry], person: Person) -> Entry | None:
    """The first of the models, the best first, that can be downloaded; None when the person wants none, or none can be
    had. Raises ModelError for a fault of this machine, such as a full disk.
    """
    for speed in candidates:
        entry = entries[speed.model]
        if not person.wants(entry, speed):
            return None
        try:
            person.pull(entry.name)
        except DownloadFailed as error:
            person.hears(str(error))
        else:
            return entry
    return None


def is_worth_fitting(speed: Speed) -> bool:
    """Whether quicker copies would be felt: what answers before a typist's next key gains nothing."""
    return speed.key_ms > TYPIST_MS


def fitted(entry: Entry, plan: Plan, is_english: bool, tools: Tools, open: Open) -> Found:
    """The model and the copies of it that were kept, measured. `is_english`: a copy without tokens of other languages
    may be made. Raises EngineError when nothing could be measured.
    """
    notes: list[str] = []
    if is_english and trim.is_worth_it(entry):
        try:
            trimmed.make(entry, tools.report, open)
        except (EngineError, ModelError, OSError) as error:
            notes.append(f"{entry.name}: no trimmed copy was made: {error}")
    here = models.load().models
    entries = [entry, *(here[name] for name in [trim.name_of(entry)] if name in here)]
    found = run.tune(replace(plan, entries=entries, requantize=True), tools, open)
    return replace(found, notes=[*notes, *found.notes])


def together(first: Found, second: Found) -> Found:
    """What was measured in either, the newer where it was in both; and the newer guesses of what was guessed before."""
    new = {speed.model for speed in second.speeds if not speed.estimated}
    old = [speed for speed in first.speeds if not speed.estimated and speed.model not in new]
    guessed = {speed.model for speed in first.speeds if speed.estimated}
    speeds = [speed for speed in second.speeds if not speed.estimated or speed.model in guessed]
    notes = list(dict.fromkeys([*first.notes, *second.notes]))
    return Found([*old, *speeds], notes, first.busy or second.busy)


def subject(found: Found, entries: Mapping[str, Entry], budget_ms: float, person: Person) -> Entry | None:
    """The model to fit: one that was just downloaded, or else the one in use, where that would be felt."""
    choice = choose(found.speeds, entries, budget_ms)
    if entry := got(choice.better, entries, person):
        return entry
    used = entries.get(choice.use.model)
    return used if used and not used.copy_of and is_worth_fitting(choice.use) else None
