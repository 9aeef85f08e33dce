"""The text of a document as UTF-8 bytes, with the line and position rules of the Language Server Protocol.

A line ends at `\\n`, `\\r\\n` or a lone `\\r`, and at nothing else: form feeds and U+2028, where
`str.splitlines` splits, are ordinary characters. Offsets count bytes; positions are 0-based (line, character)
pairs whose character counts UTF-8 bytes, UTF-16 units or code points, as client and server agreed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]

_CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes that go on with a character of UTF-8; all others begin one."""

_NOT_ASTRAL = bytes(range(0xF0))
"""Bytes that do not begin a character of two UTF-16 units."""

_BLOCK = 4096
"""Bytes decoded at a time: a position in a very long line costs a count of what is before it, no more."""


@dataclass(frozen=True, slots=True)
class Text:
    """`data` is always valid UTF-8; `starts` holds the byte offset of each line's first byte.

    Equality is that of the bytes. The repr leaves them out: document text does not belong in logs.
    """

    data: bytes = field(repr=False)
    starts: list[int] = field(repr=False, compare=False)

    @classmethod
    def of(cls, source: str | bytes) -> Text:
        """Accepts anything: what is not Unicode becomes U+FFFD (see `encode`)."""
        data = encode(source if isinstance(source, str) else source.decode("utf-8", "replace"))
        return cls(data, _line_starts(data, 0))

    @property
    def line_count(self) -> int:
        """At least 1; text that ends in a line end has an empty last line."""
        return len(self.starts)

    def line_at(self, offset: int) -> int:
        """The line that holds the byte at `offset`; a line end belongs to the line that it ends."""
        return max(bisect_right(self.starts, offset) - 1, 0)

    def line_span(self, line: int) -> tuple[int, int]:
        """Byte range of `line` without its line end; `line` must be in the text."""
        start = self.starts[line]
        if line + 1 == len(self.starts):
            return start, len(self.data)
        end = self.starts[line + 1] - 1
        return start, end - (self.data[end - 1 : end + 1] == b"\r\n")

    def offset_at(self, line: int, character: int, encoding: PositionEncoding) -> int:
        """The byte offset of a position.

        A character past the end of its line means the line's end, a line past the last one the end of the
        text; a position inside a character means that character's start.
        """
        if line >= len(self.starts):
            return len(self.data)
        if line < 0 or character <= 0:
            return self.starts[max(line, 0)]
        start, end = self.line_span(line)
        if encoding == "utf-8":
            return self.character_start(min(start + character, end))
        # No unit takes more than 4 bytes, so only the start of a long line is copied for a position near it.
        end = min(end, start + 4 * (character + 1))
        return start + _bytes_of(self.data[start:end], character, encoding)

    def position_at(self, offset: int, encoding: PositionEncoding) -> tuple[int, int]:
        """The (line, character) of a byte offset; inside a line end it is the end of the line."""
        line = self.line_at(offset)
        start, end = self.line_span(line)
        offset = self.character_start(max(start, min(offset, end)))
        return line, _units_of(self.data[start:offset], encoding)

    def character_start(self, offset: int) -> int:
        """`offset`, or the first byte of the character that it points into."""
        data = self.data
        while 0 < offset < len(data) and data[offset] & 0xC0 == 0x80:
            offset -= 1
        return offset

    def replace(self, start: int, end: int, new: bytes) -> Text:
        """The text with the bytes [start, end) replaced; both on character boundaries, `new` valid UTF-8."""
        data = self.data[:start] + new + self.data[end:]
        # Line ends can merge or part where the edit touches them (\r and \n), so the lines of the byte before
        # and of the byte after are looked at again; all later ones only move.
        first = self.line_at(start - 1)
        shift = start + len(new) - end
        later = [at + shift for at in self.starts[self.line_at(end) + 1 :]]
        between = data[self.starts[first] : later[0] if later else len(data)]
        return Text(data, [*self.starts[:first], *_line_starts(between, self.starts[first]), *later[1:]])


def encode(source: str) -> bytes:
    """UTF-8 of `source`; each lone surrogate, which JSON can carry, becomes U+FFFD.

    That keeps every length: both are one UTF-16 unit and one code point. Halves side by side are joined.
    """
    try:
        return source.encode()
    except UnicodeEncodeError:
        return source.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _line_starts(data: bytes, base: int) -> list[int]:
    """Offsets of the lines of `data`, the first of which begins at `base`."""
    lines = data.splitlines(keepends=True)  # of bytes, not of str: splits at \n, \r\n and \r only
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()
    return list(accumulate(map(len, lines), initial=base))


def _bytes_of(line: bytes, units: int, encoding: PositionEncoding) -> int:
    """Length in bytes of the first `units` units of `line`, whole characters only."""
    if line.isascii():
        return min(units, len(line))
    for start in range(0, len(line), _BLOCK):
        count = _units_of(line[start : start + _BLOCK], encoding)
        if count > units:
            return _bytes_of_block(line, start, units, encoding)
        units -= count
    return len(line)


def _bytes_of_block(line: bytes, start: int, units: int, encoding: PositionEncoding) -> int:
    """As `_bytes_of`, where the answer is `units` units after `start` and not a block further."""
    while line[start] & 0xC0 == 0x80:  # the rest of a character that the block before has counted
        start += 1
    block = line[start : start + _BLOCK].decode("utf-8", "ignore")
    if encoding == "utf-16":
        return start + len(block.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore").encode())
    return start + len(block[:units].encode())


def _units_of(data: bytes, encoding: PositionEncoding) -> int:
    """Units in `data`, each character counted where it begins."""
    if encoding == "utf-8" or data.isascii():
        return len(data)
    points = len(data.translate(None, _CONTINUATION))
    return points if encoding == "utf-32" else points + len(data.translate(None, _NOT_ASTRAL))
