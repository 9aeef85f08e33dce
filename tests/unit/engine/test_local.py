"""The engine process seen from the server: its life, its deaths, and what requests get."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import copilot_lsp
from copilot_lsp.engine.base import (
    Chunk,
    Cut,
    Done,
    Engine,
    EngineState,
    FinishReason,
    InfillRequest,
    Piece,
    SamplingParams,
)
from copilot_lsp.engine.local import pulse, restarts, supervisor, wire
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.errors import EngineDied, EngineFailed
from copilot_lsp.settings import EngineSettings, Settings

DEFAULTS = Settings()
STAND_IN = Path(__file__).with_name("stand_in.py")


@asynccontextmanager
async def running(*wrong: str, settings: Settings = DEFAULTS, started: bool = True) -> AsyncIterator[LocalEngine]:
    engine = LocalEngine(Path("toy.gguf"), settings, command=(sys.executable, str(STAND_IN), *wrong))
    await engine.start()
    try:
        if started:
            await asyncio.wait_for(engine.ready(), 20)
        yield engine
    finally:
        await engine.close()


async def ask(engine: Engine, prefix: str) -> tuple[str, Done]:
    text = ""
    async for item in engine.infill(InfillRequest("d", "a.py", prefix, "")):
        if isinstance(item, Done):
            return text, item
        text += item.text
    raise AssertionError("no end")


def recorded(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> list[wire.Message]:
    """The messages to the engine's process from now on."""
    sent: list[wire.Message] = []
    send = engine._send

    def record(message: wire.Message) -> None:
        sent.append(message)
        send(message)

    monkeypatch.setattr(engine, "_send", record)
    return sent


async def gone(pid: int) -> bool:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_answers() -> None:
    async with running() as engine:
        assert engine.status.details == {"template": "toy"}
        text, done = await ask(engine, "abc")
    assert (text, done.end) == ("ABC", FinishReason.EOG)


async def test_leaves_no_process_behind() -> None:
    async with running() as engine:
        pid = engine.status.pid
    assert pid is not None
    assert await gone(pid)
    assert engine.status.state is EngineState.STOPPED
    with pytest.raises(EngineFailed):
        await ask(engine, "abc")


async def test_request_in_flight_is_told_of_the_death_and_the_next_one_is_answered() -> None:
    async with running() as engine:
        first = engine.status.pid
        with pytest.raises(EngineDied, match="SIGKILL"):
            await ask(engine, "die")
        assert (await ask(engine, "abc"))[0] == "ABC"
        assert engine.status.pid != first
        assert not engine.status.safe_mode


async def test_crash_while_loading_leads_to_safe_mode() -> None:
    async with running("crash-unsafe") as engine:
        assert engine.status.safe_mode
        assert "safe mode" in engine.status.message
        assert (await ask(engine, "abc"))[0] == "ABC"


async def test_safe_mode_from_the_beginning() -> None:
    settings = replace(Settings(), engine=EngineSettings(safe_mode="on"))
    seen = []
    async with running("crash-unsafe", settings=settings, started=False) as engine:
        engine.subscribe(lambda status: seen.append(status.state))
        await engine.ready()
    assert EngineState.RESTARTING not in seen


async def test_a_model_that_cannot_be_loaded_is_not_tried_again() -> None:
    async with running("unusable", started=False) as engine:
        with pytest.raises(EngineFailed, match="this model is no model"):
            await engine.ready()
        assert engine.status.state is EngineState.FAILED


async def test_a_program_that_is_not_there_is_a_failure_not_an_exception() -> None:
    engine = LocalEngine(Path("toy.gguf"), Settings(), command=("/nonexistent/engine",))
    await engine.start()
    with pytest.raises(EngineFailed, match="cannot be started"):
        await engine.ready()
    await engine.close()


async def test_closing_while_it_loads() -> None:
    async with running("never-ready", started=False) as engine:
        while engine.status.pid is None:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(engine.ready())
        await asyncio.sleep(0)
        pid = engine.status.pid
    with pytest.raises(EngineFailed):
        await waiting
    assert pid is not None
    assert await gone(pid)


async def test_closing_the_stream_cancels_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as engine:
        sent = recorded(engine, monkeypatch)
        async with aclosing(engine.infill(InfillRequest("d", "a.py", "slow", ""))) as stream:
            assert isinstance(await anext(stream), Piece)
        assert isinstance(sent[-1], wire.Cancel)
        assert (await ask(engine, "abc"))[0] == "ABC"


async def test_a_finished_request_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as engine:
        sent = recorded(engine, monkeypatch)
        await ask(engine, "abc")
        assert [type(message) for message in sent] == [wire.Ask]


