"""Choosing text of other files for a place: what the memory of an open index brings beside one that was just opened."""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from copilot_lsp.completion.chunks import Cursor, Options, select
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.settings import Settings
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.library import Library
from copilot_lsp.workspace.index.update import Scope, update


@dataclass(slots=True)
class Way:
    """Milliseconds and queries of each selection."""

    milliseconds: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)


def measured(library: Library, database: sqlite3.Connection, case: Case, way: Way) -> None:
    place = Cursor(case.snapshot(Settings().max_parse_bytes), case.offset, case.file)
    queries: list[str] = []
    database.set_trace_callback(queries.append)
    begun = time.perf_counter()
    select(library, place, Options(Settings().context.chunk_tokens))
    way.milliseconds.append((time.perf_counter() - begun) * 1000)
    way.queries.append(len(queries))


def compare(folder: Path, count: int) -> tuple[Way, Way]:
    """Each place with an index that was just opened, and at once again, as at the next key."""
    first, again = Way(), Way()
    with tempfile.TemporaryDirectory() as temporary:
        index, roots = Path(temporary, "index.sqlite"), (folder.resolve().as_posix(),)
        writer = store.open_to_write(index)
        for _ in update(writer, Scope(roots), {}):
            pass
        writer.close()
        for case in replay.read(folder, replay.Draw(count, 0, (Kind.LINE, Kind.MID)), Settings().max_parse_bytes):
            database = store.open_to_read(index)
            library = Library(database, roots)
            measured(library, database, case, first)
            measured(library, database, case, again)
            library.close()
    return first, again


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def table(first: Way, again: Way) -> Table:
    shown = Table("per selection", "index just opened", "the same place again", "ratio")
    rows = {
        "queries, mean": [statistics.fmean(way.queries) for way in (first, again)],
        "milliseconds, p50": [percentile(way.milliseconds, 0.5) for way in (first, again)],
        "milliseconds, p95": [percentile(way.milliseconds, 0.95) for way in (first, again)],
    }
    for name, (cold, warm) in rows.items():
        shown.add_row(name, f"{cold:.1f}", f"{warm:.1f}", f"{warm / cold:.2f}")
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with source code")
    parser.add_argument("--places", type=int, default=100, help="to choose for (default: 100)")
    arguments = parser.parse_args()
    Console().print(table(*compare(arguments.folder, arguments.places)))


if __name__ == "__main__":
    main()
