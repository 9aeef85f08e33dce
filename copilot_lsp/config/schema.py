"""The JSON schema of copilot-lsp.toml, generated from the option table."""

from __future__ import annotations

from typing import Any

from copilot_lsp.config.options import describe
from copilot_lsp.config.table import SECTION


def schema() -> dict[str, Any]:
    """Draft 2020-12; editors with a TOML language server complete and check the file with it."""
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "copilot-lsp.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }
    for name, facts in describe().items():
        *sections, key = name.removeprefix(f"{SECTION}.").split(".")
        place = root
        for section in sections:
            new = {"type": "object", "additionalProperties": False, "properties": {}}
            place = place["properties"].setdefault(section, new)
        place["properties"][key] = facts
    return root
