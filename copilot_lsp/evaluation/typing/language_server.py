"""A language server over stdio, asked as an editor asks: every key is a change and a question, and the older question
is cancelled. Growing answers are shown as they come, as our plugins do.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from copilot_lsp.errors import EngineFailed
from copilot_lsp.evaluation.typing import processes
from copilot_lsp.evaluation.typing.assistant import Offer, Scene, Usage
from copilot_lsp.evaluation.typing.page import common
from copilot_lsp.evaluation.typing.rpc import Message, Rpc
from copilot_lsp.evaluation.typing.workspace import Workspace

INLINE = "textDocument/inlineCompletion"
DID_ACCEPT = "copilotLsp.didAccept"
STATISTICS = "copilotLsp/statistics"

LOADING_SECONDS = 300.0
"""For the model to be loaded."""

INDEXING_SECONDS = 120.0
"""For the other files to be indexed, where the options ask for that: somebody who works has had it for hours."""

IDLE_SECONDS = 30.0
"""For background work to end once the file is closed."""

OWN_ENGINE = {"COPILOT_LSP_ENGINE_SHARED": "false"}
"""For our server: what is measured is not to wait for the user's windows, and its engine is among its children."""

CAPABILITIES = {
    "textDocument": {"inlineCompletion": {}, "synchronization": {}},
    "window": {"workDoneProgress": False},
    "general": {"positionEncodings": ["utf-16"]},
    "experimental": {"didChangeStatus": True},
}


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the server sent it. `begun`: how much of its text stands left of the cursor already."""

    raw: Message
    begun: int


@dataclass(frozen=True, slots=True)
class Served:
    """`command` starts the server. `options` are those of the editor, `streams` whether growing answers are taken."""

    name: str
    command: Sequence[str]
    options: object = None
    streams: bool = True


class LanguageServer:
    def __init__(self, served: Served, workspace: Workspace) -> None:
        self.name = served.name
        self._served = served
        self._workspace = workspace
        self._hear: Callable[[Offer], None] = lambda _: None
        self._status: Message = {}
        self._scene: Scene | None = None
        self._request = 0
        self._uri = ""
        self._before: tuple[Message, float | None] = ({}, None)

    def listen(self, hear: Callable[[Offer], None]) -> None:
        self._hear = hear

    async def start(self) -> None:
        """Raises EngineFailed."""
        self._rpc = await Rpc.start(self._served.command, self._heard, OWN_ENGINE)
        root = self._workspace.root.as_uri()
        folders = [{"uri": root, "name": self._workspace.root.name}]
        params = {"processId": os.getpid(), "rootUri": root, "workspaceFolders": folders, "capabilities": CAPABILITIES}
        await self._rpc.request("initialize", {**params, "initializationOptions": self._served.options})
        self._rpc.notify("initialized", {})
        await self._until(lambda: self._status.get("state") not in (None, "starting", "restarting"), LOADING_SECONDS)
        if self._status.get("state") != "ready":
            raise EngineFailed(f"{self.name}: {self._status.get('message') or 'the model was not loaded in time'}")
        await self._until(lambda: self._status.get("index", {}).get("state") != "indexing", INDEXING_SECONDS)

    async def enter(self, scene: Scene) -> None:
        place = scene.place
        self._before = await self._told(), processes.cpu_seconds(self._rpc.process.pid)
        self._uri = self._workspace.mask(place).as_uri()
        document = {"uri": self._uri, "languageId": place.language, "version": scene.change, "text": place.masked}
        self._rpc.notify("textDocument/didOpen", {"textDocument": document})
        self._rpc.notify("textDocument/didFocus", {"textDocument": {"uri": self._uri}})
        self._scene = scene
        self._ask(scene)

    def changed(self, scene: Scene) -> None:
        self._rpc.cancel(self._request)
        assert self._scene is not None
        if change := change_between(self._scene, scene):
            document = {"uri": self._uri, "version": scene.change}
            self._rpc.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        self._scene = scene
        self._ask(scene)

    def shown(self, offer: Offer) -> None:
        if isinstance(offer.token, Item):
            self._rpc.notify("textDocument/didShowCompletion", {"item": offer.token.raw})

    def taken(self, offer: Offer, length: int) -> None:
        item = offer.token
        if not isinstance(item, Item):
            return
        command = item.raw.get("command")
        if length >= len(offer.text.rstrip()) and command:
            params = {"command": command["command"], "arguments": command.get("arguments", [])}
            self._rpc.ask("workspace/executeCommand", params, lambda _: None)
        else:
            accepted = utf16(text_of(item.raw)[: item.begun + length])
            params = {"item": item.raw, "acceptedLength": accepted}
            self._rpc.notify("textDocument/didPartiallyAcceptCompletion", params)

    async def evaluated(self) -> int | None:
        return _more(self._before[0], await self._told(), "tokens", "evaluated")

    async def leave(self) -> Usage:
        self._rpc.cancel(self._request)
        self._rpc.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})
        self._workspace.restore()
        await self._until(lambda: not self._status.get("busy"), IDLE_SECONDS)
        told, cpu = self._before
        return _usage(told, await self._told(), cpu, self._rpc.process.pid)

    async def close(self) -> None:
        await self._rpc.close()

    def _ask(self, scene: Scene) -> None:
        line, character = position(scene.place.before, scene.left)
        params: Message = {
            "textDocument": {"uri": self._uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 2},
        }
        if self._served.streams:
            params["partialResultToken"] = f"typing:{scene.change}"

        def answered(message: Message) -> None:
            self._offer(scene, message.get("result"), final=True)

        self._request = self._rpc.ask(INLINE, params, answered)

    def _heard(self, method: str, params: Any) -> None:  # noqa: ANN401
        if method == "didChangeStatus":
            self._status = params
        elif method == "$/progress" and self._scene and params.get("token") == f"typing:{self._scene.change}":
            self._offer(self._scene, params["value"], final=False)

    def _offer(self, scene: Scene, result: Any, final: bool) -> None:  # noqa: ANN401
        items = result.get("items", []) if isinstance(result, dict) else result or []
        if not items:
            self._hear(Offer(scene.change, "", final))
            return
        text = text_of(items[0])
        begun = _begun(items[0], scene, text)
        self._hear(Offer(scene.change, text[begun:], final, Item(items[0], begun), _probability(items[0])))

    async def _told(self) -> Message:
        """What our server counts; another one has no such method."""
        try:
            found = await self._rpc.request(STATISTICS, {})
        except EngineFailed:
            return {}
        return found if isinstance(found, dict) else {}

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline and self._rpc.process.returncode is None:
            await asyncio.sleep(0.02)


def serve_command(python: str, model: str, *more: str) -> list[str]:
    return [python, "-P", "-m", "copilot_lsp", "serve", "--model", model, *more]


def change_between(old: Scene, new: Scene) -> Message | None:
    """The one edit between two scenes of a file, as `TextDocumentContentChangeEvent`."""
    base, before, after = _compared(old, new)
    if before == after:
        return None
    start = common(before, after)
    end = common(before[start:][::-1], after[start:][::-1])
    edges = [position(base, before[:until]) for until in (start, len(before) - end)]
    first, last = ({"line": line, "character": character} for line, character in edges)
    return {"range": {"start": first, "end": last}, "text": after[start : len(after) - end]}


def _compared(old: Scene, new: Scene) -> tuple[str, str, str]:
    """What stands before both, and where they may differ; a jump can have changed the file anywhere."""
    if old.place is new.place:
        return old.place.before, old.left + old.right, new.left + new.right
    before, after = (scene.place.before + scene.left + scene.right + scene.place.after for scene in (old, new))
    return "", before, after


def position(before: str, left: str) -> tuple[int, int]:
    """Line and UTF-16 units into it, at the end of both."""
    text = before + left
    return text.count("\n"), utf16(text.rpartition("\n")[2])


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _probability(item: Message) -> float | None:
    """The second argument of our items' command."""
    command = item.get("command") or {}
    given = command.get("arguments", [])[1:2] if command.get("command") == DID_ACCEPT else []
    return given[0] if given else None


