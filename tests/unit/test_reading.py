"""What clients send that they should not: answered all the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from in_process import URI, Connection, connected
from wire import INLINE, change, frame, inline

from copilot_lsp.engine.fake import ScriptedAnswer
from copilot_lsp.server import reading
from copilot_lsp.server.handlers.github import EMPTY

RULE = ScriptedAnswer(after=r"x = $", text="1 + 2")

INITIALIZE = {
    "processId": 1,
    "clientInfo": {"name": "an editor", "version": "1"},
    "locale": "en",
    "rootPath": "/project",
    "rootUri": "file:///project",
    "trace": "off",
    "workspaceFolders": [{"uri": "file:///project", "name": "project"}],
    "initializationOptions": {"completion": {"candidates": 2}},
    "capabilities": {
        "general": {"positionEncodings": ["utf-8", "utf-16"], "regularExpressions": {"engine": "ES", "version": "1"}},
        "textDocument": {
            "inlineCompletion": {"dynamicRegistration": True},
            "completion": {"completionItemKind": {"valueSet": [1, 2]}},
            "synchronization": {"willSave": True},
        },
        "workspace": {"configuration": False, "workspaceFolders": True, "workspaceEdit": {"failureHandling": "abort"}},
        "window": {"workDoneProgress": False},
        "experimental": {"didChangeStatus": True},
    },
}

RANGE = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}

REQUESTS: dict[str, Any] = {
    INLINE: {
        **inline(URI, 0, 4, selected={"range": RANGE, "text": "= 1"}),
        "partialResultToken": "a",
        "workDoneToken": 5,
    },
    "textDocument/completion": {**inline(URI, 0, 4), "context": {"triggerKind": 1, "triggerCharacter": "."}},
    "workspace/executeCommand": {"command": "copilotLsp.didAccept", "arguments": ["1"]},
    "textDocument/copilotInlineEdit": {"textDocument": {"uri": URI, "version": 1}, "position": {"line": 0}},
}

STRANGE: list[Any] = [None, 0, -1, 3, 2**60, 1.5, True, "compact", "", [], [None], {}, {"x": [1]}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all that is in nested JSON, that of the whole too."""
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


def variants(value: Any) -> Iterator[tuple[str, Any]]:
    """`value` with any one field left out or replaced by something strange."""
    for path in places(value):
        if not path:
            yield from ((f"all {each!r}", each) for each in STRANGE)
            continue
        for each in (..., *STRANGE):
            changed = copy.deepcopy(value)
            owner = changed
            for key in path[:-1]:
                owner = owner[key]
            if each is ...:
                del owner[path[-1]]
            else:
                owner[path[-1]] = each
            yield f"{path} {each!r}", changed


async def answer(client: Connection, method: str, params: Any) -> dict[str, Any]:
    """With a result, or with an error that says what is wrong with the parameters: never an internal one."""
    response = await client.ask(method, params)
    if "error" in response:
        assert response["error"]["code"] == -32602, (method, params, response)
        assert response["error"]["message"]
    return response


@pytest.mark.parametrize("method", REQUESTS)
async def test_any_one_field_left_out_or_strange(method: str) -> None:
    async with connected(RULE) as client:
        await client.initialize({"textDocument": {}} if method == "textDocument/completion" else None)
        client.open(URI, "x = ")
        for _, params in variants(REQUESTS[method]):
            await answer(client, method, params)


async def test_initialize_with_any_one_field_left_out_or_strange() -> None:
    for name, params in variants(INITIALIZE):
        async with connected(RULE) as client:
            response = await answer(client, "initialize", params)
            assert "result" in response or not isinstance(params, dict), name


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "x"}}),
        ("textDocument/didChange", change(URI, 2, (0, 0), (0, 0), "y")),
        ("textDocument/didClose", {"textDocument": {"uri": URI}}),
        ("textDocument/didFocus", {"textDocument": {"uri": URI}}),
        ("textDocument/didShowCompletion", {"item": {"command": {"arguments": ["1"]}}}),
        (
            "textDocument/didPartiallyAcceptCompletion",
            {"item": {"insertText": "ab", "command": {"arguments": ["1"]}}, "acceptedLength": 1},
        ),
        ("workspace/didChangeConfiguration", {"settings": {"copilotLsp": {"completion": {"candidates": 2}}}}),
        (
            "workspace/didChangeWorkspaceFolders",
            {"event": {"added": [{"uri": "file:///a", "name": "a"}], "removed": [{"uri": "file:///b", "name": "b"}]}},
        ),
        ("$/setTrace", {"value": "verbose"}),
        ("$/cancelRequest", {"id": 5}),
        ("window/workDoneProgress/cancel", {"token": "x"}),
    ],
)
async def test_notifications_with_any_one_field_left_out_or_strange(method: str, params: Any) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        for _, strange in variants(params):
            client.notify(method, strange)
        client.notify("workspace/didChangeConfiguration", {"settings": {"copilotLsp": {}}})
        client.open(URI, "x = ")
        assert len((await client.request(INLINE, inline(URI, 0, 4)))["items"]) == 1


