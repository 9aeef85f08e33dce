"""When llama.vim asks llama-server: as its autoload/llama.vim (2026-01-31) does, with its defaults, retold.

One request is under way at a time; a key that comes meanwhile asks again 100 ms later. The first request for a place
may write for 250 ms, the one ahead of a suggestion that is shown for 1,000 ms. Answers are kept, and found again up to
128 characters on. Left out: chunks of other files (its ring). llama.vim sends them in pauses, and the simulation has
none, so this is llama.vim at its fastest.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers import server
from benchmarks.peers.window import LOOK_BACK, Spot, Window
from copilot_lsp.errors import EngineFailed
from copilot_lsp.evaluation.typing import processes
from copilot_lsp.evaluation.typing.assistant import Offer, Scene, Usage

FIRST_MS, AHEAD_MS = 250, 1000
AGAIN_SECONDS = 0.1
LONGEST_REST = 8
"""Characters right of the cursor with which it still asks by itself."""

CACHED = 250
SAMPLING = {
    "id_slot": 0,
    "n_predict": 128,
    "top_k": 40,
    "top_p": 0.90,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
}


class LlamaVim:
    """An Assistant (copilot_lsp/evaluation/typing/assistant.py)."""

    def __init__(self, name: str, model: Path, threads: int) -> None:
        self.name = name
        self._model, self._threads = model, threads
        self._hear: Callable[[Offer], None] = lambda _: None
        self._kept: dict[tuple[str, str], str] = {}
        self._job: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._scene: Scene | None = None
        self._shown: list[str] = []
        self._indent = 0
        self._counts = {"remembered": 0, "asked": 0, "evaluated": 0, "reused": 0, "generated": 0}
        self._cpu: float | None = None

    def listen(self, hear: Callable[[Offer], None]) -> None:
        self._hear = hear

    async def start(self) -> None:
        self._server = await server.start(self._model, self._threads)

    async def enter(self, scene: Scene) -> None:
        self._counts = dict.fromkeys(self._counts, 0)
        self._cpu = processes.cpu_seconds(self._server.pid)
        self.changed(scene)

    def changed(self, scene: Scene) -> None:
        self._scene, self._shown = scene, []
        if self._hint():
            self._counts["remembered"] += 1
        self._complete()

    def shown(self, offer: Offer) -> None:
        """It does not look at this."""

    def taken(self, offer: Offer, length: int) -> None:
        """It does not look at this."""

    async def evaluated(self) -> int | None:
        return self._counts["evaluated"]

    async def leave(self) -> Usage:
        self._scene = None
        if self._timer is not None:
            self._timer.cancel()
        if self._job is not None:
            await self._job
        now, counts = processes.cpu_seconds(self._server.pid), self._counts
        return Usage(
            remembered=counts["remembered"],
            generated_anew=counts["asked"],
            tokens_evaluated=counts["evaluated"],
            tokens_reused=counts["reused"],
            tokens_generated=counts["generated"],
            cpu_seconds=None if now is None or self._cpu is None else now - self._cpu,
            memory_bytes=processes.memory_bytes(self._server.pid),
        )

    async def close(self) -> None:
        if self._job is not None:
            self._job.cancel()
        if hasattr(self, "_server"):
            await self._server.close()

    def _spot(self) -> Spot | None:
        scene = self._scene
        return None if scene is None else Spot.of(scene.place.before + scene.left, scene.right + scene.place.after)

    def _hint(self) -> bool:
        """Shows what is kept for the cursor, and asks ahead of it."""
        spot = self._spot()
        content = None if spot is None else self._found(spot.window())
        if spot is None or content is None or self._scene is None:
            return False
        self._shown = spot.shown(content)
        text = "\n".join(self._shown)
        self._hear(Offer(self._scene.change, text[: len(text) - len(spot.right)] if text else ""))
        if self._shown:
            self._request(spot.ahead(self._shown, self._indent), AHEAD_MS)
        return True

    def _found(self, window: Window) -> str | None:
        """The answer for this window; else the longest rest of one that was asked for before what was typed since."""
        if (exact := self._kept.get((window.before, window.suffix))) is not None:
            return exact
        before, rests = window.before, []
        for typed in range(1, min(LOOK_BACK, len(before) - 1) + 1):
            content = self._kept.get((before[:-typed], window.suffix), "")
            if content.startswith(before[-typed:]):
                rests.append(content[typed:])
        return max(filter(None, rests), key=len, default=None)

    def _complete(self) -> None:
        """For the cursor, unless its answer is there."""
        self._timer = None
        spot = self._spot()
        if spot is None or len(spot.right) > LONGEST_REST:
            return
        window = spot.window()
        self._indent = window.indent
        self._request(window, FIRST_MS)

    def _request(self, window: Window, milliseconds: int) -> None:
        if self._job is not None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._complete)
            return
        if not any(key in self._kept for key in window.labels()):
            self._job = asyncio.create_task(self._ask(window, milliseconds))

    async def _ask(self, window: Window, milliseconds: int) -> None:
        text = {"input_prefix": window.prefix, "prompt": window.middle, "input_suffix": window.suffix}
        request = {**SAMPLING, **text, "input_extra": [], "n_indent": window.indent, "t_max_predict_ms": milliseconds}
        self._counts["asked"] += 1
        try:
            answer = await self._server.ask(request)
        except EngineFailed:
            return
        finally:
            self._job = None
        self._count(answer)
        self._keep(window, str(answer.get("content", "")))
        if not self._shown:
            with contextlib.suppress(EngineFailed):
                self._hint()

    def _keep(self, window: Window, content: str) -> None:
        for key in window.labels():
            if len(self._kept) >= CACHED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = content

    def _count(self, answer: dict[str, Any]) -> None:
        timings = answer.get("timings", {})
        self._counts["evaluated"] += timings.get("prompt_n", 0)
        self._counts["reused"] += timings.get("cache_n", 0)
        self._counts["generated"] += timings.get("predicted_n", 0)