async def test_an_engine_that_is_stopped_is_killed_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PING_SECONDS", 0.05)
    async with running() as engine:
        seen: list[str] = []
        engine.subscribe(lambda status: seen.append(status.message))
        first = engine.status.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(EngineDied, match="did not answer for 5 s"):
            await ask(engine, "abc")
        assert await gone(first)
        assert (await ask(engine, "abc"))[0] == "ABC"
        assert seen[0] == "the engine did not answer for 5 s; starting it again"


async def test_an_engine_that_answers_but_gets_nowhere_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PING_SECONDS", 0.005)
    monkeypatch.setattr(pulse, "MAX_UNANSWERED", 10_000)  # a busy machine is no silence
    async with running("stuck") as engine:
        with pytest.raises(EngineDied, match="made no progress for 120 s"):
            await ask(engine, "abc")


async def test_an_engine_that_never_loads_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PING_SECONDS", 0.001)
    monkeypatch.setattr(pulse, "MAX_UNBORN", 10_000)
    monkeypatch.setattr(pulse, "MAX_UNANSWERED", 10_000)  # a busy machine is no silence
    monkeypatch.setattr(restarts, "MAX_DEATHS", 1)
    monkeypatch.setattr(restarts, "WINDOW_SECONDS", 3600.0)
    async with running("never-ready", started=False) as engine:
        with pytest.raises(
            EngineFailed, match=r"failed 2 times within a minute; the last time it made no progress for 600 s"
        ):
            await asyncio.wait_for(engine.ready(), 120)


async def test_an_engine_that_nobody_waits_for_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PING_SECONDS", 0.005)
    async with running() as engine:
        first = engine.status.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        await asyncio.sleep(0.2)
        os.kill(first, signal.SIGCONT)
        monkeypatch.setattr(pulse, "MAX_UNANSWERED", 10_000)  # from here on it is waited for, on a busy machine too
        assert (await ask(engine, "abc"))[0] == "ABC"
        assert engine.status.pid == first


async def test_what_is_no_message_costs_a_restart_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "MAX_DEATHS", 1)
    async with running("babble", started=False) as engine:
        with pytest.raises(EngineFailed, match="said something that is no message"):
            await engine.ready()


@pytest.mark.parametrize("where", ["PYTHONPATH", "folder"])
def test_the_engine_takes_no_modules_of_the_project(where: str, tmp_path: Path) -> None:
    for name in ("numpy.py", "json.py", "cattrs.py", "copilot_lsp.py", "typing.py"):
        (tmp_path / name).write_text("raise SystemExit('foreign')")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)} if where == "PYTHONPATH" else dict(os.environ)
    command = supervisor.worker_command()
    run = subprocess.run(command, cwd=tmp_path, env=env, input=b"", capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (1, b"")
    assert b"not a message" in run.stderr, "it got as far as reading its first message"


def test_the_engine_is_that_of_the_server_that_starts_it(tmp_path: Path) -> None:
    """A working tree that is not installed, beside an installed version; packages in a folder of their own."""
    ours, tree = Path(copilot_lsp.__file__).parent, tmp_path / "tree"
    shutil.copytree(ours, tree / "copilot_lsp", ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "copilot_lsp/engine/local/worker.py").write_text(
        "import copilot_lsp, numpy, sys\ndef main(): print(copilot_lsp.__file__, numpy.__file__)\n"
    )
    code = (
        f"import subprocess, sys; sys.path.insert(0, {str(tree)!r})\n"
        "from copilot_lsp.engine.local.supervisor import worker_command\n"
        "print(subprocess.run(worker_command(), capture_output=True, text=True))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(tree / "copilot_lsp/__init__.py") in run.stdout
    assert "site-packages/numpy/__init__.py" in run.stdout


class TestWire:
    def test_round_trip(self) -> None:
        request = InfillRequest(
            "d",
            "ä.py",
            "x = '\u2028'",
            "😀",
            (Cut(3, "import os"),),
            (Chunk("b", "c"),),
            sampling=SamplingParams(0.5, seed=3),
            comment="//",
        )
        for message in (
            wire.Ask(1, request),
            wire.Finished(2, Done(FinishReason.TIME, confidence=None)),
            wire.Cancel(3),
            wire.Ping(),
            wire.Pong(4),
        ):
            line = wire.encode(message)
            assert line.count(b"\n") == 1
            assert wire.decode(line) == message

    @pytest.mark.parametrize("line", [b"", b"{}", b'["Nothing", {}]', b'["Cancel", {}]', b"\xff"])
    def test_what_is_not_a_message(self, line: bytes) -> None:
        with pytest.raises(ValueError, match="not a message"):
            wire.decode(line)
