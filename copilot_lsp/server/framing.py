"""Splits a stream of bytes into messages: `Content-Length: N`, an empty line, N bytes of JSON.

Read generously: field names in any case, white space or none around the colon, lines that end with `\\n` alone. Bytes
that are no header are reported once and skipped up to the next header, so that one broken message costs only itself.

A Content-Length that is too large would swallow what follows. But JSON has no line ends inside strings and no bare
words, so a body with a header in it is none: it ends where that header begins, and the next message is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_MESSAGE_BYTES = 64 * 2**20
MAX_SKIPPED_BYTES = 2**30
"""A longer message is not to be believed: its header is taken for garbage instead of waiting for its end."""

MAX_HEADER_BYTES = 4096
HEAD_BYTES = 512
"""Of a message that is too long, to find its id in."""

END = re.compile(rb"\n\r?\n")
FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:[^\r\n]*")
LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
"""Also at the end of a line that began with garbage: a body without a line end stands before the next header."""
INSIDE = re.compile(
    rb"(?:content-type[ \t]*:[^\r\n]*\r?\n)?content-length[ \t]*:[ \t]*\d{1,12}[ \t]*\r?\n"
    rb"(?:[a-z-]+[ \t]*:[^\r\n]*\r?\n)?\r?\n",
    re.IGNORECASE,
)
INSIDE_BYTES = 256
"""Most bytes of such a header."""

BEGUN = re.compile(
    rb"(?:content-length[ \t]*(?::[ \t]*\d*[ \t]*\r?\n?\r?)?|(?:%s)|(?<=\})(?:con|co|c))\Z"
    % b"|".join(b"content-length"[:size] for size in range(13, 3, -1)),
    re.IGNORECASE,
)
"""The beginning of a header at a body's end: it belongs to what follows."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no message. `head`: the beginning of the message, where it has one."""

    reason: str
    head: bytes = b""


class Frames:
    """The buffer of an incomplete message."""

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self._limit = limit
        self._data = bytearray()
        self._length: int | None = None
        self._skip = 0
        self._searched = 0
        self._lost = False

    def feed(self, data: bytes) -> Iterator[bytes | Unreadable]:
        """The bodies of the messages that `data` completes, and what is wrong with other bytes."""
        self._data += data
        while True:
            before = len(self._data), self._length, self._skip
            self._skip -= len(self._take(self._skip))
            found = self._header() if self._length is None else self._body(self._length)
            if found is not None:
                yield found
            elif before == (len(self._data), self._length, self._skip):
                return

    def _take(self, count: int) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    def _body(self, length: int) -> bytes | Unreadable | None:
        if length > self._limit:
            return self._too_long(length)
        header = self._header_inside(length)
        if header is None and len(self._data) < length:
            return None
        self._length, self._searched = None, 0
        body = self._take(length if header is None else header)
        if header is None and (begun := BEGUN.search(body, max(0, length - INSIDE_BYTES))):
            self._data[:0] = body[begun.start() :]
            return body[: begun.start()]
        return body

    def _header_inside(self, length: int) -> int | None:
        """Where a header begins in the bytes that should be the body; looks at each byte once as they come."""
        for end in END.finditer(self._data, self._searched, min(length, len(self._data))):
            start = max(0, end.start() - INSIDE_BYTES)
            if found := INSIDE.search(self._data, start, end.end()):
                return found.start()
        self._searched = max(0, min(length, len(self._data)) - 2)
        return None

    def _too_long(self, length: int) -> Unreadable | None:
        head = min(length, HEAD_BYTES)
        if len(self._data) < head:
            return None
        self._length, self._skip = None, length
        reason = f"a message of {length} bytes is too long: {self._limit} are the most"
        return Unreadable(reason, bytes(self._data[:head]))

    def _header(self) -> Unreadable | None:
        del self._data[: len(self._data) - len(self._data.lstrip())]  # some clients end a body with a line end
        end = END.search(self._data)
        if end is None:
            return self._endless() if len(self._data) > MAX_HEADER_BYTES else None
        header = self._take(end.end())
        lengths = LENGTH.findall(header)
        self._length = int(lengths[-1]) if lengths else None
        if self._length is not None and self._length > MAX_SKIPPED_BYTES:
            self._length = None
        if self._length is None:
            return self._lose(f"a header without a Content-Length that can be read: {shown(header)}")
        lost, self._lost = self._lost, False
        tidy = all(FIELD.fullmatch(line.rstrip(b"\r")) for line in header.rstrip().split(b"\n"))
        return None if tidy or lost else Unreadable(f"bytes between two messages: {shown(header)}")

    def _endless(self) -> Unreadable | None:
        """No end of a header for too long; what may be the beginning of the next one is kept."""
        garbage = self._take(len(self._data) - HEAD_BYTES)
        return self._lose(f"a header that does not end: {shown(garbage)}")

    def _lose(self, reason: str) -> Unreadable | None:
        """Report garbage once, however long it is."""
        lost, self._lost = self._lost, True
        return None if lost else Unreadable(reason)


LENGTH_NAME = re.compile(r"content-length\b", re.IGNORECASE)


def shown(header: bytes) -> str:
    """A header for a message: its first line, not much of it, and nothing that may be a document's text."""
    line = header.split(b"\n")[0].strip()[:40].decode("ascii", "replace")
    return repr(line) if LENGTH_NAME.match(line) else f"{len(header)} bytes"
