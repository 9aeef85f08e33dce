"""`copilot-lsp tune`: measures this machine and chooses model and settings for it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copilot_lsp.cli import BUDGET_MS, positive, typed

if TYPE_CHECKING:
    from copilot_lsp.models import Entry

DESCRIPTION = """\
Measure how fast the models on this machine evaluate prompts and generate tokens, choose the best one that answers a
typical key in time, find the settings that suit it, and write the profile that the server uses. Takes about a minute;
run nothing else meanwhile. Options that you set yourself override the profile."""

TERMINATED = 143
"""128 + the number of the signal, as a shell reports SIGTERM."""

SECONDS, QUICK_SECONDS = 45, 10


@dataclass(frozen=True, slots=True)
class Options:
    budget: int
    quick: bool
    model: list[str] | None
    requantize: bool
    dry_run: bool
    json: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("tune", help="choose model and settings for this machine", description=DESCRIPTION)
    budget = f"milliseconds from a key to the first text (default: {BUDGET_MS})"
    parser.add_argument("--budget", type=positive, default=BUDGET_MS, metavar="MS", help=budget)
    parser.add_argument(
        "--quick", action="store_true", help=f"measure for {QUICK_SECONDS} seconds instead of {SECONDS}"
    )
    named = "measure only this model, and choose it; may be repeated"
    parser.add_argument("--model", action="append", metavar="NAME|PATH", help=named)
    copy = "also make copies with 4-bit weights and keep those that are faster here and about as good (takes minutes)"
    parser.add_argument("--requantize", action="store_true", help=copy)
    parser.add_argument("--dry-run", action="store_true", help="write no profile and keep no copy")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp.cli import tuned
    from copilot_lsp.config.machine import this_machine
    from copilot_lsp.errors import UsageError
    from copilot_lsp.tuning import bench, store
    from copilot_lsp.tuning.run import Plan, thread_counts, tune

    options = typed(arguments, Options)
    end_in_good_order()
    if options.dry_run and options.requantize:
        raise UsageError("--requantize keeps a copy, and --dry-run writes nothing: leave one out")
    if not options.dry_run:
        store.check()
    seconds = QUICK_SECONDS if options.quick else SECONDS
    threads = thread_counts(this_machine().cores)
    plan = Plan(entries_of(options.model), threads, seconds, options.budget, options.requantize)
    with tuned.progress() as tools:
        found = tune(plan, tools, bench.opened)
    choice, profile = tuned.chosen(found, plan.entries, options.budget)
    path = None if options.dry_run else store.write(profile)
    if options.json:
        print(json.dumps({**store.plain(profile), "notes": found.notes, "written": path and str(path)}, default=str))
    else:
        tuned.show(found, choice, profile, path)
    return 0


def end_in_good_order() -> None:
    """On SIGTERM, so that nothing half-made is left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))


def entries_of(names: list[str] | None) -> list[Entry]:
    """What is here, if none is named. Raises ModelMissing, ModelCorrupt for a model that was named and is not here."""
    from copilot_lsp import models
    from copilot_lsp.errors import ModelMissing
    from copilot_lsp.models.registry import File
    from copilot_lsp.tuning.run import present

    if not names and not (found := present()):
        raise ModelMissing("no model that can fill in is on this machine: see `copilot-lsp models list`")
    if not names:
        return found
    entries = []
    for name in names:
        path = models.find(name).path
        unnamed = models.Entry(str(path), path.stem, "", (File(str(path)),), size=path.stat().st_size)
        entries.append(unnamed if models.is_path(name) else models.load().get(name))
    return list({entry.path: entry for entry in entries}.values())
