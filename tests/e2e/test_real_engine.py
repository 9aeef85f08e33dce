"""The real engine with the real model: what it says, what it reuses, how fast it lets go."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from copilot_lsp import models
from copilot_lsp.engine.base import Done, Engine, FinishReason, InfillRequest, Limits, Piece, SamplingParams
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.errors import EngineDied
from copilot_lsp.settings import ContextSettings, EngineSettings, Settings

CODE = """import json


def read_config(path):
    with open(path) as file:
        return json.load(file)


def write_config(path, config):
    with open(path, "w") as file:
        """

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL_BATCHES = Settings(engine=EngineSettings(batch=32), context=ContextSettings(prefix_tokens=1500))


@asynccontextmanager
async def real(settings: Settings = SMALL_BATCHES, folder: Path | None = None) -> AsyncIterator[Engine]:
    """With a folder, a shared one, behind the same interface."""
    model = models.find("default").path
    engine: Engine = SharedEngine(model, settings, folder=folder) if folder else LocalEngine(model, settings)
    await engine.start()
    await engine.ready()
    try:
        yield engine
    finally:
        await engine.close(discard=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["own", "shared"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as folder:  # a socket's path is short
        async with real(folder=Path(folder) if request.param == "shared" else None) as started:
            yield started


def ask(prefix: str, document: str = "d", **fields: object) -> InfillRequest:
    request = InfillRequest(document, "a.py", prefix, "\n", limits=Limits(max_tokens=24, max_lines=1))
    return replace(request, **fields)  # type: ignore[arg-type]


async def answer(engine: Engine, request: InfillRequest) -> tuple[str, Done]:
    text = ""
    async for item in engine.infill(request):
        if isinstance(item, Done):
            return text, item
        text += item.text
    raise AssertionError("no end")


async def test_completes_code(engine: Engine) -> None:
    text, done = await answer(engine, ask(CODE))
    assert text == "json.dump(config, file)"
    assert done.end in (FinishReason.LINES, FinishReason.EOG)
    assert done.confidence is not None
    assert 0 < done.confidence < 1


async def test_typing_on_evaluates_only_the_new_tokens(engine: Engine) -> None:
    await answer(engine, ask(CODE, "typing"))
    text, done = await answer(engine, ask(CODE + "json.du", "typing"))
    assert text == "mp(config, file)"
    assert done.reused > 40
    assert done.evaluated < 5


async def test_token_in_two_pieces_is_healed(engine: Engine) -> None:
    text, _ = await answer(engine, ask(CODE + "jso"))
    assert text == "n.dump(config, file)"


async def test_text_does_not_depend_on_what_the_cache_held(engine: Engine) -> None:
    prefixes = [CODE, CODE + "json.", CODE[:80], "def add(a, b):\n    return ", CODE + "file."]
    fresh = [await answer(engine, ask(prefix, f"fresh {index}")) for index, prefix in enumerate(prefixes)]
    for order in (prefixes, prefixes[::-1], prefixes[2:] + prefixes[:2]):
        for prefix in order:
            text, _ = await answer(engine, ask(prefix, "the same"))
            assert text == fresh[prefixes.index(prefix)][0]


async def test_drafts_change_nothing(engine: Engine) -> None:
    # Sure of every token: where two are about as likely, the kernels for one token and for many may differ.
    rows = "".join(f"value_{number} = compute({number})\n" for number in range(20))
    block = ask(rows, "drafts", limits=Limits(max_tokens=48))
    async with real(replace(SMALL_BATCHES, engine=EngineSettings(batch=32, speculative=False))) as plain:
        slow, without = await answer(plain, block)
    fast, done = await answer(engine, block)
    assert fast == slow
    assert without.drafted == 0
    assert done.drafted > 0


async def test_a_seed_repeats(engine: Engine) -> None:
    sampled = [ask(CODE, sampling=SamplingParams(1.0, seed=seed)) for seed in (1, 1, 2, 3, 4)]
    texts = [(await answer(engine, request))[0] for request in sampled]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


async def test_cancel_in_the_middle_of_the_prompt_keeps_what_was_evaluated(engine: Engine) -> None:
    long = ask("".join(f"value_{number} = compute({number})\n" for number in range(150)), "long")
    async with aclosing(engine.infill(long)) as stream:
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    _, after = await answer(engine, ask(CODE, "other"))
    assert after.end in (FinishReason.LINES, FinishReason.EOG)
    _, done = await answer(engine, long)
    assert done.evaluated > 0
    assert 0 <= done.reused < done.evaluated + done.reused - 1, "the prompt was evaluated to its end"
    batch = int(engine.status.details["batch"])
    assert done.reused % batch <= 4, "whole batches, after the control tokens that all prompts share"
    assert done.reused >= batch


async def test_forgets_when_told_to_and_cancels_first(engine: Engine) -> None:
    await answer(engine, ask(CODE, "told"))
    assert (await answer(engine, ask(CODE, "told")))[1].reused > 20
    long = ask("".join(f"secret_{number} = compute({number})\n" for number in range(150)), "running")
    running, waiting = (asyncio.create_task(answer(engine, long)) for _ in range(2))
    await asyncio.sleep(0.2)
    engine.forget()
    assert [(await each)[1].end for each in (running, waiting)] == [FinishReason.CANCELLED] * 2
    assert (await answer(engine, ask(CODE, "told")))[1].reused == 0
    assert (await answer(engine, long))[1].reused == 0


async def test_background_gives_way(engine: Engine) -> None:
    long = ask("".join(f"name_{number} = compute({number})\n" for number in range(150)), "ahead", background=True)
    ahead = asyncio.create_task(answer(engine, long))
    await asyncio.sleep(0.2)
    text, _ = await answer(engine, ask(CODE))
    assert text == "json.dump(config, file)"
    assert (await ahead)[1].end is FinishReason.CANCELLED


async def test_control_tokens_in_the_text_are_text(engine: Engine) -> None:
    text, done = await answer(engine, ask('END = "<|endoftext|>"\nSTART = "<|im_start|>"\nprint(EN'))
    assert text.startswith("D")
    assert done.end is not FinishReason.EOG


async def test_a_comment_that_is_not_wanted(engine: Engine) -> None:
    numbered = "# one\nx = 1\n\n# two\ny = 2\n\n# three\nz = 3\n\n"
    assert (await answer(engine, ask(numbered)))[0].startswith("# four")
    text, _ = await answer(engine, ask(numbered, unwanted=("#",)))
    assert text
    assert not text.startswith("#")


async def test_odd_input(engine: Engine) -> None:
    for prefix in ("", "\n", " ", "\ud800", "\x00", "é" * 3000, "🐍", "x" * 20_000):
        _, done = await answer(engine, ask(prefix, limits=Limits(max_tokens=2)))
        assert done.generated <= 2


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
async def test_comes_back_from_the_dead(name: str) -> None:
    async with real() as engine:
        stream = engine.infill(ask(CODE, limits=Limits(max_tokens=500)))
        assert isinstance(await anext(stream), Piece)
        assert engine.status.pid is not None
        os.kill(engine.status.pid, signal.Signals[name])
        with pytest.raises(EngineDied, match=name):
            async for _ in stream:
                pass
        assert (await answer(engine, ask(CODE)))[0] == "json.dump(config, file)"
        assert not engine.status.safe_mode


async def test_safe_mode_completes_too() -> None:
    async with real(Settings(engine=EngineSettings(safe_mode="on"))) as engine:
        assert engine.status.safe_mode
        assert (await answer(engine, ask(CODE)))[0] == "json.dump(config, file)"


async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\0" * 100)
    engine = LocalEngine(bad, Settings())
    await engine.start()
    with pytest.raises(Exception, match="GGUF version 0"):
        await engine.ready()
    await engine.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.settings import Settings

async def main():
    engine = LocalEngine(Path(sys.argv[1]), Settings())
    await engine.start()
    await engine.ready()
    print(engine.status.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_does_not_outlive_a_server_that_is_killed() -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(models.find("default").path), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    pid = int(await server.stdout.readline())
    server.kill()
    await server.wait()
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)
