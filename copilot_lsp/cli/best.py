"""`copilot-lsp models best`: finds, downloads, fits and chooses the best model for this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from copilot_lsp import config, models
from copilot_lsp.cli import pulling, tuned
from copilot_lsp.cli.tune import SECONDS, end_in_good_order, entries_of
from copilot_lsp.config.files import ORIGIN
from copilot_lsp.config.machine import this_machine
from copilot_lsp.errors import UsageError
from copilot_lsp.models import Entry, trim
from copilot_lsp.tuning import bench, best, store
from copilot_lsp.tuning.run import Found, Plan, thread_counts, tune
from copilot_lsp.tuning.speed import Speed

ENGLISH = "Is your code commented in English only? A smaller, quicker copy can be made then."


@dataclass(frozen=True, slots=True)
class Options:
    """`budget` in milliseconds, from a key to the first text. `yes`: download without a question."""

    budget: int
    yes: bool
    english: bool


def run(options: Options) -> None:
    """Raises UsageError where nobody can be asked, ModelError, EngineError."""
    if not (options.yes or sys.stdin.isatty()):
        raise UsageError("`models best` asks before it downloads: run it in a terminal, or add --yes")
    end_in_good_order()
    store.check()
    plan = Plan(entries_of(None), thread_counts(this_machine().cores), SECONDS, options.budget)
    with tuned.progress() as tools:
        found = tune(plan, tools, bench.opened)
    store.write(tuned.chosen(found, plan.entries, options.budget)[1])  # what follows may be interrupted
    person = best.Person((lambda *_: True) if options.yes else _wants, _pull, _say)
    if entry := best.subject(found, models.load().models, options.budget, person):
        found = best.together(found, _fitted(entry, plan, options))
    choice, profile = tuned.chosen(found, plan.entries, options.budget)
    tuned.show(found, choice, profile, store.write(profile))
    _say_override()


def _fitted(entry: Entry, plan: Plan, options: Options) -> Found:
    is_english = options.english
    if trim.is_worth_it(entry) and not (options.english or options.yes):
        is_english = _agrees(ENGLISH, False)
    with tuned.progress() as tools:
        return best.fitted(entry, plan, is_english, tools, bench.opened)


def _wants(entry: Entry, speed: Speed) -> bool:
    return _agrees(f"{_offer(entry, speed)} Download it?", True)


def _offer(entry: Entry, speed: Speed) -> str:
    size = f"{entry.size / 1e6:,.0f} MB, licence {entry.licence}"
    return f"{entry.name} is better and should be fast enough: about {speed.key_ms:.0f} ms a key ({size})."


def _agrees(question: str, default: bool) -> bool:
    """What is not an answer is asked again; the end of the input is a no."""
    while True:
        print(f"{question} [{'Y/n' if default else 'y/N'}] ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        answer = line.strip().lower()
        if answer in ("y", "yes", "n", "no") or not answer:
            return bool(line) and (default if not answer else answer.startswith("y"))


def _pull(name: str) -> None:
    with pulling.shown(False) as report:
        models.pull(name, report)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say_override() -> None:
    loaded = config.load()
    if (origin := loaded.origins.get("model")) not in (None, ORIGIN):
        _say(f"but {origin} sets another model, which wins: {loaded.settings.model}")
