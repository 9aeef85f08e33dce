"""The commands `copilotLsp.models.pull` and `.trim`: they take minutes, in a separate process, and can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from copilot_lsp import apart, models
from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.models import registry
from copilot_lsp.models.apart import pull as download
from copilot_lsp.models.progress import Pace
from copilot_lsp.models.progress import Progress as Pulled
from copilot_lsp.server.handlers.answers import Answer, name_in, refusal
from copilot_lsp.server.handlers.progress import Progress, token_of
from copilot_lsp.server.protocol import Server, Token

PULL = "copilotLsp.models.pull"
TRIM = "copilotLsp.models.trim"

DOWNLOAD_PERCENT = 95
"""Of a pull are the download; the rest is the check of what came."""

TRIMMING = "copilot_lsp.tuning.apart"
"""The module whose process makes a copy; named, not imported, because it loads models."""


@dataclass(frozen=True, slots=True)
class _Task:
    """`title` and `stopped` are the progress's first line, and its last when it is cancelled.

    `at_work`: the names of the models that this is being done with. `work` returns the answer and the last line.
    """

    name: str
    title: str
    stopped: str
    at_work: list[str]
    work: Callable[[str, Progress], Awaitable[tuple[Answer, str]]]


def pull(ls: Server, *arguments: object) -> Coroutine[Any, Any, Answer]:
    name = name_in(arguments)
    stopped = f"stopped; the next download of {name} goes on from here"
    task = _Task(name, f"Downloading {name}", stopped, ls.pulling, _pull)
    return _run(ls, task, ls.protocol.take_work_done_token())


def trim(ls: Server, *arguments: object) -> Coroutine[Any, Any, Answer]:
    name = name_in(arguments)
    task = _Task(name, f"Making a faster copy of {name}", "stopped; no copy was made", ls.trimming, _trim)
    return _run(ls, task, ls.protocol.take_work_done_token())


async def _run(ls: Server, task: _Task, given: Token | None) -> Answer:
    current = asyncio.current_task()
    assert current is not None
    progress, end = None, ""
    task.at_work.append(task.name)
    try:
        _check_named(task.name)
        progress = Progress(ls, await token_of(ls, given), task.title, current.cancel)
        answer, end = await task.work(task.name, progress)
        return answer
    except asyncio.CancelledError:
        end = task.stopped
        return {"ok": False, "cancelled": True, "message": end}
    except CopilotLspError as error:
        end = str(error)
        return refusal(error)
    finally:
        task.at_work.remove(task.name)
        if progress is not None:
            progress.end(end)


def _check_named(name: str) -> None:
    registry.load.cache_clear()
    if models.is_path(name):
        raise UsageError(f"{name} is a path: `copilot-lsp models add` gives a file a name")
    models.load().get(name)


async def _pull(name: str, progress: Progress) -> tuple[Answer, str]:
    path = await download(name, _reporter(progress))
    return {"ok": True, "name": name, "path": str(path)}, f"{name} is ready"


def _reporter(progress: Progress) -> Callable[[Pulled], None]:
    pace = Pace()

    def report(step: Pulled) -> None:
        share = step.done / step.total if step.total else 0.0
        checking = step.step == models.VERIFYING
        percent = DOWNLOAD_PERCENT + (100 - DOWNLOAD_PERCENT) * share if checking else DOWNLOAD_PERCENT * share
        text = pace.text(step)
        progress.report(int(percent), text if text and not checking else step.step)

    return report


async def _trim(name: str, progress: Progress) -> tuple[Answer, str]:
    try:
        made = await apart.run(TRIMMING, name, lambda step: progress.report(int(100 * step["share"]), step["step"]))
    finally:
        registry.load.cache_clear()
    return {"ok": True, **made}, f"{made['name']} is ready"
