"""Writes the table of options into docs/options.md, from `copilot_lsp.config.describe()`.

Run by `make docs`; a unit test fails when the table there is another one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from copilot_lsp.config import SECTION, describe

PAGE = Path(__file__).resolve().parent.parent / "docs" / "options.md"
BEGIN, END = "<!-- options: written by `make docs` -->", "<!-- end of options -->"


def table() -> str:
    rows = ["| option | default | allowed | what it does |", "|---|---|---|---|"]
    for name, schema in describe().items():
        default = json.dumps(schema["default"])
        cells = (
            f"`{name.removeprefix(SECTION + '.')}`",
            f"`{default}`",
            allowed(schema),
            schema["description"],
        )
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


def allowed(schema: Mapping[str, object]) -> str:
    if isinstance(words := schema.get("enum"), list):
        return ", ".join(f"`{word}`" for word in words)
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return {"boolean": "`true`, `false`", "string": "text", "array": "list of texts"}[str(schema["type"])]


def updated(text: str) -> str:
    """`text` with the table between the two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
