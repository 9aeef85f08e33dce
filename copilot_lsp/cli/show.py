"""`complete --show`: the code around the cursor with the completion highlighted, and its statistics."""

from __future__ import annotations

import atexit
import sys

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text as Rich

from copilot_lsp.cli import report
from copilot_lsp.cli.output import Result, explain
from copilot_lsp.completion.query import Completion, Query

LINES_BEFORE = 14
LINES_AFTER = 4
STYLE = "bold white on #20603a"
CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), 127) if chr(code) not in "\t\n"}
"""Control characters of a file must not reach the terminal."""

GUTTER = {True: ("+", "bold green"), False: (" ", "dim")}


class Show:
    """On a terminal, the completion is shown as it grows."""

    def __init__(self, query: Query, console: Console | None = None) -> None:
        self._query = query
        self._console = console or Console(highlight=False)
        self._live: Live | None = None

    def grow(self, completion: Completion) -> None:
        if not self._console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
            atexit.register(self._live.stop)  # an interrupted one must not leave the cursor hidden
        self._live.update(excerpt(self._query, self._insertion(completion)), refresh=True)

    def finish(self, result: Result) -> None:
        if self._live is not None:
            self._live.stop()
        best = result.answer.completions[0] if result.answer.completions else None
        self._console.print(Group(excerpt(self._query, self._insertion(best)), facts(result)))
        sys.stdout.flush()
        explain(result)

    def _insertion(self, completion: Completion | None) -> str:
        if completion is None:
            return ""
        return report.insertion(completion, self._query.snapshot.text, self._query.offset)


def excerpt(query: Query, insertion: str) -> RenderableType:
    """The lines around the cursor with `insertion` at it; a `+` marks the lines that it touches."""
    text, at = query.snapshot.text, query.offset
    before, insertion, after = map(printable, (text.data[:at].decode(), insertion, text.data[at:].decode()))
    whole = before + insertion + after
    code = Syntax("", Syntax.guess_lexer(query.snapshot.path, whole), theme="ansi_dark").highlight(whole)
    code.stylize(STYLE, len(before), len(before) + len(insertion))
    lines = code.split("\n", allow_blank=True)[: whole.count("\n") + 1]  # highlight() may add a line end
    first, last = before.count("\n"), (before + insertion).count("\n")
    shown = range(max(0, first - LINES_BEFORE), min(len(lines), last + 1 + LINES_AFTER))
    body = Table.grid(padding=(0, 1))
    for number in shown:
        mark, style = GUTTER[bool(insertion) and first <= number <= last]
        body.add_row(Rich(mark, style), Rich(str(number + 1), "dim", justify="right"), lines[number])
    line, column = text.position_at(at, "utf-32")
    title = Rich(f"{query.snapshot.path}:{line + 1}:{column + 1}")
    return Panel(body, title=title, title_align="left", expand=False)


def printable(text: str) -> str:
    """`text` with \\n as its only line end, and no other control character than the tab."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROLS)


def facts(result: Result) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(result).items():
        table.add_row(Rich(name, "dim"), Rich(value))
    return table


def _facts(result: Result) -> dict[str, str]:
    done, silence = result.answer.done, result.answer.silence
    found = {"model": result.engine.model, "engine start": f"{result.start_ms:.0f} ms"}
    if silence is not None:
        found["completion"] = f"none: {silence.message}"
    if done is not None:
        found["tokens"] = f"{done.evaluated + done.reused} in the prompt, {done.generated} generated ({done.end})"
        found["first token"] = f"{done.first_ms:.0f} ms"
        found["total"] = f"{result.answer.milliseconds:.0f} ms"
    return found
