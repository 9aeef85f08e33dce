"""A position in a document that is recognised after edits by the text around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from copilot_lsp.source.document import Snapshot

BEFORE = 2000
AFTER = 500
"""Bytes around a place that must be unchanged for it to count as the same."""

MOVED = 2000
"""Bytes that may have been typed at a place since an edit far above moved it: longer than what is suggested."""

OPENED_BY = {b")": b"(", b"]": b"[", b"}": b"{", b">": b"<", b'"': b'"', b"'": b"'", b"`": b"`"}

_CLOSERS = re.compile(rb"[\s)\]}>\"'`]{1,80}")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a document (byte offset), with the bytes around it to know it again by: in a cell of a notebook
    also those of the cells around."""

    uri: str
    offset: int
    before: bytes
    after: bytes

    @classmethod
    def of(cls, snapshot: Snapshot, offset: int) -> Place:
        return cls(snapshot.uri, offset, _before(snapshot, offset), _after(snapshot, offset))

    def typed_until(self, snapshot: Snapshot, offset: int) -> str | None:
        """The text typed from this place up to `offset`; None if anything else nearby changed.

        Brackets and quotes that the editor closed automatically do not count as changes.
        """
        if snapshot.uri != self.uri or not (closed := self._closed(_after(snapshot, offset))):
            return None
        start = self._start(snapshot, offset)
        if start is None:
            return None
        typed = snapshot.text.data[start:offset]
        if not any(_opened(closers, typed) for closers in closed):
            return None
        return typed.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")

    def _start(self, snapshot: Snapshot, offset: int) -> int | None:
        """Where this place is now: an edit far above moves it."""
        if self.offset <= offset and _before(snapshot, self.offset) == self.before:
            return self.offset
        if len(self.before) < BEFORE or snapshot.above:  # near the beginning, where `before` may be found anywhere
            return None
        found = snapshot.text.data.find(self.before, max(0, offset - BEFORE - MOVED), offset)
        return found + BEFORE if found >= 0 else None

    def is_followed_by_more(self, snapshot: Snapshot, offset: int) -> bool:
        """Whether the editor has closed a bracket or quote after the cursor since."""
        return _after(snapshot, offset) != self.after

    def _closed(self, after: bytes) -> list[bytes]:
        """What the editor may have closed in front of what stood behind the place; empty when that is not there."""
        if after == self.after:
            return [b""]
        found = _CLOSERS.match(after)
        lengths = range(1, found.end() + 1) if found else ()
        return [after[:length] for length in lengths if after[length:] == self.after[: AFTER - length]]


def _opened(closers: bytes, typed: bytes) -> bool:
    """Whether `typed` opens what `closers` close."""
    closing = [bytes([byte]) for each in closers.split() for byte in each]
    return all(typed.count(OPENED_BY[each]) >= closing.count(each) for each in closing) and bool(closing or not closers)


def _before(snapshot: Snapshot, offset: int) -> bytes:
    own = snapshot.text.data[max(0, offset - BEFORE) : offset]
    return snapshot.above[max(0, len(snapshot.above) - BEFORE + len(own)) :] + own


def _after(snapshot: Snapshot, offset: int) -> bytes:
    own = snapshot.text.data[offset : offset + AFTER]
    return own + snapshot.below[: AFTER - len(own)]
