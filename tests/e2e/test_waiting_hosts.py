"""A team's server that the user has not decided on, in the real server's own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from editor import Editor, editing, until
from llama_server import Script, serving
from lsprotocol import types

TEXT = "x = pick = "
OWN = [{"after": "pick = $", "text": "here"}]


async def executed(editor: Editor, command: str) -> Any:
    return await editor.workspace_execute_command_async(types.ExecuteCommandParams(command))


async def answer(editor: Editor, uri: str) -> str:
    editor.open(uri, TEXT)
    (item,) = await editor.complete(uri, 0, len(TEXT))
    return str(item.insert_text)


def doctor(env: dict[str, str]) -> list[dict[str, str]]:
    """Its checks of remote engines."""
    command = [sys.executable, "-m", "copilot_lsp", "doctor", "--engine", "fake", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return [check for check in json.loads(done.stdout)["checks"] if check["name"] == "remote"]


async def test_a_dismissed_question_is_shown_asked_again_and_answered(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(OWN))
    async with serving(Script(text="there\n")) as team:
        env = {"COPILOT_LSP_CONFIG_DIR": str(tmp_path), "COPILOT_LSP_REMOTE_ENDPOINTS": team.url}
        env |= {"COPILOT_LSP_COMPLETION_CONFIDENCE": "0"}
        async with editing("--fake-script", str(rules), env=env) as editor:
            await until(lambda: editor.questions)
            assert team.host in editor.questions[0]
            await until(lambda: editor.statuses and editor.statuses[-1].waitingHosts == [team.host])
            status = await executed(editor, "copilotLsp.status")
            assert status["kind"] == "Warning"
            assert status["message"].startswith(f"{team.host} is waiting for your permission")
            assert await answer(editor, "file:///before.py") == "here"
            assert team.connections == 0
            again = await executed(editor, "copilotLsp.remote.ask")
            assert (again["ok"], again["allowed"]) == (True, [])
            editor.choice = "Send text"
            again = await executed(editor, "copilotLsp.remote.ask")
            assert (again["ok"], again["allowed"]) == (True, [team.host])
            assert len(editor.questions) == 3
            await until(lambda: editor.statuses[-1].remote == team.host)
            assert await answer(editor, "file:///after.py") == "there"
            assert (await executed(editor, "copilotLsp.status"))["waitingHosts"] == []
        assert team.host in (tmp_path / "copilot-lsp.toml").read_text("utf-8")


def test_the_doctor_names_the_command_that_allows_a_host(tmp_path: Path) -> None:
    env = {**os.environ, "COPILOT_LSP_CONFIG_DIR": str(tmp_path)}
    env |= {"COPILOT_LSP_REMOTE_ENDPOINTS": "https://127.0.0.1:1"}
    (check,) = doctor(env)
    assert check["remedy"].startswith("allow it with `copilot-lsp config allow 127.0.0.1:1`")
    allow = [sys.executable, "-m", "copilot_lsp", "config", "allow", "127.0.0.1:1"]
    subprocess.run(allow, env=env, check=True, capture_output=True)
    assert doctor(env) == []
