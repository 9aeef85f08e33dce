"""Malformed messages over stdio to a real server process: it lives on, and what has an id is answered.

Each process gets a run of messages, some of them before `initialize`, some after `shutdown`. Every one is drawn from
the seed. A message that is whole JSON and has an id must be answered with that id; one that is not, with an error,
whose id is null where it cannot be told. After each run an ordinary request must be answered and the process must end
as it should.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from campaign import Campaign
from process import Server, serving
from wire import INLINE, inline

URI = "file:///project/app.py"
RUN = 500
"""Messages to one process."""

METHODS = (
    "initialize",
    INLINE,
    "textDocument/completion",
    "textDocument/copilotInlineEdit",
    "workspace/executeCommand",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didFocus",
    "textDocument/didShowCompletion",
    "textDocument/didPartiallyAcceptCompletion",
    "notebookDocument/didOpen",
    "notebookDocument/didChange",
    "notebookDocument/didClose",
    "workspace/didChangeWorkspaceFolders",
    "workspace/didChangeConfiguration",
    "initialized",
    "$/cancelRequest",
    "$/setTrace",
    "copilotLsp/nonsense",
    "",
)
NUMBERS = ("0", "-1", "1e999", "1E400", "-0.0", "9" * 30, "9" * 5000, "1.5", "2147483648", "NaN", "Infinity", "0x1")
STRANGE: tuple[Any, ...] = (None, True, 0, -1, 2**31, 2**63, 1.5, "", "x" * 2000, "\ud800", [], {}, [[]], {"": None})
EDGES = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}
DOCUMENT = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
CELLS = {"structure": {"array": {"start": 0, "deleteCount": 1, "cells": []}, "didOpen": [], "didClose": []}}
PARAMS = {
    "textDocument": DOCUMENT,
    "position": {"line": 0, "character": 4},
    "context": {"triggerKind": 2, "selectedCompletionInfo": {"range": EDGES, "text": "= 1"}},
    "contentChanges": [{"range": EDGES, "text": "é"}, {"text": "y = "}],
    "notebookDocument": {"uri": "file:///b.ipynb", "notebookType": "j", "version": 1, "cells": []},
    "cellTextDocuments": [DOCUMENT],
    "change": {"cells": CELLS},
    "event": {"added": [{"uri": "file:///a", "name": "a"}], "removed": []},
    "settings": {"copilotLsp": {"exclude": ["*.x"], "completion": {"candidates": 2}}},
    "command": "copilotLsp.status",
    "arguments": ["1"],
    "capabilities": {"textDocument": {"inlineCompletion": {}}, "general": {"positionEncodings": ["utf-8"]}},
    "partialResultToken": "p",
}


@dataclass(frozen=True)
class Message:
    """The bytes to send; `id` of what must be answered, None when an error with or without an id must come, `...`
    when nothing need come."""

    kind: str
    data: bytes
    id: int | Any | None


def framed(body: bytes, length: int | None = None) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body) if length is None else length, body)


def mutated(rng: random.Random, value: Any, depth: int = 0) -> Any:
    """One thing in nested JSON removed, or of another type."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.2 * depth:
        return rng.choice(STRANGE)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [*value[:at], mutated(rng, value[at], depth + 1), *value[at + 1 :]]
    name = rng.choice(list(value))
    changed = {key: each for key, each in value.items() if key != name}
    return changed if rng.random() < 0.3 else {**changed, name: mutated(rng, value[name], depth + 1)}


def request(rng: random.Random, id: int) -> dict[str, Any]:
    params = PARAMS
    for _ in range(rng.randint(0, 3)):
        params = mutated(rng, params)
        if not isinstance(params, dict):
            break
    return {"jsonrpc": "2.0", "id": id, "method": rng.choice(METHODS), "params": params}


def text(message: object) -> bytes:
    return json.dumps(message).encode()


def wrong_types(rng: random.Random, id: int) -> Message:
    return Message("wrong types", framed(text(request(rng, id))), id)


def wrong_envelope(rng: random.Random, id: int) -> Message:
    """Something wrong outside the parameters; the id stays, or goes."""
    message: Any = request(rng, id)
    name = rng.choice(["jsonrpc", "method", "id", "whole", "answer"])
    if name == "whole":
        return Message("wrong envelope", framed(text(rng.choice([[message], [], "x", 5, None]))), None)
    if name == "answer":
        return Message("wrong envelope", framed(text({"jsonrpc": "2.0", "id": id, "result": mutated(rng, {})})), ...)
    message[name] = rng.choice([None, True, 1.5, [], {}, {"a": 1}])
    known = id if name != "id" else ... if message["id"] is None else None
    return Message("wrong envelope", framed(text(message)), known)


def truncated(rng: random.Random, id: int) -> Message:
    """Half a message, and the header says so."""
    body = text(request(rng, id))
    return Message("truncated", framed(body[: rng.randrange(1, len(body))]), None)


def wrong_length(rng: random.Random, id: int) -> Message:
    """Longer than the message is: the next one begins inside."""
    body = text(request(rng, id))
    return Message("wrong length", framed(body, len(body) + rng.choice([1, 2, 7, 20, 300, 9_999, 10**7])), id)