@pytest.mark.parametrize("kind", [0, 3, None, "2"])
async def test_an_unknown_trigger_is_an_automatic_one(kind: Any) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        params = inline(URI, 0, 4)
        for context in ({"triggerKind": kind}, {}, None, kind):
            items = (await client.request(INLINE, {**params, "context": context}))["items"]
            assert [item["insertText"] for item in items] == ["1 + 2"]
        del params["context"]
        assert (await client.request(INLINE, params))["items"]


async def test_unknown_words_in_initialize_cost_nothing_else() -> None:
    capabilities = {
        "textDocument": {"inlineCompletion": {}, "completion": {"completionItemKind": {"valueSet": [1, 99]}}},
        "general": {"positionEncodings": ["utf-64", "utf-8"]},
        "workspace": {"workspaceEdit": {"failureHandling": "shrug"}},
    }
    folders = [{"uri": "file:///project"}, 5, {"uri": "file:///other", "name": None}]
    async with connected() as client:
        welcome = await client.initialize(capabilities, trace="compact", workspaceFolders=folders)
        assert welcome["capabilities"]["positionEncoding"] == "utf-8"
        assert client.session.roots == ("file:///project", "file:///other")


async def test_a_uri_that_is_none_is_no_reason_to_fail() -> None:
    async with connected() as client:
        folders = [{"uri": "file://[", "name": "a"}, {"uri": "\x00\ud800", "name": "b"}]
        await client.initialize(rootUri="file://[", workspaceFolders=folders)
        client.open("file://[\ud800", "x = ")
        assert (await client.request(INLINE, inline("file://[\ud800", 0, 4)))["items"] == []


async def test_an_error_says_where() -> None:
    async with connected() as client:
        await client.initialize()
        response = await client.ask(INLINE, {**inline(URI, 0, 4), "textDocument": {"uri": 5}})
        assert response["error"] == {"code": -32602, "message": "params.textDocument.uri must be a string"}


async def test_null_for_a_range_means_the_whole_text_and_the_end_may_be_far() -> None:
    async with connected() as client:
        await client.initialize()
        client.open(URI, "a\nb\n")
        whole = {"textDocument": {"uri": URI, "version": None}, "contentChanges": [{"range": None, "text": "c\nd\n"}]}
        client.notify("textDocument/didChange", whole)
        client.notify("textDocument/didChange", change(URI, 3, (1, 0), (2**53, 2**53), "e"))
        await client.request("workspace/executeCommand", {"command": "copilotLsp.status"})
        snapshot = client.snapshot(URI)
        assert snapshot.text.data == b"c\ne"


@pytest.mark.parametrize("text", [None, 5, ["x"]])
async def test_a_document_out_of_step_is_not_completed(text: Any) -> None:
    """A change that was lost would put completions in wrong places, and no `None` into the text."""
    async with connected(RULE) as client:
        await client.initialize()
        client.open(URI, "x = ")
        client.notify("textDocument/didChange", change(URI, 2, (0, 0), (0, 0), text))
        assert (await client.request(INLINE, inline(URI, 0, 4)))["items"] == []
        client.open(URI, "x = ")
        assert (await client.request(INLINE, inline(URI, 0, 4)))["items"]


