"""A developer of a team, for the typing simulation: our pipeline in this process, and a server for an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from copilot_lsp import endpoints
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Spent
from copilot_lsp.engine.remote.engine import RemoteEngine
from copilot_lsp.evaluation.typing.assistant import Offer, Scene, Usage
from copilot_lsp.evaluation.typing.language_server import change_between
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document, Edit


class Developer:
    """What a language server does at a key, without the process: twenty of those would measure this machine."""

    def __init__(self, name: str, url: str, settings: Settings) -> None:
        self.name = name
        self.engine = RemoteEngine([endpoints.parse(url)], settings, None)
        self._completer = Completer(self.engine, settings)
        self._settings = settings
        self._hear: Callable[[Offer], None] = lambda _: None
        self._document: Document | None = None
        self._scene: Scene | None = None
        self._asked: asyncio.Task[None] | None = None
        self._before = Spent()

    def listen(self, hear: Callable[[Offer], None]) -> None:
        self._hear = hear

    async def start(self) -> None:
        await self.engine.start()
        await self.engine.ready()

    async def enter(self, scene: Scene) -> None:
        place, limit = scene.place, self._settings.max_parse_bytes
        uri = f"file:///{self.name}/{place.path}"
        self._document = Document.open(uri, place.path, place.language, 0, place.masked, limit)
        self._before = self.engine.spent
        self._scene = scene
        self._ask(scene)

    def changed(self, scene: Scene) -> None:
        assert self._scene is not None
        assert self._document is not None
        if change := change_between(self._scene, scene):
            start, end = ((at["line"], at["character"]) for at in (change["range"]["start"], change["range"]["end"]))
            self._document.apply([Edit(start, end, change["text"], "utf-16")], scene.change)
        self._scene = scene
        self._ask(scene)

    def shown(self, offer: Offer) -> None:
        """The pipeline in this process does not count."""

    def taken(self, offer: Offer, length: int) -> None:
        """The change says it."""

    async def evaluated(self) -> int:
        return self.engine.spent.evaluated - self._before.evaluated

    async def leave(self) -> Usage:
        if self._asked is not None:
            self._asked.cancel()
        if self._document is not None:
            self._completer.forget(self._document.uri)
        now, before = self.engine.spent, self._before
        return Usage(
            tokens_evaluated=now.evaluated - before.evaluated,
            tokens_reused=now.reused - before.reused,
            tokens_generated=now.generated - before.generated,
        )

    async def close(self) -> None:
        await self._completer.close()
        await self.engine.close()

    def _ask(self, scene: Scene) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = asyncio.create_task(self._answer(scene))

    async def _answer(self, scene: Scene) -> None:
        assert self._document is not None
        snapshot = self._document.snapshot()
        offset = len((scene.place.before + scene.left).encode())

        def offered(found: Completion, final: bool) -> None:
            text = found.text.removeprefix(snapshot.text.data[found.start : offset].decode())
            self._hear(Offer(scene.change, text, final))

        query = Query(snapshot, offset, Trigger.AUTOMATIC)
        answer = await self._completer.complete(query, lambda part: offered(part, False))
        if answer.completions:
            offered(answer.completions[0], True)
        else:
            self._hear(Offer(scene.change, "", True))
