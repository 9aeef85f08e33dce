"""A llama-server without a model: its endpoints, OpenAI's, a vocabulary of words, and every way to go wrong.

It says what `Script.text` says, token by token, with the probabilities that the script gives.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CONTROLS = (
    "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>", "<|endoftext|>"
)  # fmt: skip
FIRST_CONTROL = 1_000_000


@dataclass
class Script:
    """`fault`: what goes wrong; `after`: how many events have gone out by then. `end`: the probability of the end at
    each token, 0 where it says nothing. `refuses`: a field that the OpenAI endpoint does not want. `reused`: tokens of
    a prompt that its slot has; `slot`: the one that it gives. `recorded`: the stream of a real server, to be sent as it
    is in pieces that end anywhere."""

    text: str = " 1 + 2\n"
    chance: float = 0.9
    end: Mapping[int, float] = field(default_factory=dict)
    fault: str = ""
    after: int = 0
    status: int = 200
    pause: float = 0.0
    key: str = ""
    context: int = 8192
    models: tuple[str, ...] = ("qwen-toy",)
    refuses: str = ""
    slots: int = 1
    slot: int = 0
    reused: int = 7
    recorded: bytes = b""


class LlamaServer:
    """`bodies`: what was sent, as (path, JSON). `cancelled` counts the streams that the client closed."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.bodies: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.cancelled = 0
        self.connections = 0
        self._words: list[str] = ["\0", "\1"]
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def raw(self) -> str:
        """All that was ever received."""
        return json.dumps(self.bodies, ensure_ascii=False)

    def prompts(self) -> list[str]:
        return [self.spelled(body["prompt"]) for path, body in self.bodies if path == "/completion"]

    def spelled(self, tokens: list[int]) -> str:
        return "".join(CONTROLS[t - FIRST_CONTROL] if t >= FIRST_CONTROL else self._words[t] for t in tokens)

    def tokenize(self, text: str, special: bool) -> list[int]:
        pattern = "|".join(map(re.escape, CONTROLS)) + r"|\w+|\s+|." if special else r"\w+|\s+|."
        return [self._id(word, special) for word in re.findall(pattern, text, re.DOTALL)]

    def _id(self, word: str, special: bool) -> int:
        if special and word in CONTROLS:
            return FIRST_CONTROL + CONTROLS.index(word)
        if word not in self._words:
            self._words.append(word)
        return self._words.index(word)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                _, path, _ = first.split(" ")
                self.headers.append(headers)
                self.bodies.append((path, json.loads(body) if body else None))
                if not await self._answer(path, self.bodies[-1][1], headers, writer):
                    break
        writer.close()

    async def _answer(self, path: str, body: Any, headers: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if self.script.key and headers.get("authorization") != f"Bearer {self.script.key}":
            return self._json(writer, {"error": {"message": "Invalid API Key"}}, 401)
        if self.script.fault == "down":
            return False
        if path == "/props":
            settings = {"n_ctx": self.script.context}
            props = {"default_generation_settings": settings, "model_path": "/m/qwen-toy.gguf"}
            return self._json(writer, {**props, "total_slots": self.script.slots})
        if path == "/tokenize":
            return self._json(writer, {"tokens": self._tokens(body)})
        if path == "/v1/models":
            listed = [{"id": model, "max_model_len": 4096} for model in self.script.models]
            return self._json(writer, {"object": "list", "data": listed})
        if path == "/v1/completions" and self.script.refuses in body:
            message = f"{self.script.refuses} is not supported"
            return self._json(writer, {"error": {"message": message}}, 400)
        if path in ("/completion", "/v1/completions"):
            return await self._complete(path, body, writer)
        return self._json(writer, {"error": "no such page"}, 404)

    def _tokens(self, body: Any) -> list[Any]:
        parts = body["content"] if isinstance(body["content"], list) else [body["content"]]
        ids: list[int] = []
        for part in parts:
            ids += [part] if isinstance(part, int) else self.tokenize(part, body.get("parse_special", True))
        return [{"id": id, "piece": self.spelled([id])} for id in ids] if body.get("with_pieces") else list(ids)

    def _json(self, writer: asyncio.StreamWriter, value: Any, status: int = 200, more: str = "") -> bool:
        data = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n{more}\r\n"
        writer.write(head.encode() + data)
        return True

    async def _complete(self, path: str, body: Any, writer: asyncio.StreamWriter) -> bool:
        script = self.script
        if script.fault == "status":
            return self._json(writer, {"error": {"message": "SECRET WORDS"}}, script.status, "Retry-After: 1\r\n")
        if script.fault == "redirect":
            return self._json(writer, {}, 307, "Location: http://127.0.0.1:1/completion\r\n")
        if script.fault == "hang":
            await asyncio.sleep(3600)
        if path == "/completion" and not body.get("stream"):
            await asyncio.sleep(script.pause)
            return self._json(writer, {"id_slot": script.slot, "timings": {"prompt_n": 100, "cache_n": 0}})
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            return await self._stream(body, writer)
        except ConnectionError:
            self.cancelled += 1
            raise

    async def _stream(self, body: Any, writer: asyncio.StreamWriter) -> bool:
        script = self.script
        if "n_predict" not in body:
            return await self._stream_openai(body, writer)
        pieces = re.findall(r"\s*\w+|\s+|.", _must(body.get("grammar", "")) + script.text, re.DOTALL)
        for count, piece in enumerate(pieces[: body["n_predict"]]):
            if script.fault and count == script.after:
                return await self._go_wrong(writer)
            await asyncio.sleep(script.pause)
            await send(writer, b"data: " + json.dumps(self._event(piece, count, body)).encode() + b"\n\n")
        timings = {"prompt_n": 5, "cache_n": script.reused}
        final = {"content": "", "stop": True, "stop_type": "limit", "timings": timings, "id_slot": script.slot}
        await send(writer, b"data: " + json.dumps(final).encode() + b"\n\n")
        await send(writer, b"")
        return True

    async def _stream_openai(self, body: Any, writer: asyncio.StreamWriter) -> bool:
        """Two tokens an event, as vLLM does when it is busy."""
        if self.script.recorded:
            for start in range(0, len(self.script.recorded), 100):
                await send(writer, self.script.recorded[start : start + 100])
            await send(writer, b"")
            return True
        words = re.findall(r"\s*\w+|\s+|.", self.script.text, re.DOTALL)
        for count, start in enumerate(range(0, len(words), 2)):
            if self.script.fault and count == self.script.after:
                return await self._go_wrong(writer)
            taken = words[start : start + 2]
            scores = [math.log(self.script.chance)] * len(taken)
            choice = {"text": "".join(taken), "logprobs": {"token_logprobs": scores} if "logprobs" in body else None}
            last = start + 2 >= len(words)
            event = {"choices": [{**choice, "finish_reason": "stop" if last else None}]}
            await send(writer, b"data: " + json.dumps(event).encode() + b"\n\n")
        await send(writer, b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n')
        await send(writer, b"")
        return True

    def _event(self, piece: str, count: int, body: Any) -> dict[str, Any]:
        end = self.script.end.get(count, 0.0)
        chosen = _scored(self._id(piece, False), piece, self.script.chance)
        top = [chosen, *([_scored(FIRST_CONTROL + 5, "", end)] if end else [])]
        probabilities = [{**chosen, "top_logprobs": top}] if body.get("n_probs") else []
        timings = {"prompt_n": 5, "cache_n": self.script.reused, "prompt_ms": 3.5}
        return {"content": piece, "stop": False, "timings": timings, "completion_probabilities": probabilities}

    async def _go_wrong(self, writer: asyncio.StreamWriter) -> bool:
        """Returns False to close the connection in the middle of the answer."""
        fault = self.script.fault
        if fault == "garbage":
            await send(writer, b"data: {\x00nonsense\n\n")
        elif fault == "half-utf8":
            await send(writer, b'data: {"content": "\xc3", "stop": false}\n\n')
        elif fault == "array":
            await send(writer, b"data: [1, 2]\n\n")
        elif fault == "deep":
            await send(writer, b"data: " + b"[" * 100_000 + b"\n\n")
        elif fault == "error":
            await send(writer, b'error: {"message": "SECRET WORDS"}\n\n')
        elif fault == "no-fields":
            await send(writer, b'data: {"content": "x", "completion_probabilities": [{"logprob": "?"}]}\n\n')
        elif fault == "endless-line":
            while True:
                await send(writer, b"x" * 65536)
        elif fault == "silent":
            await asyncio.sleep(3600)
        elif fault == "pings":
            while True:
                await send(writer, b": ping\n\n")
                await asyncio.sleep(0.02)
        return fault not in ("dies", "half-utf8")


def _scored(id: int, piece: str, chance: float) -> dict[str, Any]:
    return {"id": id, "bytes": list(piece.encode()), "token": piece, "logprob": math.log(chance)}


def _must(grammar: str) -> str:
    """What the grammar's first rule begins with, if it is a literal."""
    found = re.match(r'root ::= "([^"]*)"', grammar)
    return re.sub(r"\\U([0-9a-f]{8})", lambda each: chr(int(each[1], 16)), found[1]) if found else ""


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()


@asynccontextmanager
async def serving(script: Script | None = None, port: int = 0) -> AsyncIterator[LlamaServer]:
    server = LlamaServer(script or Script())
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.handle(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()

    listening = await asyncio.start_server(accept, "127.0.0.1", port)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
