"""Server-sent events that carry JSON: the streams of llama-server's and OpenAI's completions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from copilot_lsp.errors import RemoteFailed

LONGEST_LINE = 2**20
"""Bytes. An event with the probabilities of 40 tokens has 4,000."""


async def events(chunks: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The object of each event, until `[DONE]` or the end. Raises RemoteFailed for what is no such stream.

    Lines end at LF alone: JSON may hold U+2028, at which `str.splitlines` would cut it in two.
    """
    waiting = b""
    async for chunk in chunks:
        *lines, waiting = (waiting + chunk).split(b"\n")
        if len(waiting) > LONGEST_LINE:
            raise RemoteFailed("sent a line without an end")
        for line in lines:
            name, _, value = line.strip().partition(b":")
            if value.strip() == b"[DONE]":
                return
            if name == b"data":
                yield parsed(value)
            elif name == b"error" or name.startswith(b"{"):
                raise RemoteFailed("ended the answer with an error")


def parsed(data: bytes) -> dict[str, Any]:
    """Raises RemoteFailed for anything but a JSON object; half a UTF-8 character makes no JSON."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise RemoteFailed("sent something that is not JSON") from None
    if not isinstance(found, dict):
        raise RemoteFailed("sent JSON that is not an object")
    if "error" in found:
        raise RemoteFailed("ended the answer with an error")
    return found
