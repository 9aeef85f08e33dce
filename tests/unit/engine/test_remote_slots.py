"""Which slot of a llama-server a request asks for, so that no key reads the whole prompt again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from llama_server import LlamaServer, Script, serving
from test_remote import REQUEST, engine, text_of

from copilot_lsp.engine.base import Limits, Piece
from copilot_lsp.engine.remote.engine import RemoteEngine

LONG = replace(REQUEST, prefix="a b c d e f g h\n" * 12 + REQUEST.prefix, anchor=0)
ELSEWHERE = replace(LONG, prefix="z y x w v u t s\n" * 12)
SLOTS = Script(slots=4, slot=3, reused=150)


def asked(server: LlamaServer) -> list[int | str]:
    """ "read" for a prompt that was only read, else the slot that was asked for."""
    bodies = [body for path, body in server.bodies if path == "/completion"]
    return ["read" if _reads(body) else body["id_slot"] for body in bodies]


def _reads(body: Mapping[str, Any]) -> bool:
    return not body.get("stream")


async def begin(remote: RemoteEngine) -> None:
    """A request that is closed after its first text, as the gate does."""
    async with aclosing(remote.infill(LONG)) as stream:
        assert isinstance(await anext(stream), Piece)


async def test_the_next_key_asks_for_the_slot_of_the_answer_that_was_closed() -> None:
    async with serving(SLOTS) as server, engine(server) as remote:
        await begin(remote)
        await begin(remote)
        await text_of(remote, replace(LONG, prefix=LONG.prefix + " 1"))
        assert asked(server) == ["read", 3, 3, 3]


async def test_what_reading_cost_is_said_once() -> None:
    async with serving(SLOTS) as server, engine(server) as remote:
        _, first = await text_of(remote, LONG)
        _, second = await text_of(remote, LONG)
        assert (first.evaluated, first.reused) == (100, 0)
        assert (second.evaluated, second.reused) == (5, 150)


async def test_a_prompt_that_is_being_read_is_waited_for() -> None:
    async with serving(replace(SLOTS, pause=0.05)) as server, engine(server) as remote:
        first = asyncio.create_task(begin(remote))
        while not asked(server):
            await asyncio.sleep(0.001)
        first.cancel()
        await begin(remote)
        assert asked(server) == ["read", 3]


async def test_another_place_gets_another_slot() -> None:
    async with serving(SLOTS) as server, engine(server) as remote:
        await begin(remote)
        server.script = replace(SLOTS, slot=1)
        await text_of(remote, ELSEWHERE)
        await text_of(remote, LONG)
        assert asked(server) == ["read", 3, "read", 1, 3]


async def test_answers_at_the_same_time_do_not_wait_for_each_other() -> None:
    async with serving(replace(SLOTS, pause=0.02)) as server, engine(server) as remote:
        await begin(remote)
        server.script.slot = 1
        await asyncio.gather(text_of(remote, LONG), text_of(remote, LONG))
        assert asked(server) == ["read", 3, 3, "read", 1]


async def test_the_server_chooses_where_others_take_our_slots() -> None:
    async with serving(replace(SLOTS, reused=9)) as server, engine(server) as remote:
        for _ in range(3):
            await begin(remote)
        assert asked(server) == ["read", 3, 3, -1]


@pytest.mark.parametrize(
    ("script", "request_"),
    [(replace(SLOTS, slots=1), LONG), (SLOTS, REQUEST)],
    ids=["one slot", "a short prompt"],
)
async def test_there_may_be_nothing_to_choose(script: Script, request_: Any) -> None:
    async with serving(script) as server, engine(server) as remote:
        await text_of(remote, request_)
        assert asked(server) == [-1]


async def test_what_was_read_in_a_pause_is_known() -> None:
    async with serving(SLOTS) as server, engine(server) as remote:
        await text_of(remote, replace(LONG, limits=Limits(max_tokens=0)))
        await text_of(remote, LONG)
        assert asked(server) == [-1, 3]


async def test_nothing_of_a_prompt_is_kept_after_forget() -> None:
    async with serving(SLOTS) as server, engine(server) as remote:
        await begin(remote)
        remote.forget()
        await text_of(remote, LONG)
        assert asked(server) == ["read", 3, "read", 3]
