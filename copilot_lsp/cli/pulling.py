"""Progress of a download: a bar on a terminal, lines elsewhere, JSON for editors."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from copilot_lsp.models import Progress, ResolvedModel
from copilot_lsp.models.progress import Pace, Report

LINE_SECONDS = 2.0
"""Between two lines about the same step."""


@contextmanager
def shown(as_json: bool) -> Iterator[Report]:
    if as_json:
        yield _json
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _Lines().report


def done(model: ResolvedModel, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"name": model.name, "path": str(model.path)}), flush=True)
    else:
        print(f"{model.name} is ready: {model.path}", file=sys.stderr)


def _json(progress: Progress) -> None:
    fields = {"step": progress.step, "done": progress.done, "total": progress.total}
    print(json.dumps(fields), flush=True)


@contextmanager
def _bar() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, object] = {}

        def report(progress: Progress) -> None:
            if progress.step not in tasks:  # the rate counts from here: what an earlier pull brought is not in it
                for task in bar.task_ids:
                    bar.remove_task(task)
                tasks.clear()
                tasks[progress.step] = bar.add_task(
                    progress.step, total=progress.total or None, completed=progress.done
                )
            bar.update(bar.task_ids[-1], completed=progress.done, total=progress.total or None)

        yield report


class _Lines:
    """A line at each step, and one now and then while it lasts."""

    def __init__(self) -> None:
        self._step, self._said = "", 0.0
        self._pace = Pace()

    def report(self, progress: Progress) -> None:
        now = time.monotonic()
        text = self._pace.text(progress)
        if progress.step == self._step and now - self._said < LINE_SECONDS and progress.done != progress.total:
            return
        self._step, self._said = progress.step, now
        print(f"{progress.step}: {text}" if text else progress.step, file=sys.stderr, flush=True)
