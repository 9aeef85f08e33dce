"""textDocument/inlineCompletion and textDocument/completion, through the real protocol and a scripted engine."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from in_process import URI, Connection, connected, push, status
from wire import INLINE, change, inline, notification

from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.settings import CompletionSettings, Settings

RULE = ScriptedAnswer(after=r"x = $", text="1 + 2")

QUIET = Settings(completion=CompletionSettings(prefetch=False))


async def items(client: Connection, line: int, character: int, uri: str = URI, **more: Any) -> list[dict[str, Any]]:
    result = await client.request(INLINE, inline(uri, line, character, **more))
    assert set(result) == {"items"}
    found: list[dict[str, Any]] = result["items"]
    return found


def position(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def span(line: int, start: int, end: int) -> dict[str, object]:
    return {"start": position(line, start), "end": position(line, end)}


async def test_an_item_has_text_range_and_accept_command() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        (item,) = await items(client, 0, 4)
        accept = item.pop("command")
        assert item == {"insertText": "1 + 2", "range": span(0, 4, 4)}
        assert accept["command"] == "copilotLsp.didAccept"
        assert accept["arguments"][1] == RULE.confidence
        await client.request("workspace/executeCommand", accept)
        assert client.session.recorder.statistics().accepted == 1


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 14), ("utf-16", 9), ("utf-32", 7)])
async def test_positions_in_the_agreed_encoding(encoding: str, character: int) -> None:
    """Astral characters before the cursor, and the popup's selection in the range."""
    rule = ScriptedAnswer(after=r"'😀😀é'; name$", text="_of")
    capabilities = {"textDocument": {"inlineCompletion": {}}, "general": {"positionEncodings": ["utf-7", encoding]}}
    async with connected(rule) as client:
        answer = await client.initialize(capabilities)
        assert answer["capabilities"]["positionEncoding"] == encoding
        client.open(URI, "'😀😀é'; ")
        client.notify("textDocument/didChange", change(URI, 2, (0, character - 1), (0, 99), " na"))
        selected = {"range": span(0, character, character + 2), "text": "name"}
        (item,) = await items(client, 0, character + 2, selected=selected)
        assert item["insertText"] == "name_of"
        assert item["range"] == span(0, character, character + 2)


async def test_an_unknown_encoding_means_utf_16() -> None:
    async with connected() as client:
        answer = await client.initialize({"general": {"positionEncodings": ["utf-7"]}})
        assert answer["capabilities"]["positionEncoding"] == "utf-16"


async def test_lines_end_where_the_specification_says() -> None:
    """Not at form feeds and U+2028; a lone carriage return ends one. CRLF documents get CRLF."""
    rules = ScriptedAnswer(after=r"end = $", text="1"), ScriptedAnswer(after=r"def f\(\):$", text="\n    return 1\n")
    settings = Settings(completion=CompletionSettings(multiline="always"))
    async with connected(*rules, settings=settings) as client:
        await client.initialize()
        client.open(URI, "a = '\x0c\u2028'\nb = 2\rend = ")
        assert (await items(client, 2, 6))[0]["insertText"] == "1"
        client.open("file:///crlf.py", "x = 1\r\ndef f():\r\n")
        (item,) = await items(client, 1, 99, uri="file:///crlf.py")
        assert item["range"] == span(1, 8, 8)
        assert "\r\n    return 1" in item["insertText"]
        assert "\n" not in item["insertText"].replace("\r\n", "")


async def test_every_expected_silence_is_an_empty_list() -> None:
    async with connected(RULE, settings=Settings(exclude=("*.gen.py",))) as client:
        await client.initialize(workspaceFolders=[{"uri": "file:///project", "name": "project"}])
        client.open("file:///project/.env", "x = ")
        client.open("file:///project/x.gen.py", "x = ")
        assert await items(client, 0, 4, uri="file:///never-opened.py") == []
        assert await items(client, 0, 4, uri="file:///project/.env") == []
        assert client.silence.reason == "excluded-file"
        assert await items(client, 0, 4, uri="file:///project/x.gen.py", invoked=True) == []
        client.open(URI, "x = ")
        assert await items(client, 99, 99) != []
        client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        assert await items(client, 0, 4) == []
        assert client.silence.reason == "not-open"


