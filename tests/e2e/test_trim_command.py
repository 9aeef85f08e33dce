"""`copilotLsp.models.trim` of a real server: a real model with tokens that nobody needs is copied without them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from process import Server, serving
from wide_model import widen

from copilot_lsp import models
from copilot_lsp.models import own
from copilot_lsp.models.registry import Entry, File

REAL = [sys.executable, "-m", "copilot_lsp", "serve"]
SHOWS_PROGRESS = {"window": {"workDoneProgress": True}, "textDocument": {"inlineCompletion": {}}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user with a wide model of a name."""
    widen(tmp_path / "wide.gguf")
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    models.load.cache_clear()
    own.write(Entry("wide", "wide", "MIT", (File(str(tmp_path / "wide.gguf")),)))
    yield tmp_path
    models.load.cache_clear()


def server_of(home: Path) -> AbstractAsyncContextManager[Server]:
    env = {"COPILOT_LSP_CONFIG_DIR": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    return serving(env=env, command=REAL)


def command(action: str, **arguments: object) -> dict[str, Any]:
    return {"command": f"copilotLsp.models.{action}", "arguments": [arguments] if arguments else []}


async def run(server: Server, action: str, **arguments: object) -> dict[str, Any]:
    answer: dict[str, Any] = await server.request("workspace/executeCommand", command(action, **arguments))
    return answer


async def listed(server: Server) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in (await run(server, "list"))["models"]}


async def running(server: Server) -> str:
    status = await server.request("workspace/executeCommand", {"command": "copilotLsp.status"})
    assert status["state"] == "ready"
    return str(status["model"])


def steps(server: Server, token: object) -> list[dict[str, Any]]:
    return [each["value"] for each in server.told("$/progress") if each["token"] == token]


async def filling(server: Server, token: object) -> None:
    """Until the copy is written, and being tried."""
    async with asyncio.timeout(120):
        while not any("trying" in step.get("message", "") for step in steps(server, token)):
            await asyncio.sleep(0.01)


def files(home: Path) -> list[str]:
    folder = home / "cache" / "copilot-lsp" / "models"
    return [path.name for path in folder.iterdir() if path.suffix != ".lock"] if folder.is_dir() else []


async def test_a_copy_is_made_used_and_removed(home: Path) -> None:
    async with server_of(home) as server:
        await server.initialize(SHOWS_PROGRESS)
        found = await listed(server)
        assert [name for name, each in found.items() if each["trimmable"]] == ["wide"]
        making = server.ask("workspace/executeCommand", {**command("trim", name="wide"), "workDoneToken": "trim"})
        await filling(server, "trim")
        assert (await run(server, "remove", name="wide"))[
            "message"
        ] == "a copy of wide is being made: cancel that first"
        answer = (await asyncio.wait_for(making, 300))["result"]
        assert (answer["ok"], answer["name"]) == (True, "wide-trimmed")
        assert "of 96 holes filled exactly" in answer["message"]
        first, *between, last = steps(server, "trim")
        assert (first["title"], first["cancellable"]) == ("Making a faster copy of wide", True)
        assert [each["percentage"] for each in between] == sorted(each["percentage"] for each in between)
        assert last == {"kind": "end", "message": "wide-trimmed is ready"}
        found = await listed(server)
        assert not any(each["trimmable"] for each in found.values()), "nothing is offered twice"
        assert found["wide-trimmed"]["copyOf"] == "wide"
        assert found["wide-trimmed"]["bytes"] == answer["bytes"] < found["wide"]["bytes"]
        assert (await run(server, "use", name="wide-trimmed"))["ok"]
        assert await running(server) == "wide-trimmed"
        refused = await run(server, "remove", name="wide")
        assert (
            refused["message"] == "wide, whose copy wide-trimmed goes with it, is in use: switch to another model first"
        )
        assert (await run(server, "use", name="wide"))["ok"]
        assert (await run(server, "remove", name="wide-trimmed"))["ok"]
        assert files(home) == []
        assert (home / "wide.gguf").is_file()
        assert (await listed(server))["wide"]["trimmable"]


async def test_a_copy_that_is_stopped_leaves_nothing(home: Path) -> None:
    async with server_of(home) as server:
        await server.initialize(SHOWS_PROGRESS)
        params = {**command("trim", name="wide"), "workDoneToken": 1}
        making = server.ask("workspace/executeCommand", params)
        await filling(server, 1)
        assert files(home) == ["wide-trimmed.new"]
        server.notify("window/workDoneProgress/cancel", {"token": 1})
        answer = (await asyncio.wait_for(making, 10))["result"]
        assert answer == {"ok": False, "cancelled": True, "message": "stopped; no copy was made"}
        assert files(home) == []
        assert (await listed(server))["wide"]["trimmable"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("copilot-lsp-fim", "would gain little"),
        ("qwen2.5-coder-0.5b-instruct", "models pull qwen2.5-coder-0.5b-instruct"),
        ("nonsense", "there is no model 'nonsense'"),
        ("./x.gguf", "is a path"),
    ],
)
async def test_a_copy_that_cannot_be_is_one_line(home: Path, name: str, message: str) -> None:
    async with server_of(home) as server:
        await server.initialize(SHOWS_PROGRESS)
        answer = await run(server, "trim", name=name)
        assert answer["ok"] is False
        assert message in answer["message"]
        assert "\n" not in answer["message"]
