"""The status that the editor shows, through the real protocol and a scripted engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from in_process import URI, connected, push, status
from wire import INLINE, KNOWS_STATUS, inline

from copilot_lsp.engine.absent import AbsentEngine
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.errors import ModelMissing
from copilot_lsp.settings import Settings

RULE = ScriptedAnswer(after=r"x = $", text="1 + 2")


async def test_status_notifications_tell_changes_only() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        first = await client.until(lambda: client.told("didChangeStatus"))
        assert first == [
            {
                "kind": "Normal",
                "busy": False,
                "message": "ready",
                "state": "ready",
                "model": "fake",
                "remote": "",
                "waitingHosts": [],
                "safeMode": False,
                "enginePid": None,
                "sharedBy": 0,
                "notShared": "",
                "profile": {"message": "", "ok": True},
                "lastLatencyMs": None,
                "lastSilence": None,
                "index": {
                    "state": "off",
                    "files": 0,
                    "symbols": 0,
                    "bytes": 0,
                    "done": 0,
                    "total": 0,
                    "message": "other files are not indexed",
                },
                "statistics": {
                    "offered": 0,
                    "shown": 0,
                    "accepted": 0,
                    "partiallyAccepted": 0,
                    "savedKeys": 0,
                    "latencyP50Ms": None,
                    "latencyP95Ms": None,
                },
            }
        ]
        client.open(URI, "x = ")
        await client.request(INLINE, inline("file:///nowhere.py", 0, 4))
        await client.until(lambda: len(client.told("didChangeStatus")) == 2)
        assert client.told("didChangeStatus")[-1]["lastSilence"] == {
            "uri": "file:///nowhere.py",
            "reason": "not-open",
            "message": "the document is not open in the server",
        }
        await client.request(INLINE, inline("file:///nowhere.py", 0, 4))
        await asyncio.sleep(0.1)
        assert len(client.told("didChangeStatus")) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"capabilities": {}}, False),
        ({"capabilities": {"experimental": {"didChangeStatus": False}}}, False),
        ({"capabilities": KNOWS_STATUS}, True),
        ({"capabilities": {}, "initializationOptions": {"editorInfo": {"name": "an editor"}}}, True),
    ],
)
async def test_only_clients_that_know_the_status_are_sent_it(asked: dict[str, Any], told: bool) -> None:
    async with connected(RULE) as client:
        await client.initialize(**asked)
        await client.until(lambda: client.session.engine.status.state == "ready")
        await asyncio.sleep(0.2)
        assert bool(client.told("didChangeStatus")) is told


async def test_the_focused_document_shows_in_the_status() -> None:
    secret = "file:///project/.env"
    async with connected() as client:
        await client.initialize()
        client.open(secret, "KEY=")
        client.notify("textDocument/didFocus", {"textDocument": {"uri": secret}})
        assert (await status(client))["kind"] == "Inactive"
        assert "excluded" in (await status(client))["message"]
        nowhere: tuple[dict[str, Any] | None, ...] = ({}, None)
        for params in nowhere:
            client.notify("textDocument/didFocus", params)
            assert (await status(client))["kind"] == "Normal"
        await push(client, {"enabled": False})
        assert (await status(client))["kind"] == "Inactive"
        assert (await status(client))["state"] == "disabled"


async def test_a_request_in_flight_makes_it_busy() -> None:
    async with connected(ScriptedAnswer(after=r"x = $", text="1", delay_ms=200)) as client:
        await client.initialize()
        client.open(URI, "x = ")
        answer = client.ask(INLINE, inline(URI, 0, 4))
        await client.until(lambda: any(told["busy"] for told in client.told("didChangeStatus")))
        assert not answer.done()
        await answer
        assert not (await status(client))["busy"]


def slow_engine(_: Settings) -> Engine:
    return FakeEngine([RULE], start_ms=600)


def no_engine(settings: Settings) -> Engine:
    return AbsentEngine(settings.model, ModelMissing("run `copilot-lsp models pull default`"))


@pytest.mark.parametrize(
    ("window", "make", "kinds"),
    [
        ({"workDoneProgress": True}, slow_engine, ["begin", "report", "end"]),
        ({"workDoneProgress": False}, slow_engine, []),
        ({}, slow_engine, []),
        ({"workDoneProgress": True}, no_engine, []),
    ],
)
async def test_progress_while_the_model_loads(
    window: dict[str, object], make: Callable[[Settings], Engine], kinds: list[str]
) -> None:
    async with connected(make_engine=make) as client:
        await client.initialize({"window": window, **KNOWS_STATUS})
        await client.until(lambda: any(not told["busy"] for told in client.told("didChangeStatus")))
        await asyncio.sleep(0)
        created = [params["token"] for method, params in client.requests]
        reports = client.told("$/progress")
        assert [each["value"]["kind"] for each in reports] == kinds
        assert {each["token"] for each in reports} == set(created)
        assert len(created) == len(kinds) // 3


async def test_requests_while_the_model_loads_wait_for_it() -> None:
    async with connected(make_engine=slow_engine) as client:
        await client.initialize()
        client.open(URI, "x = ")
        told = await client.until(lambda: client.told("didChangeStatus"))
        assert told[0]["state"] == "starting"
        assert told[0]["busy"]
        assert len((await client.request(INLINE, inline(URI, 0, 4)))["items"]) == 1


async def test_without_a_model_the_server_says_what_to_do() -> None:
    async with connected(make_engine=no_engine) as client:
        await client.initialize()
        client.open(URI, "x = ")
        assert (await client.request(INLINE, inline(URI, 0, 4, invoked=True)))["items"] == []

        def silences() -> list[Any]:
            return [each for each in client.told("didChangeStatus") if each["lastSilence"]]

        told = (await client.until(silences))[-1]
        assert told["kind"] == "Error"
        assert told["message"] == "run `copilot-lsp models pull default`"
        assert told["lastSilence"]["reason"] == "no-model"
        client.notify("textDocument/didFocus", {})
        await asyncio.sleep(0.1)
        (message,) = client.told("window/showMessage")
        assert "copilot-lsp models pull default" in message["message"]
