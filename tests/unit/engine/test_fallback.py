"""A shared engine that cannot be had: one of one's own takes over, and the user is told why."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_local import STAND_IN, ask, gone
from test_shared import HUB, NO_HUB, folder, hub_pid

from copilot_lsp.engine.base import EngineState, EngineStatus, InfillRequest, Piece, Spent
from copilot_lsp.engine.local import restarts
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared import meet
from copilot_lsp.engine.shared.alone import why_alone
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.engine.shared.fallback import SharedOrOwn
from copilot_lsp.errors import EngineDied, EngineFailed
from copilot_lsp.settings import EngineSettings, Settings

__all__ = ["folder"]

TOY = "the stand-in for an engine of one's own"


def hub(*wrong: str) -> list[str]:
    return [sys.executable, str(HUB), "0.2", meet.HUB, *wrong]


@asynccontextmanager
async def either(folder: Path, command: Sequence[str], socket: str = "run") -> AsyncIterator[SharedOrOwn]:
    model = folder / "toy.gguf"
    own = partial(LocalEngine, model, Settings(), TOY, (sys.executable, str(STAND_IN)))
    engine = SharedOrOwn(partial(SharedEngine, model, Settings(), "toy", folder / socket, command), own)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_hub_that_can_be_had_is_used(folder: Path) -> None:
    async with either(folder, hub()) as first, either(folder, hub()) as second:
        for engine in (first, second):
            assert (await ask(engine, "abc"))[0] == "ABC"
        assert first.status.pid == second.status.pid
        assert (first.status.clients, first.status.alone, first.status.model) == (2, "", "toy")


async def test_a_hub_that_does_not_start(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with either(folder, NO_HUB) as engine:
        told: list[EngineStatus] = []
        engine.subscribe(told.append)
        answer = asyncio.create_task(ask(engine, "abc"))  # by somebody who does not wait until it is ready
        assert (await asyncio.wait_for(answer, 20))[0] == "ABC"
        why = "the shared engine cannot be reached: its process does not start: no hub today"
        assert (engine.status.alone, engine.status.clients, engine.status.model) == (why, 0, TOY)
        assert EngineState.FAILED not in [status.state for status in told]
        assert told[-1] == engine.status
        assert why_alone(engine.status, EngineSettings(shared=True)) == why
        pid = engine.status.pid
    assert [each.message for each in caplog.records if each.levelno >= logging.WARNING] == [
        f"the engine is not shared: {why}"
    ]
    assert pid is not None
    assert await gone(pid)


async def test_no_place_for_a_socket(folder: Path) -> None:
    async with either(folder, hub(), "x" * 100) as engine:
        assert (await ask(engine, "abc"))[0] == "ABC"
        assert "too long for a socket" in engine.status.alone


async def test_a_hub_that_goes_away_too_often(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked is answered as when any engine dies, and the next question by one's own engine."""
    async with either(folder, hub()) as engine:
        await ask(engine, "abc")
        assert isinstance(engine._engine, SharedEngine)
        monkeypatch.setattr(restarts, "MAX_DEATHS", 0)
        async with aclosing(engine.infill(InfillRequest("d", "a.py", "slow", ""))) as stream:
            assert isinstance(await anext(stream), Piece)
            os.kill(hub_pid(engine._engine), signal.SIGKILL)
            with pytest.raises(EngineDied, match="went away"):
                await anext(stream)
        assert (await ask(engine, "abc"))[0] == "ABC"
        assert "went away" in engine.status.alone
        assert engine.spent == Spent(generated=2)


async def test_a_model_that_cannot_be_used_is_not_tried_twice(folder: Path) -> None:
    async with either(folder, hub("unusable")) as engine:
        with pytest.raises(EngineFailed, match="this model is no model"):
            await asyncio.wait_for(engine.ready(), 20)
        assert isinstance(engine._engine, SharedEngine)
        assert (engine.status.state, engine.status.alone) == (EngineState.FAILED, "")


@pytest.mark.parametrize(
    ("states", "clients", "is_unusable"),
    [
        ([EngineState.STARTING, EngineState.FAILED], 2, True),
        ([EngineState.READY, EngineState.RESTARTING, EngineState.FAILED], 1, True),
        ([EngineState.READY, EngineState.RESTARTING, EngineState.FAILED], 2, False),
    ],
)
async def test_an_engine_that_another_window_may_have_brought_down_is_given_up_for_ones_own(
    folder: Path, states: list[EngineState], clients: int, is_unusable: bool
) -> None:
    async with either(folder, hub()) as engine:
        await engine.ready()
        shared = engine._engine
        assert isinstance(shared, SharedEngine)
        shared._was_ready = False
        for state in states:
            shared._follow(replace(shared.status, state=state, message=str(state), clients=clients))
        assert shared.is_unusable is is_unusable
        assert (engine._engine is shared) is is_unusable


async def test_closed_while_it_falls_back_leaves_nothing(folder: Path) -> None:
    async with either(folder, NO_HUB) as engine:
        await until(lambda: bool(engine.status.alone))
    assert engine.status.state is EngineState.STOPPED
    pid = engine.status.pid
    assert pid is None or await gone(pid)


def test_why_an_engine_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = EngineStatus(EngineState.READY, pid=5)
    assert why_alone(own, EngineSettings(shared=False)) == "engine.shared is off"
    assert why_alone(replace(own, alone="no hub"), EngineSettings(shared=True)) == "no hub"
    assert why_alone(replace(own, clients=1), EngineSettings(shared=True)) == ""
    assert why_alone(EngineStatus(EngineState.READY, remote="host"), EngineSettings(shared=False)) == ""
    monkeypatch.setattr("copilot_lsp.engine.shared.alone.os", SimpleNamespace(name="nt"))
    assert why_alone(own, EngineSettings(shared=False)) == "engine.shared is off, as it is on Windows by default"
