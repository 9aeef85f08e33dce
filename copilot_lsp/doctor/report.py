"""The report as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import TYPE_CHECKING

from copilot_lsp.doctor.check import Check, State
from copilot_lsp.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red"}

WIDTH = 100
"""Columns of the text for an editor."""


def as_json(checks: Sequence[Check], settings: Settings) -> dict[str, object]:
    """Plain JSON: sets and tuples are lists."""
    plain = json.dumps({"checks": [asdict(check) for check in checks], "settings": asdict(settings)}, default=sorted)
    report: dict[str, object] = json.loads(plain)
    return report


def as_text(checks: Sequence[Check]) -> str:
    """Without colours, for an editor to show."""
    from rich.console import Console

    out = StringIO()
    print_to(Console(file=out, width=WIDTH, highlight=False, color_system=None), checks)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def print_to(console: Console, checks: Sequence[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for check in checks:
        table.add_row(Text(check.state, STYLES[check.state]), check.name, Text(check.value, overflow="fold"))
        if check.remedy:
            table.add_row("", "", Text(f"to do: {check.remedy}", style="bold", overflow="fold"))
    console.print(table)