async def test_a_link_to_a_secret_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=1")
    (tmp_path / "notes.txt").symlink_to(".env")
    uri = (tmp_path / "notes.txt").as_uri()
    async with connected(RULE) as client:
        await client.initialize(rootUri=tmp_path.as_uri())
        client.open(uri, "x = ")
        assert await items(client, 0, 4, uri=uri) == []
        assert client.silence.message == "this file is excluded: `.env` in the built-in secrets"
        await push(client, {"include": [".env"]})
        assert await items(client, 0, 4, uri=uri) != []


@pytest.mark.parametrize("uri", ["file:///a/c#/.env", "file:///a/what?/prod.env", "untitled:.env"])
async def test_a_secret_is_one_however_its_client_writes_uris(uri: str) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(uri, "x = ")
        assert await items(client, 0, 4, uri=uri) == []
        assert client.silence.reason == "excluded-file"


async def test_patterns_follow_the_folders_while_documents_are_open() -> None:
    folder = {"uri": "file:///project", "name": "project"}
    async with connected(RULE, settings=Settings(exclude=("/app.py",))) as client:
        await client.initialize()
        client.open(URI, "x = ")
        for added, removed, shown in (([], [], 1), ([folder], [], 0), ([], [folder], 1)):
            event = {"added": added, "removed": removed}
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            assert len(await items(client, 0, 4)) == shown


async def test_an_excluded_document_reaches_neither_parser_nor_engine() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open("file:///project/.env", "x = ", "python")
        client.notify("textDocument/didChange", change("file:///project/.env", 2, (0, 0), (0, 0), "y"))
        assert await items(client, 0, 5, uri="file:///project/.env") == []
        document = client.session._documents["file:///project/.env"]
        assert not document.parsed
        assert document.tree is None
        (engine,) = client.engines
        assert isinstance(engine, FakeEngine)
        assert engine.requests == []


async def test_the_text_is_that_of_the_moment_the_request_came() -> None:
    """Request and change in one packet: the request is about the text before."""
    async with connected(RULE, settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "x = ")
        answer, request = client.prepare(INLINE, inline(URI, 0, 4))
        client.send(request, notification("textDocument/didChange", change(URI, 2, (0, 0), (0, 4), "no")))
        assert len((await answer)["result"]["items"]) == 1
        assert await items(client, 0, 2) == []


async def test_a_newer_request_supersedes_the_older() -> None:
    async with connected(ScriptedAnswer(after=r"x = $", text="1", delay_ms=150), settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "x = ")
        older = client.ask(INLINE, inline(URI, 0, 3))
        newer = client.ask(INLINE, inline(URI, 0, 4))
        assert (await older)["result"] == {"items": []}
        assert not newer.done()
        assert len((await newer)["result"]["items"]) == 1


async def test_requests_of_two_documents_do_not_disturb_each_other() -> None:
    async with connected(RULE, settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "x = ")
        client.open("file:///other.py", "x = ")
        both = [client.ask(INLINE, inline(uri, 0, 4)) for uri in (URI, "file:///other.py")]
        assert [len(answer["result"]["items"]) for answer in await asyncio.gather(*both)] == [1, 1]


async def test_a_cancelled_request_frees_the_server() -> None:
    async with connected(ScriptedAnswer(after=r"slow = $", text="1", delay_ms=60_000), RULE, settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "slow = \nx = ")
        slow = client.ask(INLINE, inline(URI, 0, 7), id="x1")
        await client.until(lambda: client.session.waiting)
        client.notify("$/cancelRequest", {"id": "x1"})
        assert (await asyncio.wait_for(slow, 1))["error"]["code"] == -32800
        assert client.session.waiting == 0
        assert len(await items(client, 1, 4)) == 1


