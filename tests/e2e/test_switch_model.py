"""`copilotLsp.models.use` with real models: another one answers at once; one that cannot be loaded changes nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from process import Server, serving
from tiny_model import GGUF
from wire import KNOWS_STATUS, inline

from copilot_lsp import models

REAL = [sys.executable, "-m", "copilot_lsp", "serve"]
URI = "file:///project/app.py"
CODE = "def add(first, second):\n    return first "

WRITTEN = """\
# What I like:
[completion]
confidence = 0.0  # show everything
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user with two more files: a copy of the default model, and one that only looks like a model."""
    (tmp_path / "copilot-lsp.toml").write_text(WRITTEN, "utf-8")
    shutil.copy(models.find("default").path, tmp_path / "other.gguf")
    (tmp_path / "hollow.gguf").write_bytes(GGUF)
    return tmp_path


@asynccontextmanager
async def session(home: Path, options: object = None) -> AsyncIterator[Server]:
    async with serving(env={"COPILOT_LSP_CONFIG_DIR": str(home)}, command=REAL) as server:
        capabilities = {"textDocument": {"inlineCompletion": {}}, **KNOWS_STATUS}
        await server.initialize(capabilities, initializationOptions=options)
        server.open(URI, CODE)
        assert await complete(server)
        yield server


async def complete(server: Server) -> list[str]:
    answer = await server.request("textDocument/inlineCompletion", inline(URI, 1, 17, invoked=True))
    return [item["insertText"] for item in answer["items"]]


async def use(server: Server, name: str | Path) -> dict[str, Any]:
    params = {"command": "copilotLsp.models.use", "arguments": [{"name": str(name)}]}
    answer: dict[str, Any] = await server.request("workspace/executeCommand", params)
    return answer


async def running(server: Server) -> str:
    status = await server.request("workspace/executeCommand", {"command": "copilotLsp.status"})
    assert status["state"] == "ready"
    return str(status["model"])


async def active(server: Server) -> list[str]:
    answer = await server.request("workspace/executeCommand", {"command": "copilotLsp.models.list"})
    return [each["name"] for each in answer["models"] if each["active"]]


async def test_another_model_answers_without_a_restart(home: Path) -> None:
    async with session(home) as server:
        before = await complete(server)
        answer = await use(server, home / "other.gguf")
        assert answer == {"ok": True, "name": str(home / "other.gguf"), "message": "other is the model now"}
        assert await running(server) == "other"
        assert await active(server) == [str(home / "other.gguf")]
        assert await complete(server) == before, "the same weights, and temperature 0"
        written = (home / "copilot-lsp.toml").read_text("utf-8")
        assert written.startswith("# What I like:")
        assert "confidence = 0.0  # show everything" in written
        server.notify("workspace/didChangeConfiguration", {"settings": {"copilotLsp": {"completion": {}}}})
        assert await running(server) == "other"
    async with session(home) as server:
        assert await running(server) == "other", "the next start has it, too"
        assert (await use(server, "default"))["ok"]
        assert await running(server) == "copilot-lsp-fim"


async def test_the_old_model_goes_on_when_the_new_one_cannot_be_loaded(home: Path) -> None:
    async with session(home) as server:
        before = await complete(server)
        answer = await use(server, home / "hollow.gguf")
        assert answer["ok"] is False
        assert "hollow.gguf" in answer["message"]
        assert await complete(server) == before
        assert await running(server) == "copilot-lsp-fim"
        assert (home / "copilot-lsp.toml").read_text("utf-8") == WRITTEN
        for name, why in (("smollm2-135m", "models pull smollm2-135m"), (home / "none.gguf", "there is no model file")):
            answer = await use(server, name)
            assert answer["ok"] is False
            assert why in answer["message"]
        assert await running(server) == "copilot-lsp-fim"
        assert server.told("window/showMessage") == []


async def test_a_setting_that_wins_at_the_next_start_is_named(home: Path) -> None:
    shutil.copy(home / "other.gguf", home / "third.gguf")
    async with session(home, {"model": str(home / "other.gguf")}) as server:
        answer = await use(server, home / "third.gguf")
        assert answer["ok"] is True
        assert "the editor sets `model` to" in answer["message"]
        assert await running(server) == "third"
        changed = {"settings": {"copilotLsp": {"model": "copilot-lsp-fim"}}}
        server.notify("workspace/didChangeConfiguration", changed)
        assert await complete(server)
        assert await running(server) == "copilot-lsp-fim", "a setting that changes is newer than the choice"