@pytest.mark.parametrize(
    ("body", "id", "code"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"shutdown"', 7, -32700),
        (b'{"method":"x", "jsonrpc":"2.0", "id":"a\\"b", "params": NaN}', 'a"b', -32700),
        (b'{"jsonrpc":"2.0","params":{"id":7},"id":8', None, -32700),
        (b"\xff\xfe\xfd", None, -32700),
        (b"", None, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"x","params":%s}' % (b"[" * 9000 + b"]" * 9000), 7, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"x","params":%s}' % (b"[" * 99 + b"]" * 99), 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":"x","params":%s}' % (b"9" * 9000), 7, -32700),
        (b'[{"jsonrpc":"2.0","id":7,"method":"shutdown"}]', None, -32600),
        (b'{"jsonrpc":"1.0","id":7,"method":"shutdown"}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', 7, -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"shutdown"}', None, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"shutdown"}', None, -32600),
        (b"5", None, -32600),
        (b"{}", None, -32600),
    ],
)
async def test_what_is_no_message_is_answered(body: bytes, id: Any, code: int) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        pending = None if id is None else client.prepare("x", id=id)[0]
        client._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        client.open(URI, "x = ")
        assert (await client.request(INLINE, inline(URI, 0, 4)))["items"]
        error = (await pending)["error"] if pending else client.errors.pop()
        assert error["code"] == code
        assert client.errors == []


async def test_an_answer_that_cannot_be_read_is_an_error_and_nobody_waits_for_ever() -> None:
    async with connected() as client:
        pulls = {"workspace": {"configuration": True}, "textDocument": {"inlineCompletion": {}}}
        client.replies["workspace/configuration"] = lambda _: {"not": "a list"}
        await client.initialize(pulls)
        await client.until(lambda: client.requests)
        client.send({"jsonrpc": "2.0", "id": "never asked", "result": 5}, {"jsonrpc": "2.0", "id": 3, "error": 5})
        client.replies["workspace/configuration"] = lambda _: [{"completion": {"candidates": 5}}]
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await client.until(lambda: client.session.settings.completion.candidates == 5)


async def test_headers_in_any_case_and_one_that_cannot_be_read() -> None:
    async with connected(RULE) as client:
        await client.initialize()
        body = frame({"jsonrpc": "2.0", "method": "$/x"}).partition(b"\r\n\r\n")[2]
        client._writer.write(b"content-length:%d\r\n\r\n%s" % (len(body), body))
        client._writer.write(b"Content-Length: nine\r\n\r\n" + body)
        client.open(URI, "x = ")
        assert (await client.request(INLINE, inline(URI, 0, 4)))["items"]
        (error,) = client.errors
        assert error["message"] == "a header without a Content-Length that can be read: 'Content-Length: nine'"


@pytest.mark.parametrize("method", EMPTY)
async def test_methods_of_githubs_server_get_their_empty_form(method: str) -> None:
    async with connected() as client:
        await client.initialize()
        each: tuple[object, ...] = ({"doc": {"uri": URI, "position": {"line": 0, "character": 0}}}, None, [])
        for params in each:
            assert await client.request(method, params) == EMPTY[method]
    assert EMPTY["textDocument/copilotInlineEdit"] == {"edits": []}


@pytest.mark.parametrize(
    ("value", "deep"), [([], False), ({"a": [{}]}, False), ([[[[[[[[[]]]]]]]]], False), (5, False), ("[", False)]
)
def test_depth(value: Any, deep: bool) -> None:
    assert reading.is_too_deep(value) is deep
    for _ in range(reading.MAX_DEPTH):
        value = {"a": value}
    assert reading.is_too_deep(value)


@pytest.mark.parametrize("method", ["textDocument/didOpen", "notebookDocument/didClose", "initialized", "$/setTrace"])
async def test_a_notification_that_comes_with_an_id_is_answered(method: str) -> None:
    async with connected(RULE) as client:
        await client.initialize()
        answer = await client.ask(method, {"textDocument": {"uri": URI}, "value": "off"})
        assert answer["error"] == {"code": -32600, "message": f"{method} is a notification: it has no id"}


async def test_an_answer_that_json_cannot_say_is_an_error() -> None:
    async with connected() as client:
        await client.initialize()
        client.server.protocol.fm.commands["broken"] = lambda *_: {"number": object()}
        answer = await client.ask("workspace/executeCommand", {"command": "broken"})
        assert answer["error"]["code"] == -32603
        assert await client.request("workspace/executeCommand", {"command": "copilotLsp.status"})
