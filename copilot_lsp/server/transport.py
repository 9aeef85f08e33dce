"""Transports: stdin and stdout, or a socket that accepts only local connections.

Each function here serves one client and returns when it is gone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.outlet import PATIENCE_SECONDS, Outlet
from copilot_lsp.server.framing import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/\s]+)):(?P<port>\d{1,5})")

STDIN, STDOUT, STDERR = 0, 1, 2

MAX_UNREAD_BYTES = 64 * 2**20
"""Of answers that a client does not read."""

LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
"""Pages that may connect: those of this machine. Any other page in a browser here could try, too."""


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


Talk = Callable[[asyncio.StreamReader, Writer], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Reads HOST:PORT (port 0: any free one). Raises UsageError, also for hosts that others can reach."""
    found = ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise UsageError(f"{text!r} is not an address: write HOST:PORT, such as 127.0.0.1:8765")
    host = found["six"] or found["host"]
    host = "127.0.0.1" if host == "localhost" else host
    if not _is_loopback(host):
        raise UsageError(f"{text}: only this machine may connect, use 127.0.0.1:{found['port']}")
    return Address(host, int(found["port"]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve_stdio(talk: Talk) -> None:
    """Ends when the client is gone, which either pipe may tell."""
    loop = asyncio.get_running_loop()
    reader, gone = asyncio.StreamReader(), asyncio.Event()

    def lost() -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(gone.set)

    writer = Pipe(Outlet(_take_stdout(), MAX_UNREAD_BYTES, lost), lost)
    # A daemon: a blocked read must not hold up the end of the process.
    threading.Thread(target=_feed, args=(STDIN, reader, loop), daemon=True, name="stdin").start()
    tasks = [asyncio.create_task(talk(reader, writer)), asyncio.create_task(_wait(gone))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
    if isinstance(ended[0], Exception):
        raise ended[0]


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def serve_tcp(address: Address, talk: Talk) -> None:
    """Raises CopilotLspError when the address cannot be had."""
    served = _Once()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if served.begin():
                await served.run(_talk_tcp(reader, writer, talk))
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(connected, address.host, address.port)
    except OSError as error:
        raise _cannot_listen(address, error) from None
    try:
        _announce(server.sockets[0].getsockname())
        await served.done.wait()
    finally:
        server.close()  # and no waiting for it: it would wait for the client


async def _talk_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk) -> None:
    """Gives a client that does not read a moment to do so in the end."""
    try:
        await talk(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), PATIENCE_SECONDS)
        writer.transport.abort()


async def serve_websocket(address: Address, talk: Callable[[ServerConnection, Messages], Awaitable[None]]) -> None:
    """Raises CopilotLspError when the address cannot be had."""
    from websockets.asyncio.server import serve

    served = _Once()

    async def connected(websocket: ServerConnection) -> None:
        if served.begin():
            writer = Messages(websocket)
            try:
                await served.run(talk(websocket, writer))
            finally:
                await writer.end()

    try:
        server = await serve(
            connected,
            address.host,
            address.port,
            origins=[None, LOCAL_ORIGIN],
            max_size=MAX_MESSAGE_BYTES,
            compression=None,
            close_timeout=PATIENCE_SECONDS,
        )
    except OSError as error:
        raise _cannot_listen(address, error) from None
    async with server:
        _announce(next(iter(server.sockets)).getsockname())
        await served.done.wait()


def require_websockets() -> None:
    """Raises UsageError when the optional dependency is missing."""
    try:
        import websockets  # noqa: F401
    except ImportError:
        raise UsageError("--ws needs the package websockets: pip install 'copilot-lsp[ws]'") from None


class _Once:
    """The first client is served, and its end is the server's; others find the door closed."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._begun = False

    def begin(self) -> bool:
        first, self._begun = not self._begun, True
        return first

    async def run(self, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self.done.set()


@dataclass(frozen=True, slots=True)
class Pipe:
    """The client's end of our standard output. One that has not read for MAX_UNREAD_BYTES is given up as lost."""

    outlet: Outlet
    lost: Callable[[], None]

    def write(self, data: bytes) -> None:
        if not self.outlet.write(data):
            self.lost()

    def close(self) -> None:
        self.outlet.close()


class Messages:
    """A WebSocket's messages, sent one after the other by a task of its own."""

    def __init__(self, websocket: ServerConnection) -> None:
        self._websocket = websocket
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._task = asyncio.create_task(self._send_all())

    def write(self, data: bytes) -> None:
        self._queue.put_nowait(data.decode())

    def close(self) -> None:
        self._task.cancel()

    async def end(self) -> None:
        """Waits for what is still to be sent, but not long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), PATIENCE_SECONDS)
        self.close()

    async def _send_all(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            text = await self._queue.get()
            with suppress(ConnectionClosed):
                await self._websocket.send(text)
            self._queue.task_done()


def _take_stdout() -> int:
    """The protocol's own copy of stdout; what anything else prints goes to stderr from now on."""
    own = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    return own


def _feed(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Passes on what comes in. Reads the descriptor: `sys.stdin` would stay locked at our exit."""
    with suppress(RuntimeError):  # the loop is closed
        with suppress(OSError):  # it was closed from the beginning
            while data := os.read(descriptor, 2**16):
                loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)


def _announce(name: tuple[str, int]) -> None:
    print(f"listening on {Address(name[0], name[1])}", file=sys.stderr, flush=True)


def _cannot_listen(address: Address, error: OSError) -> CopilotLspError:
    return CopilotLspError(f"cannot listen on {address}: {os.strerror(error.errno or 0)}")
