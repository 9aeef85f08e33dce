"""Life cycle and configuration, through the real protocol and a scripted engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from in_process import URI, Connection, connected, push, status
from wire import INLINE, inline, notification

from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.settings import Settings

RULE = ScriptedAnswer(after=r"x = $", text="1 + 2")
PULLS = {"workspace": {"configuration": True}, "textDocument": {"inlineCompletion": {}}}


async def code(client: Connection, method: str, params: Any = None) -> int:
    answer = await client.ask(method, params)
    number: int = answer["error"]["code"]
    return number


async def test_what_is_announced() -> None:
    async with connected() as client:
        answer = await client.initialize()
        assert answer["serverInfo"]["name"] == "copilot-lsp"
        capabilities = answer["capabilities"]
        assert capabilities["inlineCompletionProvider"] == {}
        assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": False}
        assert capabilities["executeCommandProvider"]["commands"] == [
            "copilotLsp.didAccept",
            "copilotLsp.restartEngine",
            "copilotLsp.status",
            "copilotLsp.models.list",
            "copilotLsp.models.pull",
            "copilotLsp.models.trim",
            "copilotLsp.models.use",
            "copilotLsp.models.remove",
            "copilotLsp.doctor",
            "copilotLsp.remote.ask",
        ]


async def test_requests_out_of_order_are_refused() -> None:
    async with connected() as client:
        assert await code(client, INLINE, inline(URI, 0, 0)) == -32002
        client.notify("textDocument/didFocus", {})
        await client.initialize()
        assert await code(client, "initialize", {"capabilities": {}}) == -32600
        assert await code(client, "workspace/nonsense") == -32601
        assert await client.request("shutdown") is None
        assert await code(client, INLINE, inline(URI, 0, 0)) == -32600


@pytest.mark.parametrize(("shut_down", "expected"), [(True, 0), (False, 1)])
async def test_exit_code(shut_down: bool, expected: int) -> None:
    async with connected() as client:
        await client.initialize()
        if shut_down:
            await client.request("shutdown")
        client.notify("exit")
    assert client.server.protocol.stopped.is_set()
    assert client.server.protocol.exit_code == expected


async def test_shutdown_ends_the_engine_and_what_is_in_flight() -> None:
    async with connected(ScriptedAnswer(after=r"x = $", text="1", delay_ms=60_000)) as client:
        await client.initialize()
        client.open(URI, "x = ")
        pending = client.ask(INLINE, inline(URI, 0, 4))
        await client.until(lambda: client.session.waiting)
        await asyncio.wait_for(client.request("shutdown"), 2)
        assert pending.done()
        assert client.engines[0].status.state == "stopped"


async def test_a_broken_message_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    item = {"insertText": 5, "command": {"arguments": ["1"]}}
    async with connected(RULE) as client:
        await client.initialize()
        client.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 5}})
        client.send({"no": "message"}, notification("$/unknown", 5))
        client.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 3}, "contentChanges": []})
        client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 1})
        client.open(URI, "x = ")
        assert len((await client.request(INLINE, inline(URI, 0, 4)))["items"]) == 1
        assert [error["code"] for error in client.errors] == [-32600]
    assert "textDocument/didOpen cannot be read: params.textDocument must be an object" in caplog.messages


async def test_options_come_with_initialize_and_over_those_of_the_command_line() -> None:
    options = {"completion": {"maxLineTokens": 7}, "exclude": ["*.gen.py"]}
    async with connected(settings=Settings(max_parse_bytes=9)) as client:
        await client.initialize(initializationOptions=options)
        settings = client.session.settings
        assert settings.completion.max_line_tokens == client.session.completer.settings.completion.max_line_tokens == 7
        assert settings.exclude == ("*.gen.py",)
        assert settings.max_parse_bytes == 9


async def test_options_are_pulled_where_the_client_can() -> None:
    async with connected() as client:
        client.replies["workspace/configuration"] = lambda _: [{"completion": {"candidates": 5}}]
        await client.initialize(PULLS, initializationOptions={"copilotLsp": {"exclude": ["*.a"]}})
        await client.until(lambda: client.session.settings.completion.candidates == 5)
        assert client.session.settings.exclude == ("*.a",)
        assert client.requests == [("workspace/configuration", {"items": [{"section": "copilotLsp"}]})]
        client.replies["workspace/configuration"] = lambda _: [None]
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await client.until(lambda: client.session.settings.completion.candidates == 3)


async def test_a_client_that_pushes_need_not_be_asked() -> None:
    async with connected() as client:
        await client.initialize()
        await push(client, {"completion": {"candidates": 5}})
        assert client.session.settings.completion.candidates == 5
        assert client.requests == []


async def test_a_client_is_asked_to_tell_of_changes() -> None:
    dynamic = {"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}}
    async with connected() as client:
        await client.initialize(dynamic)
        await client.until(lambda: client.requests)
        ((method, params),) = client.requests
        assert method == "client/registerCapability"
        assert params["registrations"][0]["registerOptions"] == {"section": "copilotLsp"}


async def test_a_client_that_gives_nonsense_instead_of_options() -> None:
    async with connected(RULE) as client:
        client.replies["workspace/configuration"] = lambda _: None
        await client.initialize(PULLS)
        await client.until(lambda: client.requests)
        await status(client)
        assert client.session.settings == Settings()


async def test_a_bad_option_is_one_message_and_the_rest_is_applied() -> None:
    bad = {"completion": {"candidates": 0, "maxLineTokens": 9}, "model": 5, "colour": "red"}
    async with connected() as client:
        await client.initialize()
        await push(client, bad)
        await push(client, bad)
        (message,) = client.told("window/showMessage")
        assert message["type"] == 2
        assert message["message"].splitlines() == [
            "copilotLsp.completion.candidates must be a whole number from 1 to 10, not 0; 3 is used",
            'copilotLsp.model must be a string that is not empty, not 5; "default" is used',
        ]
        assert client.session.settings.completion.max_line_tokens == 9
        await push(client, {})
        await push(client, bad)
        assert len(client.told("window/showMessage")) == 2


async def test_unknown_options_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "copilot_lsp.server.handlers.configuration")
    async with connected() as client:
        await client.initialize(initializationOptions={"colour": "red"})
        await push(client, {"colour": "red"})
        assert client.told("window/showMessage") == []
    assert [record.message for record in caplog.records if "colour" in record.message] == [
        "not an option: copilotLsp.colour"
    ]


@pytest.mark.parametrize(
    ("options", "engines"),
    [
        ({"completion": {"candidates": 2}, "exclude": ["a"], "enabled": False}, 1),
        ({"model": "other"}, 2),
        ({"engine": {"threads": 2}}, 2),
        ({"context": {"prefixTokens": 99}}, 2),
    ],
)
async def test_the_engine_restarts_only_for_its_own_options(options: dict[str, object], engines: int) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        await push(client, options)
        await push(client, options)
        assert len(client.engines) == engines
        assert client.session.engine is client.engines[-1]
        await client.until(lambda: client.session.engine.status.state == "ready")
        assert [engine.status.state for engine in client.engines[:-1]] == ["stopped"] * (engines - 1)
        if engines == 2:
            assert len((await client.request(INLINE, inline(URI, 0, 4)))["items"]) == 1


async def test_the_command_line_insists_on_its_model() -> None:
    async with connected(settings=Settings(model="mine"), model="mine") as client:
        await client.initialize(initializationOptions={"model": "theirs"})
        await push(client, {"model": "theirs"})
        assert client.session.settings.model == "mine"
        assert len(client.engines) == 1


async def test_options_that_silence() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ", "python")
        for options, reason in (
            ({"enabled": False}, "disabled"),
            ({"disabledLanguages": ["python"]}, "disabled-language"),
            ({"exclude": ["app.py"]}, "excluded-file"),
        ):
            await push(client, options)
            assert (await client.request(INLINE, inline(URI, 0, 4)))["items"] == []
            assert (await status(client))["lastSilence"]["reason"] == reason
        await push(client, {})
        assert len((await client.request(INLINE, inline(URI, 0, 4)))["items"]) == 1
        assert (await status(client))["lastSilence"] is None


async def test_the_parse_limit_applies_to_open_documents() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        await status(client)
        assert client.snapshot(URI).tree is not None
        await push(client, {"maxParseBytes": 3})
        assert client.snapshot(URI).tree is None
        assert "3" in client.snapshot(URI).note


async def test_the_restart_command() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        await client.request("workspace/executeCommand", {"command": "copilotLsp.restartEngine"})
        assert client.engines[0].status.state == "stopped"
        assert len(client.engines) == 2


async def test_names_of_documents_are_relative_to_the_folders() -> None:
    async with connected(RULE) as client:
        await client.initialize(rootUri="file:///project")
        client.open(URI, "x = ")
        await client.request(INLINE, inline(URI, 0, 4))
        (engine,) = client.engines
        assert isinstance(engine, FakeEngine)
        assert engine.requests[0].path == "app.py"
        folders = {"added": [{"uri": "file:///other", "name": "other"}], "removed": []}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": folders})
        client.open("file:///other/a/b.py", "x = ")
        await client.request(INLINE, inline("file:///other/a/b.py", 0, 4))
        assert engine.requests[-1].path == "a/b.py"


async def test_the_language_of_a_document_without_one_is_that_of_its_name() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ", "")
        await status(client)
        assert client.snapshot(URI).language == "python"


@pytest.mark.parametrize(
    ("disabled", "name", "language"),
    [
        ("django-html", "page.html", "django-html"),
        ("html", "page.html", "django-html"),
        ("bash", "run.sh", "shellscript"),
        ("Markdown", "README.md", "markdown"),
        ("c++", "main.cpp", "cpp"),
        ("PYTHON", "app.py", ""),
    ],
)
async def test_a_language_is_disabled_by_any_of_its_names(disabled: str, name: str, language: str) -> None:
    uri = f"file:///project/{name}"
    async with connected(RULE) as client:
        await client.initialize()
        client.open(uri, "x = ", language)
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"]
        await push(client, {"disabledLanguages": [disabled]})
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"] == []
        assert (await status(client))["lastSilence"]["reason"] == "disabled-language"
        await push(client, {"maxParseBytes": 5, "disabledLanguages": [disabled]})
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"] == []


async def test_excludes_follow_the_workspace_folders() -> None:
    uri = "file:///project/lib/gen/app.py"
    folder = {"uri": "file:///project/lib", "name": "lib"}
    async with connected(RULE) as client:
        await client.initialize(workspaceFolders=[{"uri": "file:///project", "name": "project"}])
        await push(client, {"exclude": ["/gen/"]})
        client.open(uri, "x = ")
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"]
        assert client.snapshot(uri).path == "lib/gen/app.py"
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"] == []
        assert (await status(client))["lastSilence"]["reason"] == "excluded-file"
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"]


async def test_what_is_under_way_ends_when_its_document_is_excluded() -> None:
    folder = {"uri": "file:///project/lib", "name": "lib"}
    uri = "file:///project/lib/gen/app.py"
    async with connected(ScriptedAnswer(after=r"x = $", text="1", delay_ms=60_000)) as client:
        await client.initialize(workspaceFolders=[{"uri": "file:///project", "name": "project"}])
        await push(client, {"exclude": ["/gen/"]})
        client.open(uri, "x = ")
        pending = client.ask(INLINE, inline(uri, 0, 4))
        await client.until(lambda: client.session.waiting)
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
        assert (await asyncio.wait_for(pending, 5))["result"]["items"] == []


@pytest.mark.parametrize("closed", [False, True])
async def test_the_engine_forgets_what_is_excluded_by_now(closed: bool) -> None:
    """A document that is closed may still be in its cache."""
    async with connected(RULE) as client:
        await client.initialize()
        engine = client.session.engine
        assert isinstance(engine, FakeEngine)
        client.open("file:///project/app.py", "x = ")
        assert (await client.request(INLINE, inline("file:///project/app.py", 0, 4)))["items"]
        if closed:
            client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///project/app.py"}})
        await push(client, {"exclude": ["other.py"]})
        assert engine.forgotten == 0
        await push(client, {"exclude": ["app.py"]})
        await push(client, {"exclude": ["app.py"], "maxParseBytes": 5})
        assert engine.forgotten == 1


async def test_the_engine_forgets_what_an_ignore_file_excludes_by_now(tmp_path: Path) -> None:
    async with connected(RULE) as client:
        await client.initialize(workspaceFolders=[{"uri": tmp_path.as_uri(), "name": "project"}])
        engine = client.session.engine
        assert isinstance(engine, FakeEngine)
        uri = (tmp_path / "app.py").as_uri()
        client.open(uri, "x = ")
        assert (await client.request(INLINE, inline(uri, 0, 4)))["items"]
        (tmp_path / ".aiignore").write_text("app.py\n")
        for _ in range(2):
            assert (await client.request(INLINE, inline(uri, 0, 4)))["items"] == []
        assert engine.forgotten == 1
