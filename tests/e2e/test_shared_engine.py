"""Two real servers with the real model and one engine: what they share, and what each keeps when others go."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from editor import Editor, editing, until
from lsprotocol import types
from process import serving
from test_real_model import CODE, SERVE, Buffer, until_completed
from wire import INLINE, inline

from benchmarks.windows import proportional

MOST_BYTES = 60 * 2**20
"""What the second server may add to the memory in use."""


@pytest.fixture
def env() -> Iterator[dict[str, str]]:
    """A socket's path must be short, which `tmp_path` is not."""
    folder = tempfile.mkdtemp(prefix="run-")
    yield {"XDG_RUNTIME_DIR": folder, "COPILOT_LSP_ENGINE_SHARED": "true"}  # with COPILOT_LSP_TEST_SHARED=0, too
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def window(env: dict[str, str]) -> AsyncIterator[Editor]:
    async with editing(serve=SERVE, options={"completion": {"confidence": 0}}, env=env) as editor:
        yield editor


def running(module: str, env: dict[str, str]) -> list[psutil.Process]:
    """The processes of our module in this test's environment; one that has ended counts until it is reaped."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("XDG_RUNTIME_DIR") == env["XDG_RUNTIME_DIR"]
            if ours and module in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def hubs(env: dict[str, str]) -> list[psutil.Process]:
    return running("copilot_lsp.engine.shared.process", env)


def workers(env: dict[str, str]) -> list[psutil.Process]:
    return running("copilot_lsp.engine.local.worker", env)


async def status(editor: Editor) -> Any:
    return await editor.workspace_execute_command_async(types.ExecuteCommandParams("copilotLsp.status"))


async def test_two_windows_share_one_engine_and_the_second_costs_little(env: dict[str, str]) -> None:
    async with window(env) as first:
        buffer = Buffer(first, "first", CODE + "        ")
        assert (await until_completed(buffer))[0].insert_text == "json.dump(config, file)"
        alone = proportional(env["XDG_RUNTIME_DIR"])
        async with window(env) as second:
            other = Buffer(second, "first", CODE + "        ")
            assert (await until_completed(other))[0].insert_text == "json.dump(config, file)"
            added = proportional(env["XDG_RUNTIME_DIR"]) - alone
            assert (len(hubs(env)), len(workers(env))) == (1, 1)
            assert [(await status(editor))["sharedBy"] for editor in (first, second)] == [2, 2]
            print(f"the second server adds {added / 2**20:.0f} MiB to {alone / 2**20:.0f} MiB")
            assert added <= MOST_BYTES
        await until(lambda: first.statuses[-1].sharedBy == 1)
    async with asyncio.timeout(20):
        while hubs(env) or workers(env):
            await asyncio.sleep(0.1)


async def test_a_window_that_is_killed_harms_no_other(env: dict[str, str]) -> None:
    long = "".join(f"value_{number} = compute({number}, {number + 1})\n" for number in range(400))
    async with window(env) as first, serving(command=SERVE, env=env) as second:
        await until_completed(Buffer(first, "a", CODE + "        "))
        await second.initialize()
        second.open("file:///b.py", CODE + "        ")
        place = inline("file:///b.py", CODE.count("\n"), 8, True)
        assert (await second.request(INLINE, place))["items"]
        (worker,) = workers(env)
        second.open("file:///c.py", long + "total = ")
        asked = second.ask(INLINE, inline("file:///c.py", 400, 8, True))
        await asyncio.sleep(0.1)
        assert not asked.done()
        second.process.kill()
        after = Buffer(first, "d", CODE + "        file.wr")
        assert str((await until_completed(after))[0].insert_text).startswith("ite(")
        assert [process.pid for process in workers(env)] == [worker.pid]
        await until(lambda: first.statuses[-1].sharedBy == 1)


@pytest.mark.parametrize("which", [workers, hubs])
async def test_both_complete_again_when_the_engine_is_killed(env: dict[str, str], which: Any) -> None:
    async with window(env) as first, window(env) as second:
        buffers = [Buffer(editor, "kept", CODE) for editor in (first, second)]
        for buffer in buffers:
            await until_completed(buffer)
        (worker,) = workers(env)
        os.kill(which(env)[0].pid, signal.SIGKILL)
        for buffer in buffers:
            buffer.type("        file.wr")
            assert str((await until_completed(buffer))[0].insert_text).startswith("ite(")
        assert (len(hubs(env)), len(workers(env))) == (1, 1)
        assert workers(env)[0].pid != worker.pid


async def test_no_text_of_one_window_appears_in_the_other(env: dict[str, str]) -> None:
    """Documents of the same name, one with names that nothing else would bring up."""
    names = ("zanzibar_quokka", "plain_helper")
    shown = []
    async with window(env) as first, window(env) as second:
        for editor, name in zip((first, second), names, strict=True):
            text = f"def {name}(count):\n    return count * 2\n\n\nfirst = {name}(1)\nsecond = {name}(2)\nthird = "
            shown.append(str((await until_completed(Buffer(editor, "same", text)))[0].insert_text))
        unlike = Buffer(second, "other", "third = ")
        asked = [str(item.insert_text) for item in await unlike.complete(invoked=True)]
    assert shown == [f"{name}(3)" for name in names]
    assert not [text for text in asked if names[0] in text]


async def test_settings_that_differ_get_an_engine_of_their_own(env: dict[str, str]) -> None:
    async with window(env) as first, window({**env, "COPILOT_LSP_ENGINE_SEQUENCES": "2"}) as second:
        for editor in (first, second):
            assert await until_completed(Buffer(editor, "own", CODE + "        "))
        assert (len(hubs(env)), len(workers(env))) == (2, 2)


async def test_what_a_command_completes_is_done_by_its_own_engine(env: dict[str, str]) -> None:
    """The folder where engines are met is not even made."""
    place = Path(__file__).parents[2] / "examples" / "averages.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "copilot_lsp", "complete", f"{place}:16:59", stdout=-1, env={**os.environ, **env}
    )
    printed, _ = await process.communicate()
    assert printed.decode() == " / len(values)"
    assert list(Path(env["XDG_RUNTIME_DIR"]).iterdir()) == []


async def test_a_window_that_cannot_share_has_its_own_engine_and_says_why(env: dict[str, str]) -> None:
    (Path(env["XDG_RUNTIME_DIR"]) / "copilot-lsp").write_text("in the way")
    async with window(env) as editor:
        assert await until_completed(Buffer(editor, "alone", CODE + "        "))
        said = await status(editor)
        assert [process.pid for process in workers(env)] == [said["enginePid"]]
        assert hubs(env) == []
        assert (said["kind"], said["sharedBy"]) == ("Normal", 0)
        assert "the shared engine cannot be reached" in said["notShared"]


async def test_doctor_names_the_shared_engine(env: dict[str, str]) -> None:
    async with window(env) as editor:
        await until_completed(Buffer(editor, "doctor", CODE + "        "))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "copilot_lsp", "doctor", "--json", stdout=-1, env={**os.environ, **env}
        )
        printed, _ = await process.communicate()
        checks = {check["name"]: check["value"] for check in json.loads(printed)["checks"]}
        (worker,) = workers(env)
        assert checks["engine: shared"] == f"yes, process {worker.pid}; 1 more at the moment"
