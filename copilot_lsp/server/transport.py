"""How a client reaches the server: stdin and stdout, or a socket that only this machine can connect to.

Each function here serves one client and returns when it is gone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from copilot_lsp.errors import CopilotLspError, UsageError

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/\s]+)):(?P<port>\d{1,5})")

MAX_MESSAGE_BYTES = 64 * 2**20
"""Of one WebSocket message; the library's own limit, 1 MiB, is less than a long file."""

LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
"""Pages that may connect: those of this machine. Any other page in a browser here could try, too."""


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


Talk = Callable[[asyncio.StreamReader, Writer], Awaitable[None]]


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
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    writer = _Pipe(_take_stdout())
    # A daemon: a blocked read must not hold up the end of the process.
    threading.Thread(target=_feed, args=(sys.stdin.fileno(), reader, loop), daemon=True, name="stdin").start()
    try:
        await talk(reader, writer)
    finally:
        writer.close()


async def serve_tcp(address: Address, talk: Talk) -> None:
    """Raises CopilotLspError when the address cannot be had."""
    served = _Once()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if served.begin():
            await served.run(talk(reader, writer))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    try:
        server = await asyncio.start_server(connected, address.host, address.port)
    except OSError as error:
        raise _cannot_listen(address, error) from None
    async with server:
        _announce(server.sockets[0].getsockname())
        await served.done.wait()


async def serve_websocket(address: Address, talk: Callable[[ServerConnection], Awaitable[None]]) -> None:
    """Raises CopilotLspError when the address cannot be had."""
    from websockets.asyncio.server import serve

    served = _Once()

    async def connected(websocket: ServerConnection) -> None:
        if served.begin():
            await served.run(talk(websocket))

    try:
        server = await serve(
            connected,
            address.host,
            address.port,
            origins=[None, LOCAL_ORIGIN],
            max_size=MAX_MESSAGE_BYTES,
            compression=None,
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
class _Pipe:
    """A client that is gone is noticed at the other pipe."""

    stream: BinaryIO

    def write(self, data: bytes) -> None:
        with suppress(BrokenPipeError):
            self.stream.write(data)
            self.stream.flush()

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self.stream.close()


def _take_stdout() -> BinaryIO:
    """The protocol's own copy of stdout; what anything else prints goes to stderr from now on."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(own, "wb")


def _feed(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Passes on what comes in. Reads the descriptor: `sys.stdin` would stay locked at our exit."""
    with suppress(RuntimeError):  # the loop is closed
        while data := os.read(descriptor, 2**16):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)


def _announce(name: tuple[str, int]) -> None:
    print(f"listening on {Address(name[0], name[1])}", file=sys.stderr, flush=True)


def _cannot_listen(address: Address, error: OSError) -> CopilotLspError:
    return CopilotLspError(f"cannot listen on {address}: {os.strerror(error.errno or 0)}")