def garbage(rng: random.Random, id: int) -> Message:
    """Bytes between two messages, which end a line."""
    return Message("garbage", rng.randbytes(rng.randint(1, 300)).replace(b"\n", b"") + b"\r\n\r\n", ...)


def header(rng: random.Random, id: int) -> Message:
    name = rng.choice(["content-length:", "CONTENT-LENGTH :\t", "X-Y: z\r\nContent-Length: "])
    end = rng.choice(["\r\n\r\n", "\n\n", "\r\nContent-Type: x\r\n\r\n"])
    body = text(request(rng, id))
    return Message("odd header", f"{name}{len(body)}{end}".encode() + body, id)


def deep(rng: random.Random, id: int) -> Message:
    count = rng.choice([65, 500, 5_000, 200_000])
    left, right = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    head = b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":' % (id, rng.choice(METHODS[:5]).encode())
    return Message("deep", framed(head + left * count + b"1" + right * count + b"}"), id)


def numbers(rng: random.Random, id: int) -> Message:
    number = rng.choice(NUMBERS).encode()
    position = b'{"textDocument":{"uri":"%s"},"position":{"line":%s,"character":%s}}' % (URI.encode(), number, number)
    head = b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":' % (id, INLINE.encode())
    return Message("numbers", framed(head + position + b"}"), id)


def long(rng: random.Random, id: int) -> Message:
    message = request(rng, id)
    message["params"] = {"textDocument": {**DOCUMENT, "text": rng.choice("x\n({\ud83d\x00") * 300_000}}
    return Message("long", framed(text(message)), id)


def oversized(rng: random.Random, id: int) -> Message:
    """Longer than the server reads (64 MiB)."""
    head = text({"jsonrpc": "2.0", "id": id, "method": INLINE})[:-1] + b', "params": "'
    return Message("oversized", framed(head + b"x" * (65 * 2**20) + b'"}'), id)


def not_utf_8(rng: random.Random, id: int) -> Message:
    body = bytearray(text(request(rng, id)))
    body[rng.randrange(len(body))] = rng.choice([0x80, 0xFF, 0xC0, 0x00])
    return Message("not UTF-8", framed(bytes(body)), None)


KINDS = (wrong_types,) * 6 + (wrong_envelope,) * 2 + (truncated, wrong_length, garbage, header, numbers, not_utf_8)
RARE = (deep, long)


def drawn(rng: random.Random, count: int, first: int) -> list[Message]:
    found = [rng.choice(RARE if rng.random() < 0.02 else KINDS)(rng, first + number) for number in range(count)]
    return [*found[1:], oversized(rng, first)] if first == 1_000 else found


class Answers:
    """What came back: ids and how many errors without one. Requests of the server are left unanswered."""

    def __init__(self, server: Server) -> None:
        self.ids: Counter[Any] = Counter()
        self.server = server
        server._take = self.take  # type: ignore[method-assign]

    def take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self.ids[message["id"]] += 1
            if (future := self.server._answers.pop(message["id"], None)) is not None:
                future.set_result(message)

    async def missing(self, ids: set[int]) -> set[int]:
        """Those of `ids` that are not answered when nothing has come for some seconds."""
        still = 0
        while (ids - self.ids.keys()) and still < 100:
            before = self.ids.total()
            await asyncio.sleep(0.05)
            still = still + 1 if self.ids.total() == before else 0
        return ids - self.ids.keys()


async def one_run(rng: random.Random, messages: list[Message]) -> set[int]:
    """The ids without an answer; the process ends with 0 after an ordinary shutdown."""
    late = rng.randrange(len(messages)) if rng.random() < 0.3 else 0
    early = rng.randrange(len(messages)) if rng.random() < 0.2 else len(messages)
    async with serving() as server:
        answers = Answers(server)
        drain = asyncio.create_task(server.process.stderr.read())  # type: ignore[union-attr]
        for number, message in enumerate(messages):
            if number == late:
                server.ask("initialize", {"capabilities": {}}, id="begin")
            if number == early:
                server.ask("shutdown", id="early")
            server.process.stdin.write(message.data)  # type: ignore[union-attr]
            await server.process.stdin.drain()  # type: ignore[union-attr]
        await asyncio.wait_for(server.ask(INLINE, inline(URI, 0, 0), id="last"), 60)
        missing = await answers.missing({each.id for each in messages if isinstance(each.id, int)})
        assert server.process.returncode is None, "it ended"
        await asyncio.wait_for(server.ask("shutdown", id="end"), 60)
        server.notify("exit")
        assert await server.ended() == 0
        assert b"Traceback" not in await drain
        assert answers.ids[None] <= len(messages)
        return missing


async def test_malformed_messages(campaign: Campaign) -> None:
    count = campaign.size(10_000, 500)
    rng = campaign.random("malformed messages")
    kinds: Counter[str] = Counter()
    missing: list[str] = []
    for run in range(-(-count // RUN)):
        messages = drawn(rng, RUN, 1_000 * (run + 1))
        lost = await one_run(rng, messages)
        kinds.update(each.kind for each in messages)
        missing += [f"{each.kind}: {each.data[:300]!r}" for each in messages if each.id in lost]
    by_kind = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    campaign.report(
        "malformed messages", f"{kinds.total()} ({by_kind}): 0 deaths, {len(missing)} requests without an answer"
    )
    assert not missing, "\n".join(missing[:5])
