"""Authentication between servers and a shared engine: only processes of the same user connect.

The folder of the socket lets nobody else in, and where the system tells the user at the other end (SO_PEERCRED), that
is looked at too. Then both sides prove that they know the token in a file that only the user can read, without saying
it: behind a port of the loopback interface there may be anybody.

    hub       Challenge(nonce)
    client    Hello(proof of the hub's nonce, nonce)
    hub       Welcome(proof of the client's nonce)
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import socket
import struct

from copilot_lsp.engine.local import wire

HANDSHAKE_SECONDS = 10.0
"""A machine may be busy."""

TOKEN_BYTES = 32


class Refused(ConnectionError):
    """The other side failed to authenticate, or rejected us."""


async def admit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    """The hub's side. Raises Refused."""
    if not same_user(writer):
        raise Refused("another user")
    nonce = secrets.token_hex(TOKEN_BYTES)
    writer.write(wire.encode(wire.Challenge(nonce)))
    hello = await _next(reader)
    if not isinstance(hello, wire.Hello) or not _equal(hello.proof, proof(token, "client", nonce)):
        raise Refused("the token is wrong")
    writer.write(wire.encode(wire.Welcome(proof(token, "hub", hello.nonce))))


async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    """The client's side. Raises Refused, TimeoutError when nothing is said."""
    if not same_user(writer):
        raise Refused("the engine belongs to another user")
    challenge = await _next(reader)
    if not isinstance(challenge, wire.Challenge):
        raise Refused("it is not an engine")
    nonce = secrets.token_hex(TOKEN_BYTES)
    writer.write(wire.encode(wire.Hello(proof(token, "client", challenge.nonce), nonce)))
    welcome = await _next(reader)
    if not isinstance(welcome, wire.Welcome) or not _equal(welcome.proof, proof(token, "hub", nonce)):
        raise Refused("it does not know the token")


def proof(token: str, who: str, nonce: str) -> str:
    """`who` gives it, so that nobody can have us answer our own challenge."""
    return hmac.new(bytes.fromhex(token), f"{who} {nonce}".encode(), "sha256").hexdigest()


def same_user(writer: asyncio.StreamWriter) -> bool:
    """False if the other end of the Unix socket is known to belong to another user."""
    connection = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED") or connection.family != socket.AF_UNIX:
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.geteuid())


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


async def _next(reader: asyncio.StreamReader) -> wire.Message:
    line = await asyncio.wait_for(reader.readline(), HANDSHAKE_SECONDS)
    if not line:
        raise Refused("the connection was closed")
    try:
        return wire.decode(line)
    except ValueError as error:
        raise Refused(str(error)) from None
