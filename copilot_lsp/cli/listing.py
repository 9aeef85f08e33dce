"""The table of models, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from copilot_lsp import models
from copilot_lsp.errors import ModelCorrupt, ModelMissing
from copilot_lsp.models import partial

if TYPE_CHECKING:
    from copilot_lsp.models import Entry


def describe(entry: Entry) -> dict[str, object]:
    """What an editor shows of a model; `size` in bytes, `present`: whole and on this machine."""
    return {
        "name": entry.name,
        "description": entry.description,
        "licence": entry.licence,
        "commercial": entry.commercial,
        "size": entry.size,
        "parameters": entry.parameters,
        "fim": entry.fim,
        "quality": entry.quality,
        "present": presence(entry) == "yes",
        "fits": models.fits(entry),
        "copyOf": entry.copy_of or None,
        "default": entry.name == models.load().default,
    }


def print_json() -> None:
    print(json.dumps([describe(entry) for entry in models.load().models.values()]))


def print_table() -> None:
    from rich.console import Console
    from rich.table import Column, Table

    registry = models.load()
    columns = (Column("name", no_wrap=True), "model", "infilling", "size", "licence", "here")
    table = Table(*columns, box=None, pad_edge=False)
    for entry in registry.models.values():
        size = f"{entry.size / 1e6:,.0f} MB" if entry.size else "?"
        fim = "trained" if entry.fim else entry.use.replace("text", "no")
        licence = entry.licence if entry.commercial else f"{entry.licence} (not for commercial use)"
        table.add_row(entry.name, entry.description, fim, size, licence, presence(entry))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"default: {registry.default}")


def presence(entry: Entry) -> str:
    try:
        models.find(entry.name)
    except ModelMissing:
        have = partial.size(entry)
        share = f"{have / entry.size:.0%} of it" if have and entry.size else "a part"
        return share if have else "no" if models.fits(entry) else "no, and too large"
    except ModelCorrupt:
        return "damaged"
    return "yes"