async def test_partial_results_grow_up_to_the_answer() -> None:
    rule = ScriptedAnswer(after=r"x = $", text="first + second + third", piece_ms=5)
    async with connected(rule, settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "x = ")
        (item,) = await items(client, 0, 4, partialResultToken="p1")
        progress = client.told("$/progress")
        texts = [each["value"]["items"][0]["insertText"] for each in progress]
        assert {each["token"] for each in progress} == {"p1"}
        assert len(texts) > 1
        assert texts == sorted(texts, key=len)
        assert all(str(item["insertText"]).startswith(text) for text in texts)
        assert client.server.protocol.take_partial_token() is None


async def test_without_a_token_nothing_is_sent_before_the_answer() -> None:
    async with connected(ScriptedAnswer(after=r"x = $", text="a + long + text", piece_ms=1)) as client:
        await client.initialize()
        client.open(URI, "x = ")
        assert len(await items(client, 0, 4)) == 1
        assert client.told("$/progress") == []


async def test_only_an_invoked_request_gets_alternatives() -> None:
    rule = ScriptedAnswer(after=r"x = $", text="one", alternatives=("two", "three"))
    async with connected(rule, settings=QUIET) as client:
        await client.initialize()
        client.open(URI, "x = ")
        invoked = [item["insertText"] for item in await items(client, 0, 4, invoked=True)]
        assert invoked[0] == "one"
        assert sorted(invoked) == ["one", "three", "two"]
        assert len(await items(client, 0, 4)) == 1


async def test_an_invoked_request_is_answered_where_an_automatic_one_is_not() -> None:
    async with connected(ScriptedAnswer(after=r"na$", text="me_")) as client:
        await client.initialize()
        client.open(URI, "name")
        assert await items(client, 0, 2) == []
        assert client.silence.reason == "mid-word"
        assert len(await items(client, 0, 2, invoked=True)) == 1


@pytest.mark.parametrize(("unplugged", "shown"), [(True, 0), (False, 1)])
async def test_on_battery_a_key_still_asks(unplugged: bool, shown: int) -> None:
    manual = Settings(completion=CompletionSettings(prefetch=False, on_battery="manual"))
    async with connected(RULE, settings=manual) as client:
        client.session.on_battery = lambda: unplugged
        await client.initialize()
        client.open(URI, "x = ")
        assert len(await items(client, 0, 4)) == shown
        assert (client.session.last.silence is None) == (shown > 0)
        assert len(await items(client, 0, 4, invoked=True)) == 1


async def test_cells_of_a_notebook_are_documents() -> None:
    cell, added = "notebook-cell:/p/book.ipynb#1", "notebook-cell:/p/book.ipynb#2"

    def document(uri: str, text: str) -> dict[str, object]:
        return {"uri": uri, "languageId": "python", "version": 1, "text": text}

    def kinds(*uris: str) -> list[dict[str, object]]:
        return [{"kind": 2, "document": uri} for uri in uris]

    capabilities: dict[str, Any] = {
        "textDocument": {"inlineCompletion": {}},
        "notebookDocument": {"synchronization": {}},
    }
    async with connected(RULE, settings=QUIET) as client:
        answer = await client.initialize(capabilities)
        assert answer["capabilities"]["notebookDocumentSync"]["notebookSelector"] == [{"notebook": "*"}]
        notebook = {"uri": "file:///p/book.ipynb", "notebookType": "jupyter", "version": 1, "cells": kinds(cell)}
        opened = {"notebookDocument": notebook, "cellTextDocuments": [document(cell, "x")]}
        client.notify("notebookDocument/didOpen", opened)
        edit = {"range": span(0, 1, 1), "text": " = "}
        array = {"start": 1, "deleteCount": 0, "cells": kinds(added)}
        cells = {
            "structure": {"array": array, "didOpen": [document(added, "x = ")], "didClose": []},
            "textContent": [{"document": {"uri": cell, "version": 2}, "changes": [edit]}],
        }
        changed = {"notebookDocument": {"uri": "file:///p/book.ipynb", "version": 2}, "change": {"cells": cells}}
        client.notify("notebookDocument/didChange", changed)
        assert len(await items(client, 0, 4, uri=cell)) == 1
        assert len(await items(client, 0, 4, uri=added)) == 1
        closed = {"notebookDocument": {"uri": "file:///p/book.ipynb"}, "cellTextDocuments": [{"uri": cell}]}
        client.notify("notebookDocument/didClose", closed)
        assert await items(client, 0, 4, uri=cell) == []


