"""A host that the user has not decided on: it is shown, asked for again, and sent nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from in_process import Connection, connected, status
from llama_server import serving

from copilot_lsp import config, doctor, endpoints
from copilot_lsp.cli import engines, main
from copilot_lsp.engine.base import Engine
from copilot_lsp.settings import Settings

QUESTION = "window/showMessageRequest"
URL, HOST = "https://gpu.example", "gpu.example"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path))
    return tmp_path


def make(settings: Settings) -> Engine:
    return engines.create(engines.Choice("fake"), settings)


def answers_no(_: object) -> object:
    return {"title": "Not now"}


def answers_yes(params: Any) -> object:
    return params["actions"][0]


def cannot_ask(_: object) -> object:
    raise NotImplementedError


async def begin(client: Connection, reply: object, *urls: str) -> dict[str, Any]:
    """Until every host was asked for; the status then."""
    hosts = {endpoints.parse(url).host for url in urls}
    client.session.options.files = config.layers_of
    client.replies[QUESTION] = reply  # type: ignore[assignment]
    await client.initialize(initializationOptions={"remote": {"endpoints": urls}})
    await client.until(lambda: len(asked(client)) == len(hosts) or client.told("window/showMessage"))
    return await status(client)


def asked(client: Connection) -> list[str]:
    return [params["message"] for method, params in client.requests if method == QUESTION]


async def ask_again(client: Connection) -> dict[str, Any]:
    answer: dict[str, Any] = await client.request("workspace/executeCommand", {"command": "copilotLsp.remote.ask"})
    return answer


async def test_a_question_that_was_dismissed_leaves_a_warning() -> None:
    async with connected(make_engine=make) as client:
        found = await begin(client, lambda _: None, URL)
        assert (found["kind"], found["state"], found["remote"]) == ("Warning", "ready", "")
        assert found["message"] == f"{HOST} is waiting for your permission; ready"
        assert found["waitingHosts"] == [HOST]
        await client.until(lambda: (client.told("didChangeStatus") or [{}])[-1].get("waitingHosts") == [HOST])


async def test_several_hosts_wait() -> None:
    async with connected(make_engine=make) as client:
        found = await begin(client, lambda _: None, URL, "https://spare.example", f"{URL}/v1")
        assert found["message"].startswith(f"{HOST} and spare.example are waiting for your permission")


async def test_a_no_is_an_answer() -> None:
    async with connected(make_engine=make) as client:
        await begin(client, answers_no, URL)
        await client.until(lambda: client.session.declined)
        found = await status(client)
        assert (found["kind"], found["message"], found["waitingHosts"]) == ("Normal", "ready", [])
        answer = await ask_again(client)
        assert answer == {"ok": True, "allowed": [], "message": f"nothing is sent to {HOST}"}
        assert len(asked(client)) == 2


@pytest.mark.parametrize("first", [lambda _: None, answers_no])
async def test_asking_again_takes_a_yes(first: object) -> None:
    async with serving() as server, connected(make_engine=make) as client:
        await begin(client, first, server.url)
        client.replies[QUESTION] = answers_yes
        answer = await ask_again(client)
        assert answer == {"ok": True, "allowed": [server.host], "message": f"{server.host} may receive text now"}
        await client.until(lambda: client.session.engine.status.remote == server.host)
        assert (await status(client))["waitingHosts"] == []
        assert config.load().settings.remote.allowed == (server.host,)


async def test_a_client_that_cannot_ask_is_told_the_command() -> None:
    async with connected(make_engine=make) as client:
        found = await begin(client, cannot_ask, URL)
        (told,) = client.told("window/showMessage")
        assert f"run `copilot-lsp config allow {HOST}`" in told["message"]
        assert found["waitingHosts"] == [HOST]
        answer = await ask_again(client)
        assert (answer["ok"], answer["message"]) == (False, told["message"].removeprefix("copilot-lsp: "))


async def test_another_place_that_wins_over_the_users_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_LSP_REMOTE_ALLOWED", "other.example")
    async with connected(make_engine=make) as client:
        await begin(client, lambda _: None, URL)
        client.replies[QUESTION] = answers_yes
        answer = await ask_again(client)
        assert answer["ok"] is False
        assert "the environment sets `remote.allowed`" in answer["message"]
        assert (await status(client))["waitingHosts"] == [HOST]


async def test_nothing_waits_where_nothing_is_configured() -> None:
    async with connected(make_engine=make) as client:
        await begin(client, answers_yes)
        assert (await ask_again(client))["message"] == "no server is waiting for your permission"
        assert asked(client) == []


def test_the_command_line_allows_a_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "allow", "GPU.example"]) == main(["config", "allow", "127.0.0.1:8080"]) == 0
    assert config.load().settings.remote.allowed == (HOST, "127.0.0.1:8080")
    assert str(config.user_file()) in capsys.readouterr().out


@pytest.mark.parametrize("host", ["", "https://gpu.example", "gpu.example/v1", "me@gpu.example", "a b", "gpu?x"])
def test_the_command_line_refuses_what_is_no_host(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "allow", host]) == 2
    assert "is not a host" in capsys.readouterr().err
    assert not config.user_file().exists()


def test_the_command_line_says_that_another_place_wins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPILOT_LSP_REMOTE_ALLOWED", "other.example")
    assert main(["config", "allow", HOST]) == 1
    assert "the environment sets remote.allowed" in capsys.readouterr().err


def test_the_doctor_lists_what_is_not_allowed() -> None:
    values = {"remote": {"endpoints": [URL, "https://a.example"], "allowed": ["a.example"]}}
    (check,) = doctor.of_remote(config.merge([config.Layer("user", "u", values)]).settings)
    assert HOST in check.value
    assert f"`copilot-lsp config allow {HOST}`" in check.remedy
    assert doctor.of_remote(Settings()) == []
