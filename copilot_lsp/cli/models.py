"""`copilot-lsp models`: which models there are, and getting one."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_lsp.models import Entry

Subparsers = argparse._SubParsersAction


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    summary = "list, download and verify models"
    parser = subparsers.add_parser("models", help=summary, description=f"{summary.capitalize()}.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the models that have a name, and which are on this machine")
    listing.add_argument("--json", action="store_true", help="print a JSON list, for editors")
    for name, what in (
        ("pull", "download a model, verify it and keep it in the user's cache folder"),
        ("path", "print where the model's file is"),
        ("verify", "check a model's file against its checksum"),
    ):
        action = actions.add_parser(name, help=what, description=f"{what.capitalize()}.")
        action.add_argument(
            "model", nargs="?", default="default", help="its name, or a path; the default model if left out"
        )


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        _list(arguments.json)
    else:
        actions = {"pull": _pull, "path": _path, "verify": _verify}
        actions[arguments.action](arguments.model)
    return 0


def _list(as_json: bool) -> None:
    import json

    from rich.console import Console
    from rich.table import Table

    from copilot_lsp import models

    registry = models.load()
    if as_json:
        entries = registry.models.values()
        print(json.dumps([{"name": each.name, "description": each.description} for each in entries]))
        return
    table = Table("name", "model", "infilling", "size", "licence", "here", box=None, pad_edge=False)
    for entry in registry.models.values():
        size = f"{entry.size / 1e6:.0f} MB"
        fim = "trained" if entry.fim else "no"
        table.add_row(entry.name, entry.description, fim, size, entry.licence, _presence(entry))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"default: {registry.default}")


def _presence(entry: Entry) -> str:
    from copilot_lsp import models
    from copilot_lsp.errors import ModelCorrupt, ModelMissing

    try:
        models.find(entry.name)
    except ModelMissing:
        return "no"
    except ModelCorrupt:
        return "damaged"
    return "yes"


def _pull(name: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from copilot_lsp import models

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        models.pull(name, lambda line: print(line, file=sys.stderr, flush=True))
        return
    with console.status("looking") as status:
        model = models.pull(name, lambda line: status.update(Text(line)))
    console.print(Text(f"{model.name} is ready: {model.path}"), soft_wrap=True)


def _path(name: str) -> None:
    from copilot_lsp import models

    print(models.find(name).path)


def _verify(name: str) -> None:
    from copilot_lsp import models

    model = models.verify(name)
    known = "" if models.is_path(name) else ", its checksum is right"
    print(f"{model.path}: a GGUF file{known}")