async def test_what_the_editor_tells_of_an_item_is_counted() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        (item,) = await items(client, 0, 4)
        client.notify("textDocument/didShowCompletion", {"item": item})
        client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 3})
        client.notify("textDocument/didShowCompletion", {"item": {"insertText": "of another server"}})
        client.notify("textDocument/didShowCompletion")
        client.notify("textDocument/didPartiallyAcceptCompletion", {"item": item})
        await items(client, 0, 1)
        counted = await client.request("copilotLsp/statistics")
        assert datetime.fromisoformat(counted.pop("since")).tzinfo is not None
        assert counted.pop("latencyP50Ms") == counted.pop("latencyP95Ms") is not None
        assert counted.pop("silences") == {"empty": 1}
        assert counted.pop("sources") == {"engine": 2}
        assert counted.pop("tokens")["generated"] == 2
        assert counted == {"offered": 1, "shown": 1, "accepted": 0, "partiallyAccepted": 1, "savedKeys": 2}
        told = (await status(client))["statistics"]
        assert counted.items() <= told.items()
        await client.request("workspace/executeCommand", item["command"])
        counted = await client.request("copilotLsp/statistics")
        assert (counted["accepted"], counted["partiallyAccepted"], counted["savedKeys"]) == (1, 0, 3)


@pytest.mark.parametrize(
    ("capabilities", "offered"),
    [
        ({"textDocument": {"inlineCompletion": {"dynamicRegistration": True}}}, False),
        ({"textDocument": {"inlineCompletion": {}}}, False),
        ({"textDocument": {"inlineCompletion": None}}, False),
        ({"textDocument": {"completion": {}}}, True),
        ({"textDocument": None}, True),
        ({}, True),
    ],
)
async def test_completion_is_for_clients_without_inline_completion(
    capabilities: dict[str, object], offered: bool
) -> None:
    async with connected() as client:
        answer = await client.initialize(capabilities)
        assert ("completionProvider" in answer["capabilities"]) is offered
        assert answer["capabilities"]["inlineCompletionProvider"] == {}


async def test_a_popup_item_replaces_the_word_at_the_cursor() -> None:
    notes = "file:///notes.txt"
    rule = ScriptedAnswer(after=r"hel$", text="lo(name):\n    return `name`")
    settings = Settings(completion=CompletionSettings(multiline="always"))
    async with connected(rule, settings=settings) as client:
        formats = {"completionItem": {"documentationFormat": ["plaintext", "markdown"]}}
        await client.initialize({"textDocument": {"completion": formats}})
        client.open(notes, "'😀'; hel", "notes")
        params = {"textDocument": {"uri": notes}, "position": position(0, 9)}
        result = await client.request("textDocument/completion", params)
        assert result["isIncomplete"] is True
        (item,) = result["items"]
        assert item["textEdit"] == {"range": span(0, 6, 9), "newText": "hello(name):\n    return `name`"}
        assert item["filterText"] == "hello(name):"
        assert item["label"] == "hello(name):…"
        assert item["labelDetails"] == {"description": "copilot-lsp"}
        assert item["documentation"]["value"] == "```notes\nhello(name):\n    return `name`\n```"
        assert item["insertTextFormat"] == 1
        assert item["command"]["command"] == "copilotLsp.didAccept"
        params = {"textDocument": {"uri": "file:///not-open.py"}, "position": position(0, 9)}
        assert await client.request("textDocument/completion", params) == {"isIncomplete": True, "items": []}
