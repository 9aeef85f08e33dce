"""`copilot-lsp config`: the options in effect and their origins."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot_lsp.cli import typed

EPILOG = """\
Options are read from these places; later ones win: the defaults; the profile of this machine; your own
copilot-lsp.toml (`copilot-lsp config path`); the project's copilot-lsp.toml, which may set fewer options;
environment variables (COPILOT_LSP_COMPLETION_MAX_LINE_TOKENS=20); the editor; flags."""


@dataclass(frozen=True, slots=True)
class Options:
    action: Literal["show", "path", "schema", "allow"]
    all: bool = False
    json: bool = False
    host: str = ""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "config",
        help="show the options in effect, and where each comes from",
        description="Show the options in effect in this folder, and where each comes from; allow a server to get text.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(all=False, json=False, host="")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        help="print the options that differ from the default, and their origin; exit code 1 if a value is invalid",
    )
    show.add_argument("--all", action="store_true", help="include options that have their default")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    actions.add_parser("path", help="print the path of your own copilot-lsp.toml")
    actions.add_parser("schema", help="print the JSON schema of copilot-lsp.toml")
    allow = actions.add_parser("allow", help="allow a host to receive text of your files (option remote.allowed)")
    allow.add_argument("host", metavar="HOST", help="as in remote.endpoints, with the port if there is one")


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp import config

    options = typed(arguments, Options)
    if options.action == "path":
        print(config.user_file())
    elif options.action == "schema":
        print(json.dumps(config.schema(), indent=2))
    elif options.action == "allow":
        return _allow(options.host.strip().lower())
    else:
        return _show(options)
    return 0


def _allow(host: str) -> int:
    """Raises UsageError for what is no host, and when the file cannot be changed."""
    from copilot_lsp import config, endpoints
    from copilot_lsp.errors import UsageError

    if not endpoints.is_host(host):
        raise UsageError(f"{host!r} is not a host: write it as in remote.endpoints, such as gpu.example.com:8080")
    found = config.load()
    file = config.allow(host, found.settings.remote.allowed)
    print(f"{host} is in remote.allowed of {file}")
    effective = config.load()
    if host in effective.settings.remote.allowed:
        return 0
    print(f"copilot-lsp: {effective.origins['remote.allowed']} sets remote.allowed, too, and wins", file=sys.stderr)
    return 1


def _show(options: Options) -> int:
    from copilot_lsp import config

    found = config.load(config.project_of(Path.cwd()))
    problems = [*found.problems, *config.misspelled()]
    values = config.plain(found.settings)
    shown = {name: value for name, value in values.items() if options.all or name in found.origins}
    if options.json:
        named = {name: {"value": value, "origin": found.origins.get(name, "default")} for name, value in shown.items()}
        print(json.dumps({"options": named, "problems": problems}, indent=2))
    else:
        _print(shown, found.origins, problems)
    return int(bool(problems))


def _print(values: dict[str, object], origins: object, problems: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    assert isinstance(origins, dict)
    table = Table("option", "value", "origin", box=None, pad_edge=False)
    for name, value in values.items():
        table.add_row(name, Text(json.dumps(value)), Text(origins.get(name, "default"), overflow="fold"))
    console = Console(highlight=False)
    console.print(table if values else "everything is the default")
    for problem in problems:
        console.print(Text(problem, "yellow"), soft_wrap=True)
