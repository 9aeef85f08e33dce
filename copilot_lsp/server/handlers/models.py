"""The commands `copilotLsp.models.*`: list, download, switch and delete models.

Every answer is an object with `ok`, and with a `message` of one line when that is false.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from copilot_lsp import config, models
from copilot_lsp.config.profile import Model as Speed
from copilot_lsp.config.profile import Profile
from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.models import Item, apart, gguf, registry
from copilot_lsp.models.progress import Pace
from copilot_lsp.models.progress import Progress as Pulled
from copilot_lsp.server.handlers import configuration
from copilot_lsp.server.handlers.progress import Progress, token_of
from copilot_lsp.server.protocol import Server, Token
from copilot_lsp.server.reading import value_at
from copilot_lsp.server.switching import switch

LIST = "copilotLsp.models.list"
PULL = "copilotLsp.models.pull"
USE = "copilotLsp.models.use"
REMOVE = "copilotLsp.models.remove"

DOWNLOAD_PERCENT = 95
"""Of a pull are the download; the rest is the check of what came."""

Answer = dict[str, object]


async def list_models(ls: Server, *arguments: object) -> Answer:
    try:
        return await asyncio.to_thread(_listed, ls.session.settings.model)
    except CopilotLspError as error:
        return _refusal(error)


def pull(ls: Server, *arguments: object) -> Coroutine[Any, Any, Answer]:
    return _pull(ls, _name(arguments), ls.protocol.take_work_done_token())


async def use(ls: Server, *arguments: object) -> Answer:
    """Nothing stops it half-way: a client that cancels gets the answer all the same."""
    work = asyncio.ensure_future(_use(ls, _name(arguments)))
    while not work.done():
        with suppress(asyncio.CancelledError, CopilotLspError):
            await asyncio.shield(work)
    error = work.exception()
    if isinstance(error, CopilotLspError):
        return _refusal(error)
    return work.result()


async def remove(ls: Server, *arguments: object) -> Answer:
    name = _name(arguments)
    try:
        if name in ls.pulling:
            raise UsageError(f"{name} is being downloaded: cancel that first")
        freed = await asyncio.to_thread(_remove, name, ls.session.settings.model)
    except CopilotLspError as error:
        return _refusal(error)
    return {"ok": True, "name": name, "freedBytes": freed, "message": f"{name} is gone: {freed / 1e6:,.0f} MB free"}


def _name(arguments: tuple[object, ...]) -> str:
    """ "" when the client gave none, which is no model's name."""
    name = value_at(arguments[0], "name") if arguments else None
    return name if isinstance(name, str) else ""


def _refusal(error: CopilotLspError) -> Answer:
    return {"ok": False, "message": str(error)}


def _listed(active: str) -> Answer:
    registry.load.cache_clear()  # `copilot-lsp models add` may have been run in a terminal
    profile = _profile()
    items, best = models.items(active, (profile.better or profile.chosen).model if profile else None)
    speeds = profile.models if profile else ()
    listed = [{**_described(item), **_speed(item, speeds)} for item in items]
    answer: Answer = {"ok": True, "folder": str(models.cache_folder()), "models": listed}
    return {**answer, "recommendation": {"name": best.name, "why": best.why}} if best else answer


def _profile() -> Profile | None:
    with suppress(ValueError):
        return config.profile.usable()
    return None


def _described(item: Item) -> Answer:
    entry = item.entry
    said = {
        "notice": models.notice(entry),
        "quality": entry.quality,
        "path": str(item.path) if item.path else "",
        "partBytes": item.part,
    }
    return {
        "name": entry.name,
        "description": entry.description,
        "bytes": item.size,
        "licence": entry.licence,
        "present": item.present,
        "active": item.active,
        "fits": item.fits,
        "memoryBytes": item.memory,
        "contextTokens": entry.context,
        "recommended": item.recommended,
        "source": item.origin,
        **{key: value for key, value in said.items() if value},
    }


def _speed(item: Item, speeds: Sequence[Speed]) -> Answer:
    """As `copilot-lsp tune` found it."""
    names = {item.entry.name, str(item.path)}
    found = next((speed for speed in speeds if names & {speed.name, *speed.names}), None)
    return {"expectedMs": round(found.key_ms), "expectedIsEstimate": found.estimated} if found else {}


async def _pull(ls: Server, name: str, given: Token | None) -> Answer:
    task = asyncio.current_task()
    assert task is not None
    progress, end = None, ""
    ls.pulling.append(name)
    try:
        _check_pullable(name)
        progress = Progress(ls, await token_of(ls, given), f"Downloading {name}", task.cancel)
        path = await apart.pull(name, _reporter(progress))
        end = f"{name} is ready"
        return {"ok": True, "name": name, "path": str(path)}
    except asyncio.CancelledError:
        end = f"stopped; the next download of {name} goes on from here"
        return {"ok": False, "cancelled": True, "message": end}
    except CopilotLspError as error:
        end = str(error)
        return _refusal(error)
    finally:
        ls.pulling.remove(name)
        if progress is not None:
            progress.end(end)


def _check_pullable(name: str) -> None:
    registry.load.cache_clear()
    if models.is_path(name):
        raise UsageError(f"{name} is a path: `copilot-lsp models add` gives a file a name")
    models.load().get(name)


def _reporter(progress: Progress) -> Any:  # noqa: ANN401
    pace = Pace()

    def report(step: Pulled) -> None:
        share = step.done / step.total if step.total else 0.0
        checking = step.step == models.VERIFYING
        percent = DOWNLOAD_PERCENT + (100 - DOWNLOAD_PERCENT) * share if checking else DOWNLOAD_PERCENT * share
        text = pace.text(step)
        progress.report(int(percent), text if text and not checking else step.step)

    return report


async def _use(ls: Server, name: str) -> Answer:
    """Raises CopilotLspError; the old model goes on then."""
    model = await asyncio.to_thread(_usable, name)
    chosen = str(model.path) if models.is_path(name) else name
    await switch(ls.session, chosen)
    said = [f"{model.name} is the model now"]
    if ls.session.engine.status.details.get("fills") is False:
        said.append("it was not trained for infilling: expect poor completions")
    said += await _remembered(ls, chosen)
    return {"ok": True, "name": name, "message": "; ".join(said)}


def _usable(name: str) -> models.ResolvedModel:
    registry.load.cache_clear()
    model = models.find(name)
    gguf.read(model.path)
    return model


async def _remembered(ls: Server, chosen: str) -> list[str]:
    """Writes the choice down for the next start; what keeps it from counting then."""
    try:
        file: Path = await asyncio.to_thread(config.set_user, "model", chosen)
    except UsageError as error:
        return [f"but only until the server ends: {error}"]
    resolved = ls.session.reconfigure()
    configuration.took_over(ls, resolved)
    other = resolved.settings.model
    if other == chosen:
        return []
    origin = resolved.origins.get("model", "another place")
    return [f"but only until the server ends: {origin} sets `model` to {other}, which wins over {file}"]


def _remove(name: str, active: str) -> int:
    registry.load.cache_clear()
    entry = models.load().get(name)
    if models.name_of(active) == entry.name:
        raise UsageError(f"{name} is in use: switch to another model first")
    return models.remove(name)
