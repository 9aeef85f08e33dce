"""Reads the API key of a host. It is kept in memory only and never part of a message."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from copilot_lsp.endpoints import KeySource, parse_key
from copilot_lsp.errors import RemoteFailed

COMMAND_SECONDS = 20.0
"""A command may ask its user to unlock something."""


async def key_for(host: str, written: Iterable[str]) -> str:
    """The key that `written` (`remote.keys`) has for `host`, "" for none. Raises RemoteFailed."""
    for source in map(parse_key, written):
        if source.host == host:
            return _checked(source, await _read(source))
    return ""


async def _read(source: KeySource) -> str:
    try:
        if source.kind == "env":
            return os.environ[source.value]
        if source.kind == "file":
            return await asyncio.to_thread(Path(source.value).expanduser().read_text, "utf-8")
        return await _printed(shlex.split(source.value))
    except (KeyError, OSError, ValueError, RuntimeError, TimeoutError):
        raise RemoteFailed(f"its key cannot be read from {_named(source)}") from None


async def _printed(command: list[str]) -> str:
    """Run in the home folder, so that a name without a path is not found in a project."""
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=pipe, stderr=null, cwd=str(Path.home()))
    try:
        output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ValueError("the command failed")
    return output.decode("utf-8")


def _checked(source: KeySource, text: str) -> str:
    """The first line, if a header can hold it."""
    key = text.strip().partition("\n")[0].strip()
    if not key or not key.isascii() or not key.isprintable():
        raise RemoteFailed(f"there is no usable key in {_named(source)}")
    return key


def _named(source: KeySource) -> str:
    """Without the command's arguments, which might hold a secret."""
    words = source.value.split()
    return f"the command {words[0]}" if source.kind == "command" else f"the {_WORDS[source.kind]} {source.value}"


_WORDS = {"env": "environment variable", "file": "file"}
