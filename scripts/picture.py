"""Writes the README's picture: the real output of the demo, as SVG.

python scripts/picture.py docs/demo.svg     (or `make picture`)
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from pathlib import Path

from rich.console import Console

from copilot_lsp.cli import completing, parser, typed
from copilot_lsp.cli.engines import Choice
from copilot_lsp.cli.show import Show

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 84
"""Columns of the pictured terminal."""


def demo() -> str:
    """The place that `make demo` completes."""
    found = re.search(r"complete (examples/\S+)", (ROOT / "Makefile").read_text("utf-8"))
    if found is None:
        raise SystemExit("the Makefile has no demo")
    return found[1]


def record(place: str) -> Console:
    options = typed(parser().parse_args(["complete", place]), completing.Options)
    settings = completing.settings_of(options)
    query = completing.query_of(options, completing.source_of(options, settings), settings)
    console = Console(
        record=True, highlight=False, width=WIDTH, file=io.StringIO(), force_terminal=False, color_system="truecolor"
    )
    result = asyncio.run(completing.answer(Choice(), settings, query, lambda _: None))
    console.print(f"$ copilot-lsp complete {place} --show")
    Show(query, console).finish(result)
    return console


if __name__ == "__main__":
    target = Path(sys.argv[1]).absolute()
    picture = record(demo()).export_svg(title="copilot-lsp")
    # Fonts from a server: nobody's browser shall ask for them.
    target.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), "utf-8")
