"""What a llama-server does in a second, and what our client adds to a request, over plain HTTP."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx2

from copilot_lsp import endpoints
from copilot_lsp.engine.base import Done, InfillRequest
from copilot_lsp.engine.remote import sse
from copilot_lsp.engine.remote.connection import Connection
from copilot_lsp.engine.remote.engine import RemoteEngine
from copilot_lsp.settings import Settings

PROMPT = 900
"""Tokens: a whole window of the default settings."""

GENERATED = 64


async def rates(url: str, slots: int) -> tuple[float, float]:
    """Tokens a second, over all slots together: of prompts, each read by itself, and generated in all slots at once."""
    async with httpx2.AsyncClient(base_url=url, timeout=None, trust_env=False) as client:
        text = "def f(a, b):\n    return a + b\n\n" * PROMPT
        found = (await client.post("/tokenize", json={"content": text})).json()["tokens"][:PROMPT]
        begun = time.perf_counter()
        for _ in range(3):
            await _generate(client, found, 1, cached=False)
        prompts = 3 * len(found) / (time.perf_counter() - begun)
        short = [found[at : at + 16] for at in range(slots)]
        begun = time.perf_counter()
        await asyncio.gather(*(_generate(client, prompt, GENERATED, cached=True) for prompt in short))
        return prompts, slots * GENERATED / (time.perf_counter() - begun)


async def _generate(client: httpx2.AsyncClient, prompt: Sequence[int], tokens: int, cached: bool) -> None:
    body = {"prompt": prompt, "n_predict": tokens, "cache_prompt": cached, "ignore_eos": True, "temperature": 0}
    (await client.post("/completion", json=body)).raise_for_status()


async def overhead(url: str, settings: Settings, requests: Sequence[InfillRequest], rounds: int) -> list[float]:
    """Milliseconds from a request to its last token, ours less raw HTTP's: the same body, as many events, by turns.

    Every request is made once before, so that its prompt is in a slot.
    """
    engine = RemoteEngine([endpoints.parse(url)], settings, None)
    async with httpx2.AsyncClient(base_url=url, timeout=None, trust_env=False) as client:
        await engine.start()
        try:
            await engine.ready()
            found = []
            for request in requests:
                body, events, _ = await _ours(engine, request)
                for _ in range(rounds):
                    plain = await _raw(client, body, events)
                    _, _, own = await _ours(engine, request)
                    found.append((own - plain) * 1000)
            return found
        finally:
            await engine.close()


async def _ours(engine: RemoteEngine, request: InfillRequest) -> tuple[Mapping[str, Any], int, float]:
    """The body that was sent, how many events were read, and the seconds until the end."""
    sent: list[Mapping[str, Any]] = []
    events = 0
    plain = Connection.events

    async def watched(self: Connection, path: str, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        nonlocal events
        sent.append(body)
        async with aclosing(plain(self, path, body)) as stream:
            async for event in stream:
                events += 1
                yield event

    Connection.events = watched  # type: ignore[method-assign]
    try:
        begun = time.perf_counter()
        async with aclosing(engine.infill(request)) as stream:
            async for item in stream:
                if isinstance(item, Done):
                    break
        return sent[-1], events, time.perf_counter() - begun
    finally:
        Connection.events = plain  # type: ignore[method-assign]


async def _raw(client: httpx2.AsyncClient, body: Mapping[str, Any], events: int) -> float:
    begun = time.perf_counter()
    async with client.stream("POST", "/completion", json=body) as response:
        async for _ in sse.events(response.aiter_bytes()):
            events -= 1
            if events == 0:
                break
    return time.perf_counter() - begun


def middle(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("nan")
