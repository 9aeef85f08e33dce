"""A reader for the bytes of a GGUF header. Invalid data raises ModelCorrupt with one line."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NoReturn

from copilot_lsp.errors import ModelCorrupt

MAX_HEADER = 2**28
"""In bytes. The largest vocabularies take about 10 MB."""

_LENGTH = struct.Struct("<Q")


class Header:
    """The beginning of the file, read as far as it is needed: a mapped file that shrinks would kill the process."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path = path
        self.size = size
        self.position = 0
        self._file = file
        self._data = bytearray()
        file.seek(0)

    @property
    def left(self) -> int:
        return min(self.size, MAX_HEADER) - self.position

    def corrupt(self, what: str) -> NoReturn:
        raise ModelCorrupt(f"{shown(self.path)} is damaged ({what}): get the file again")

    def take(self, count: int, what: str) -> bytes:
        start, end = self.position, self.position + count
        self._fill(end, what)
        self.position = end
        return bytes(self._data[start:end])

    def number(self, layout: str, what: str) -> int:
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout), what))[0]
        return value

    def count(self, least: int, what: str) -> int:
        """Of things that take `least` bytes each."""
        count = self.number("<Q", what)
        if count * least > self.left:
            self.corrupt(f"{what} is {count}, more than the file has room for")
        return count

    def string(self, what: str, most: int = MAX_HEADER) -> str:
        length = self.count(1, f"the length of {what}")
        if length > most:
            self.corrupt(f"{what} is {length} bytes long")
        return self.take(length, what).decode("utf-8", "replace")

    def skip_strings(self, count: int, what: str) -> None:
        """Without a copy of each: vocabularies have 300,000."""
        end = self.position
        for _ in range(count):
            if end + 8 > len(self._data):
                self._fill(end + 8, what)
            end += 8 + _LENGTH.unpack_from(self._data, end)[0]
        self._fill(end, what)
        self.position = end

    def _fill(self, end: int, what: str) -> None:
        if end > self.position + self.left:
            self.corrupt(f"{what} goes beyond the end of the file")
        if end > len(self._data):
            self._data += self._file.read(max(end - len(self._data), 2**20))
        if end > len(self._data):
            self.corrupt(f"{what} goes beyond the end of the file")


def shown(path: Path | str) -> str:
    """For a message of one line: bytes that are not UTF-8 as `\\xe9`, other letters that cannot be printed as `?`."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in str(path))


def _escaped(letter: str) -> str:
    byte = ord(letter) - 0xDC00  # PEP 383
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else "?"
