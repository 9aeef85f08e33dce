"""The commands `copilotLsp.models.list`, `.use` and `.remove`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from copilot_lsp import config, models
from copilot_lsp.config.profile import Model as Speed
from copilot_lsp.config.profile import Profile
from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.models import Item, gguf, registry
from copilot_lsp.server.handlers import configuration
from copilot_lsp.server.handlers.answers import Answer, name_in, refusal
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.switching import switch

LIST = "copilotLsp.models.list"
USE = "copilotLsp.models.use"
REMOVE = "copilotLsp.models.remove"


async def list_models(ls: Server, *arguments: object) -> Answer:
    try:
        return await asyncio.to_thread(_listed, ls.session.settings.model)
    except CopilotLspError as error:
        return refusal(error)


async def use(ls: Server, *arguments: object) -> Answer:
    """Nothing stops it half-way: a client that cancels gets the answer all the same."""
    work = asyncio.ensure_future(_use(ls, name_in(arguments)))
    while not work.done():
        with suppress(asyncio.CancelledError, CopilotLspError):
            await asyncio.shield(work)
    error = work.exception()
    if isinstance(error, CopilotLspError):
        return refusal(error)
    return work.result()


async def remove(ls: Server, *arguments: object) -> Answer:
    name = name_in(arguments)
    try:
        if name in ls.pulling:
            raise UsageError(f"{name} is being downloaded: cancel that first")
        if name in ls.trimming:
            raise UsageError(f"a copy of {name} is being made: cancel that first")
        freed = await asyncio.to_thread(_remove, name, ls.session.settings.model)
    except CopilotLspError as error:
        return refusal(error)
    return {"ok": True, "name": name, "freedBytes": freed, "message": f"{name} is gone: {freed / 1e6:,.0f} MB free"}


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
        "copyOf": entry.copy_of,
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
        "trimmable": item.trimmable,
        "source": item.origin,
        **{key: value for key, value in said.items() if value},
    }


def _speed(item: Item, speeds: Sequence[Speed]) -> Answer:
    """As `copilot-lsp tune` found it."""
    names = {item.entry.name, str(item.path)}
    found = next((speed for speed in speeds if names & {speed.name, *speed.names}), None)
    return {"expectedMs": round(found.key_ms), "expectedIsEstimate": found.estimated} if found else {}


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
    in_use = models.name_of(active)
    if in_use in (entry.name, *(copy.name for copy in models.copies(entry.name))):
        what = "" if in_use == entry.name else f", whose copy {in_use} goes with it,"
        raise UsageError(f"{name}{what} is in use: switch to another model first")
    return models.remove(name)
