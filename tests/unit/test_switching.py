"""Another model while the server goes on, with scripted engines."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from in_process import URI, Connection, connected, push, status
from tiny_model import GGUF, put
from wire import INLINE, inline

from copilot_lsp import config
from copilot_lsp.engine.absent import AbsentEngine
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.errors import ModelMissing
from copilot_lsp.settings import Settings

SECONDS = 0.3


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path))
    return str(put(tmp_path / "other.gguf", GGUF))


def engine(settings: Settings) -> Engine:
    """Of the default model at once, of others after a moment; of a broken one never."""
    if "broken" in settings.model:
        return AbsentEngine(settings.model, ModelMissing("broken.gguf is not what it seems"))
    other = settings.model != "default"
    return FakeEngine([ScriptedAnswer(r"x = $", "2" if other else "1")], SECONDS * 1000 if other else 0)


async def use(client: Connection, name: str) -> dict[str, Any]:
    command = {"command": "copilotLsp.models.use", "arguments": [{"name": name}]}
    answer: dict[str, Any] = await client.request("workspace/executeCommand", command)
    return answer


async def complete(client: Connection) -> list[str]:
    answer = await client.request(INLINE, inline(URI, 0, 4))
    return [item["insertText"] for item in answer["items"]]


async def test_requests_in_between_are_empty_and_say_why(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot_lsp.completion.completer.LOADING_SECONDS", 0.01)
    async with connected(make_engine=engine) as client:
        await client.initialize()
        client.open(URI, "x = ")
        assert await complete(client) == ["1"]
        switching = asyncio.create_task(use(client, file))
        await client.until(lambda: len(client.engines) == 2)
        assert await complete(client) == []
        assert (await status(client))["lastSilence"]["reason"] == "model-loading"
        assert (await switching)["ok"]
        assert await complete(client) == ["2"]


async def test_the_old_one_goes_on_after_a_failure(file: str) -> None:
    broken = str(put(Path(file).with_name("broken.gguf"), GGUF))
    async with connected(make_engine=engine) as client:
        await client.initialize()
        client.open(URI, "x = ")
        answer = await use(client, broken)
        assert answer == {"ok": False, "message": "broken.gguf is not what it seems"}
        assert client.session.settings.model == "default"
        assert await complete(client) == ["1"]
        assert not config.user_file().exists()


async def test_a_client_that_cancels_gets_the_answer_all_the_same(file: str) -> None:
    async with connected(make_engine=engine) as client:
        await client.initialize()
        command = {"command": "copilotLsp.models.use", "arguments": [{"name": file}]}
        pending = client.ask("workspace/executeCommand", command, id="use")
        await client.until(lambda: len(client.engines) == 2)
        client.notify("$/cancelRequest", {"id": "use"})
        assert (await pending)["result"]["ok"]
        assert client.session.settings.model == file


async def test_a_choice_holds_until_the_settings_say_something_new(file: str) -> None:
    async with connected(make_engine=engine) as client:
        await client.initialize()
        assert (await use(client, file))["ok"]
        await push(client, {"completion": {"candidates": 2}})
        assert client.session.settings.model == file
        await push(client, {"model": "smollm2-135m"})
        assert client.session.settings.model == "smollm2-135m"


async def test_a_file_of_settings_that_is_broken_is_kept_and_said(file: str) -> None:
    config.user_file().write_text("[completion\n", "utf-8")
    async with connected(make_engine=engine) as client:
        await client.initialize()
        answer = await use(client, file)
        assert answer["ok"]
        assert "only until the server ends" in answer["message"]
        assert "cannot be changed" in answer["message"]
    assert config.user_file().read_text("utf-8") == "[completion\n"


async def test_what_is_in_use_is_not_removed(file: str) -> None:
    async with connected(make_engine=engine) as client:
        await client.initialize()
        command = {"command": "copilotLsp.models.remove", "arguments": [{"name": "copilot-lsp-fim"}]}
        answer = await client.request("workspace/executeCommand", command)
        assert answer["ok"] is False
        assert "in use" in answer["message"]
