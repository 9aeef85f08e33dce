"""`copilot-lsp models`: list, download, choose and delete models."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copilot_lsp.cli import BUDGET_MS, positive, typed

if TYPE_CHECKING:
    from copilot_lsp.models import Entry

Subparsers = argparse._SubParsersAction

ACTIONS = (
    ("pull", "download a model into your cache folder and verify it; resumes an interrupted download"),
    ("info", "print the metadata of a model's file, and whether it fits this machine"),
    ("path", "print the path of a model's file"),
    ("verify", "check a model's file against its checksum"),
    ("trim", "make a smaller, quicker copy without the tokens that code with English comments does not use (minutes)"),
    ("rm", "delete a downloaded model, or forget an added one"),
    ("use", "set `model` in your copilot-lsp.toml"),
)


@dataclass(frozen=True, slots=True)
class Named:
    model: str


@dataclass(frozen=True, slots=True)
class Shown:
    model: str
    json: bool


@dataclass(frozen=True, slots=True)
class Added:
    file: str
    name: str | None


BEST = """\
Find the best model for this machine: measure the models that are here, estimate the others, download the best one that
should answer a typical key in time, make the copies that are quicker here, and use what proved best. Takes some
minutes; let nothing else run. Interrupted, it continues where it was."""


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    summary = "list, download, verify and choose models"
    parser = subparsers.add_parser("models", help=summary, description=f"{summary.capitalize()}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the named models, and which are on this machine")
    listing.add_argument("--json", action="store_true", help="print a JSON list, for editors")
    _add_best(actions)
    for name, what in ACTIONS:
        action = actions.add_parser(name, help=what, description=f"{what.capitalize()}.")
        if name in ("trim", "rm", "use"):
            action.add_argument("model", help="name or path" if name == "use" else "name")
        else:
            help = "name or path (default: the default model)"
            action.add_argument("model", nargs="?", default="default", help=help)
        if name in ("pull", "info"):
            action.add_argument("--json", action="store_true", help="print JSON, for editors")
    what = "give a name to a GGUF file: a path, a web address, or hub:OWNER/NAME/FILE[@REVISION]"
    add = actions.add_parser("add", help=what, description=f"{what.capitalize()}.")
    add.add_argument("file", help="where it is; `pull` downloads it and records its checksum")
    add.add_argument("--name", help="its name (default: that of the file)")


def _add_best(actions: Subparsers[argparse.ArgumentParser]) -> None:
    what = "find, download, fit and use the best model for this machine (minutes)"
    best = actions.add_parser("best", help=what, description=BEST)
    budget = f"milliseconds from a key to the first text (default: {BUDGET_MS})"
    best.add_argument("--budget", type=positive, default=BUDGET_MS, metavar="MS", help=budget)
    best.add_argument("--yes", action="store_true", help="download without asking")
    english = "comments are in English only: make a copy without the tokens of other languages too"
    best.add_argument("--english", action="store_true", help=english)


def run(arguments: argparse.Namespace) -> int:
    action = arguments.action
    if action == "list":
        _list(arguments.json)
    elif action == "add":
        _add(typed(arguments, Added))
    elif action == "best":
        from copilot_lsp.cli import best

        best.run(typed(arguments, best.Options))
    elif action in ("pull", "info"):
        {"pull": _pull, "info": _info}[action](typed(arguments, Shown))
    else:
        {"path": _path, "verify": _verify, "trim": _trim, "rm": _rm, "use": _use}[action](typed(arguments, Named).model)
    return 0


def _list(as_json: bool) -> None:
    from copilot_lsp.cli import listing

    listing.print_json() if as_json else listing.print_table()


def _pull(options: Shown) -> None:
    from copilot_lsp import models
    from copilot_lsp.cli import pulling
    from copilot_lsp.errors import UsageError

    if models.is_path(options.model):
        raise UsageError(f"{options.model} is a path: `copilot-lsp models add` gives a file a name")
    _say_licence(models.load().get(options.model))
    with pulling.shown(options.json) as report:
        model = models.pull(options.model, report)
    pulling.done(model, options.json)


def _say_licence(entry: Entry) -> None:
    from copilot_lsp import models

    notice = models.notice(entry)
    more = f"; {notice} (Ctrl-C stops the download)" if notice else ""
    print(f"{entry.name}: licence {entry.licence}{more}", file=sys.stderr, flush=True)


def _info(options: Shown) -> None:
    from copilot_lsp.cli import info

    info.show(options.model, options.json)


def _path(name: str) -> None:
    from copilot_lsp import models

    print(models.find(name).path)


def _verify(name: str) -> None:
    from copilot_lsp import models
    from copilot_lsp.cli import pulling

    with pulling.shown(False) as report:
        model = models.verify(name, report)
    known = not models.is_path(name) and models.load().get(name).sha256
    print(f"{model.path}: a GGUF file{', its checksum is right' if known else ''}")


def _trim(name: str) -> None:
    from copilot_lsp import models
    from copilot_lsp.cli import tuned
    from copilot_lsp.errors import UsageError
    from copilot_lsp.tuning import bench, trimmed

    if models.is_path(name):
        raise UsageError(f"{name} is a path: `copilot-lsp models add` gives a file a name")
    models.find(name)
    entry = models.load().get(name)
    with tuned.progress() as tools:
        made = trimmed.make(entry, tools.report, bench.opened)
    print(trimmed.described(entry, made))
    print("`copilot-lsp tune` measures it, and uses it where it is the best in time")


def _rm(name: str) -> None:
    from copilot_lsp import models

    made = "".join(f" and its copy {each.name}" for each in models.copies(name))
    freed = models.remove(name)
    print(f"{name}{made} {'are' if made else 'is'} gone: {freed / 1e6:,.0f} MB free")


def _use(name: str) -> None:
    """A model that is not here is not chosen: nothing would be completed."""
    from copilot_lsp import config, models

    model = models.find(name)
    path = config.set_user("model", str(model.path) if models.is_path(name) else name)
    print(f"{model.name} is the model now ({path})")
    effective = config.load()
    if (origin := effective.origins.get("model")) != str(path):
        print(f"but {origin} sets another one, which wins: {effective.settings.model}", file=sys.stderr)


def _add(options: Added) -> None:
    from copilot_lsp.models import own

    entry = own.add(options.file, options.name)
    what = f"`copilot-lsp models pull {entry.name}` downloads it" if entry.remote else str(entry.path)
    print(f"{entry.name}: {what}")
