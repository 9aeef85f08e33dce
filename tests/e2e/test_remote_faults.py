"""What an editor sees when its remote engine goes wrong, in the real server's own process: an answer, every time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Editor, editing, until
from llama_server import LlamaServer, Script, serving
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "x = pick = "
ANSWER = "one + two + three"
OWN = [{"after": "pick = $", "text": ANSWER}, {"after": "pick = o.*$", "text": " and from here"}]
"""What the local engine says, from the beginning and in the middle of another's answer."""

LIMIT_MS = 2000
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class World:
    editor: Editor
    team: LlamaServer

    async def status(self) -> dict[str, object]:
        command = types.ExecuteCommandParams("copilotLsp.status")
        found = await self.editor.workspace_execute_command_async(command)
        assert isinstance(found, dict)
        return found

    async def recovers(self, uri: str) -> None:
        """The remote engine is well again, and used: what it was is forgotten with its first whole answer."""
        self.team.script = Script(text=f"{ANSWER}\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.status())["remote"] != self.team.host:
                await asyncio.sleep(0.1)
        before = len(self.team.prompts())
        assert await self.answer(uri) == ANSWER
        assert len(self.team.prompts()) > before

    async def answer(self, uri: str) -> str:
        self.editor.open(uri, TEXT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            (item,) = await self.editor.complete(uri, 0, len(TEXT))
        return str(item.insert_text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    rules = tmp_path_factory.mktemp("rules") / "rules.json"
    rules.write_text(json.dumps(OWN))
    async with serving() as team:
        env = {"COPILOT_LSP_REMOTE_ENDPOINTS": team.url, "COPILOT_LSP_REMOTE_ALLOWED": team.host}
        env |= {"COPILOT_LSP_REMOTE_TIMEOUT_MS": str(LIMIT_MS), "COPILOT_LSP_COMPLETION_CONFIDENCE": "0"}
        async with editing("--fake-script", str(rules), env=env) as editor:
            yield World(editor, team)


FAULTS = {
    "dies mid-stream": Script(fault="dies", after=2),
    "dies before its first word": Script(fault="dies"),
    "is down": Script(fault="down"),
    "hangs": Script(fault="hang"),
    "hangs mid-stream": Script(fault="silent", after=2),
    "only keeps the line busy": Script(fault="pings", after=2),
    "has too much to do": Script(fault="status", status=429),
    "has an error": Script(fault="status", status=500),
    "refuses the request": Script(fault="status", status=400),
    "refuses the key": Script(key="another"),
    "sends somebody elsewhere": Script(fault="redirect"),
    "says nonsense": Script(fault="garbage", after=2),
    "says half a character": Script(fault="half-utf8", after=2),
    "says no end of a line": Script(fault="endless-line", after=2),
    "says an error mid-stream": Script(fault="error", after=2),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_editor_gets_an_answer(world: World, fault: str) -> None:
    uri = f"file:///{fault.replace(' ', '_')}.py"
    await world.recovers(f"{uri}i")
    script = FAULTS[fault]
    script.text = f"{ANSWER}\n"
    asked = len(world.team.bodies)
    world.team.script = script
    assert (await world.answer(uri)).startswith("one")
    assert len(world.team.bodies) > asked or script.fault == "down"
    after = await world.status()
    if script.status != 400:  # one request was wrong, not the server
        assert (after["remote"], after["state"]) == ("", "ready")
        assert world.team.host in str(after["message"])
    world.editor.type(uri, 0, len(TEXT), "o")
    assert await world.editor.complete(uri, 0, len(TEXT) + 1), "the document is as the editor has it"


async def test_a_slow_one_is_waited_for_as_long_as_it_goes_on(world: World) -> None:
    await world.recovers("file:///well.py")
    world.team.script = Script(text=f"{ANSWER}\n", pause=0.3)
    assert await world.answer("file:///slow.py") == ANSWER
    assert (await world.status())["remote"] == world.team.host


async def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(OWN))
    host = "no-such-host.invalid"
    env = {"COPILOT_LSP_REMOTE_ENDPOINTS": f"https://{host}", "COPILOT_LSP_REMOTE_ALLOWED": host}
    async with editing("--fake-script", str(rules), env=env) as editor:
        world = World(editor, LlamaServer(Script()))
        assert await world.answer("file:///a.py") == ANSWER
        await until(lambda: editor.statuses and editor.statuses[-1].state == "ready", PATIENCE_SECONDS)
        assert f"{host} cannot be reached" in editor.statuses[-1].message