def text_of(item: Message) -> str:
    text = item.get("insertText", "")
    return text if isinstance(text, str) else str(text.get("value", ""))


def _begun(item: Message, scene: Scene, text: str) -> int:
    """Characters between the start of the item's range and the cursor, which its text begins with."""
    place = item.get("range")
    if not place:
        return 0
    line = (scene.place.before + scene.left).rpartition("\n")[2]
    units = line.encode("utf-16-le")
    replaced = units[2 * place["start"]["character"] :].decode("utf-16-le", "ignore")
    return len(replaced) if text.startswith(replaced) else 0


def _more(before: Message, after: Message, group: str, name: str) -> int | None:
    old, new = before.get(group), after.get(group)
    return None if old is None or new is None else int(new.get(name, 0) - old.get(name, 0))


def _usage(before: Message, after: Message, cpu: float | None, pid: int) -> Usage:
    more = partial(_more, before, after)
    now = processes.cpu_seconds(pid)
    return Usage(
        remembered=more("sources", "cache"),
        generated_anew=more("sources", "engine"),
        tokens_evaluated=more("tokens", "evaluated"),
        tokens_reused=more("tokens", "reused"),
        tokens_generated=more("tokens", "generated"),
        cpu_seconds=now - cpu if now is not None and cpu is not None else None,
        memory_bytes=processes.memory_bytes(pid),
    )
