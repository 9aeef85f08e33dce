"""Tracks which slot of a llama-server holds which prompt.

A slot whose stream we closed stays busy for about two tokens, until the server notices. A request that names no slot is
given another one meanwhile, where the server reads the whole prompt again; a request that names the slot waits for it.
Only the end of an answer says which slot it had (`id_slot`), and we end most answers ourselves. So a prompt that no
slot has is read first, with nothing generated: that costs a round trip, where a prompt has to be read anyway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from copilot_lsp.engine.remote.connection import Connection
from copilot_lsp.engine.remote.speed import Speed

ANY = -1
"""The server chooses the idle slot with the most similar prompt, or the least recently used."""

SHORTEST = 64
"""Tokens; reading a shorter prompt again costs no more than finding its slot."""

KEPT_SECONDS = 60.0
"""A slot unused by us for this long (seconds) may have been taken by others."""

TAKEN_SECONDS = 60.0
"""There are too few slots where others take ours in between: so long, the server chooses, as it knows who waits."""


@dataclass(slots=True)
class _Slot:
    """`user`: the task that reads its stream."""

    tokens: Sequence[int]
    at: float
    user: asyncio.Task[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether its stream is still wanted."""
        return self.user is not None and not self.user.done() and not self.user.cancelling()


@dataclass(frozen=True, slots=True)
class _Reading:
    tokens: Sequence[int]
    task: asyncio.Task[Mapping[str, Any]]


class Slots:
    """`count`: as the server says; with one there is nothing to choose. `speed` learns from every prompt that is read,
    also where nobody waits for it any more: who types is ahead of a busy server.
    """

    def __init__(self, connection: Connection, count: int, speed: Speed) -> None:
        self._connection = connection
        self._count = count
        self._speed = speed
        self._slots: dict[int, _Slot] = {}
        self._readings: list[_Reading] = []
        self._not_before = 0.0

    async def find(self, tokens: Sequence[int], read: bool) -> tuple[int, Mapping[str, Any]]:
        """The slot for a prompt, and llama-server's answer to reading it. Raises RemoteFailed.

        `read`: where no slot has it; else the server chooses one. Reading goes on when the request is cancelled: the
        next key's prompt begins with the same tokens, and waits.
        """
        if self._count < 2 or len(tokens) < SHORTEST or time.monotonic() < self._not_before:
            return ANY, {}
        if (slot := self._known(tokens)) != ANY:
            return slot, {}
        for reading in self._readings:
            if _alike(reading.tokens, tokens):
                await asyncio.shield(reading.task)
                return self._known(tokens), {}
        if not read:
            return ANY, {}
        answer = await asyncio.shield(self._begin(tokens))
        return self._known(tokens), answer

    @contextmanager
    def used(self, slot: int, tokens: Sequence[int]) -> Iterator[None]:
        """While the slot's stream is read."""
        if slot == ANY:
            yield
            return
        entry = self._slots[slot] = _Slot(tokens, time.monotonic(), asyncio.current_task())
        try:
            yield
        finally:
            entry.user, entry.at = None, time.monotonic()

    def check(self, slot: int, tokens: Sequence[int], reused: int) -> None:
        """`reused`: tokens of the prompt that the slot had, as the server says."""
        if slot != ANY and reused < len(tokens) // 2:
            self._not_before = time.monotonic() + TAKEN_SECONDS

    def learn(self, slot: object, tokens: Sequence[int]) -> None:
        """`slot`: as the end of an answer says."""
        if isinstance(slot, int) and slot >= 0:
            self._slots[slot] = _Slot(tokens, time.monotonic())

    def forget(self) -> None:
        for reading in self._readings:
            reading.task.cancel()
        self._slots.clear()

    def _known(self, tokens: Sequence[int]) -> int:
        oldest = time.monotonic() - KEPT_SECONDS
        found = [
            (entry.at, slot)
            for slot, entry in self._slots.items()
            if entry.at >= oldest and not entry.busy and _alike(entry.tokens, tokens)
        ]
        return max(found)[1] if found else ANY

    def _begin(self, tokens: Sequence[int]) -> asyncio.Task[Mapping[str, Any]]:
        reading = _Reading(tokens, asyncio.create_task(self._read(tokens)))
        self._readings.append(reading)
        reading.task.add_done_callback(lambda _: self._end(reading))
        return reading.task

    def _end(self, reading: _Reading) -> None:
        self._readings.remove(reading)
        if not reading.task.cancelled():
            reading.task.exception()  # may be nobody's business any more

    async def _read(self, tokens: Sequence[int]) -> Mapping[str, Any]:
        body = {"prompt": tokens, "n_predict": 0, "cache_prompt": True, "response_fields": ("id_slot", "timings")}
        answer = await self._connection.post("completion", body)
        self.learn(answer.get("id_slot"), tokens)
        self._speed.learn(answer.get("timings"))
        return answer


def _alike(known: Sequence[int], tokens: Sequence[int]) -> bool:
    """Whether the slot already holds half of the prompt."""
    half = len(tokens) // 2
    return known[:half] == tokens[:half]
