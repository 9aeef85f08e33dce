"""A client that speaks the bare protocol, message by message, over any pair of streams."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

INLINE = "textDocument/inlineCompletion"
KNOWS_STATUS = {"experimental": {"didChangeStatus": True}}

SECONDS = 20
"""After which an answer counts as lost."""


class Sink(Protocol):
    def write(self, data: bytes) -> None: ...


class Wire:
    """`notifications` holds what the server told, `replies` what its requests are answered with (default null).

    `errors`: the answers to messages whose id the server could not tell.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: Sink) -> None:
        self.notifications: list[tuple[str, Any]] = []
        self.errors: list[Any] = []
        self.requests: list[tuple[str, Any]] = []
        self.replies: dict[str, Callable[[Any], Any]] = {}
        self._reader, self._writer = reader, writer
        self._answers: dict[int | str, asyncio.Future[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        self.reading = asyncio.create_task(self._read())

    def send(self, *messages: dict[str, Any]) -> None:
        """All in one packet."""
        self._writer.write(b"".join(frame(message) for message in messages))

    def notify(self, method: str, params: Any = None) -> None:
        self.send(notification(method, params))

    def ask(self, method: str, params: Any = None, id: int | str | None = None) -> asyncio.Future[dict[str, Any]]:
        """The whole response message, with `result` or `error`."""
        future, message = self.prepare(method, params, id)
        self.send(message)
        return future

    def prepare(
        self, method: str, params: Any = None, id: int | str | None = None
    ) -> tuple[asyncio.Future[dict[str, Any]], dict[str, Any]]:
        """A request that is still to be sent."""
        id = next(self._ids) if id is None else id
        self._answers[id] = asyncio.get_running_loop().create_future()
        return self._answers[id], {"jsonrpc": "2.0", "id": id, "method": method, "params": params}

    async def request(self, method: str, params: Any = None) -> Any:
        """The result. An error response fails the test."""
        response = await asyncio.wait_for(self.ask(method, params), SECONDS)
        assert "error" not in response, response
        return response["result"]

    async def initialize(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        capabilities = (
            {"textDocument": {"inlineCompletion": {}}, **KNOWS_STATUS} if capabilities is None else capabilities
        )
        everything = {"processId": None, "rootUri": None, "capabilities": capabilities, **params}
        result: dict[str, Any] = await self.request("initialize", everything)
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python") -> None:
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    async def until(self, condition: Callable[[], Any]) -> Any:
        """What `condition` returns once it is true."""
        async with asyncio.timeout(SECONDS):
            while not (value := condition()):
                await asyncio.sleep(0.005)
        return value

    def told(self, method: str) -> list[Any]:
        return [params for name, params in self.notifications if name == method]

    async def _read(self) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await self._reader.readuntil(b"\r\n\r\n")
                length = int(header.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                self._take(json.loads(await self._reader.readexactly(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message and message["id"] is None:
            self.errors.append(message["error"])
        elif "method" not in message:
            self._answers.pop(message["id"]).set_result(message)
        elif "id" in message:
            self.requests.append((message["method"], message.get("params")))
            self.send({"jsonrpc": "2.0", "id": message["id"], **self._reply(message)})
        else:
            self.notifications.append((message["method"], message.get("params")))

    def _reply(self, message: dict[str, Any]) -> dict[str, Any]:
        """A reply that raises NotImplementedError is the error of a client that does not know the method."""
        reply: Callable[[Any], Any] = self.replies.get(message["method"], lambda _: None)
        try:
            return {"result": reply(message.get("params"))}
        except NotImplementedError:
            return {"error": {"code": -32601, "message": "no such method"}}


def notification(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def frame(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def inline(uri: str, line: int, character: int, invoked: bool = False, **more: Any) -> dict[str, Any]:
    """Parameters of textDocument/inlineCompletion; `selected` goes into the context."""
    context: dict[str, Any] = {"triggerKind": 1 if invoked else 2}
    if (selected := more.pop("selected", None)) is not None:
        context["selectedCompletionInfo"] = selected
    position = {"line": line, "character": character}
    return {"textDocument": {"uri": uri}, "position": position, "context": context, **more}


def change(uri: str, version: int, start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    """Parameters of textDocument/didChange with one edit."""
    edges = {name: {"line": at[0], "character": at[1]} for name, at in (("start", start), ("end", end))}
    document = {"uri": uri, "version": version}
    return {"textDocument": document, "contentChanges": [{"range": edges, "text": text}]}
