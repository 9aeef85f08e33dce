"""JSON-RPC with a language server over standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from copilot_lsp.errors import EngineFailed

SECONDS = 60.0
"""After which an answer that somebody waits for counts as lost."""

Message = dict[str, Any]


class Rpc:
    """`heard(method, params)` gets the server's notifications; its requests are answered with null."""

    def __init__(self, process: Process, heard: Callable[[str, Any], None]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._reader, self._writer = process.stdout, process.stdin
        self._heard = heard
        self._answers: dict[int, Callable[[Message], None]] = {}
        self._ids = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls, command: Sequence[str], heard: Callable[[str, Any], None], env: Mapping[str, str] | None = None
    ) -> Rpc:
        """Raises EngineFailed when the command cannot be run."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=2**24, env={**os.environ, **(env or {})}
            )
        except OSError as error:
            raise EngineFailed(f"the language server {command[0]} cannot be started: {error}") from None
        return cls(process, heard)

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: object, answered: Callable[[Message], None]) -> int:
        """`answered` gets the response with `result` or `error`; the request's id, to cancel it by."""
        id = next(self._ids)
        self._answers[id] = answered
        self._send({"id": id, "method": method, "params": params})
        return id

    def cancel(self, id: int) -> None:
        """The server answers all the same; nobody listens any more."""
        if id in self._answers:
            self._answers[id] = _ignore
            self.notify("$/cancelRequest", {"id": id})

    async def request(self, method: str, params: object = None) -> Any:  # noqa: ANN401
        """The result. Raises EngineFailed for an error, and when there is no answer."""
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.ask(method, params, lambda message: None if future.done() else future.set_result(message))
        try:
            message = await asyncio.wait_for(future, SECONDS)
        except TimeoutError:
            raise EngineFailed(f"the language server does not answer {method}") from None
        if "error" in message:
            raise EngineFailed(f"the language server refuses {method}: {message['error'].get('message')}")
        return message.get("result")

    async def close(self) -> None:
        """`shutdown` and `exit`; a server that does not mind is killed."""
        with contextlib.suppress(EngineFailed):
            await self.request("shutdown")
            self.notify("exit", None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), 10)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._reading.cancel()

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await self._reader.readuntil(b"\r\n\r\n")
                length = int(header.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self._take(json.loads(await self._reader.readexactly(length)))
        gone = {"error": {"message": "the language server has ended"}}
        for answered in list(self._answers.values()):
            answered(gone)
        self._answers.clear()

    def _take(self, message: Message) -> None:
        if "method" not in message:
            self._answers.pop(message["id"], _ignore)(message)
        elif "id" in message:
            self._send({"id": message["id"], "result": None})
        else:
            self._heard(message["method"], message.get("params"))


def _ignore(_: Message) -> None:
    """Nobody listens any more."""
