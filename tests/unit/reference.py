"""A slow document that is right by inspection: a list of units, edited as the specification says it.

Shares no code with `copilot_lsp.source.text`: units are UTF-8 bytes, UTF-16 units or code points, and lines are found
by looking at every one of them.
"""

from __future__ import annotations

CR, LF = 13, 10


def to_units(text: str, encoding: str) -> list[int]:
    if encoding == "utf-32":
        return [ord(character) for character in text]
    if encoding == "utf-8":
        return list(text.encode())
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[at] + 256 * data[at + 1] for at in range(0, len(data), 2)]


def from_units(units: list[int], encoding: str) -> str:
    """Lone surrogates come back as U+FFFD."""
    if encoding == "utf-32":
        return "".join(map(chr, units))
    if encoding == "utf-8":
        return bytes(units).decode()
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "replace")


def lines(units: list[int]) -> list[tuple[int, int]]:
    """(start, end) of each line, without its line end."""
    found, start, at = [], 0, 0
    while at < len(units):
        if units[at] in (CR, LF):
            found.append((start, at))
            at += 1 if units[at] == CR and units[at + 1 : at + 2] == [LF] else 0
            start = at + 1
        at += 1
    return [*found, (start, len(units))]


def unit_offset(units: list[int], line: int, character: int, encoding: str) -> int:
    spans = lines(units)
    if line >= len(spans):
        return len(units)
    start, end = spans[line]
    at = min(start + character, end)
    while encoding == "utf-8" and at < len(units) and 0x80 <= units[at] < 0xC0:
        at -= 1
    return at


def edit(text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: str) -> str:
    units = to_units(text, encoding)
    low, high = sorted(unit_offset(units, *position, encoding) for position in (start, end))
    return from_units(units[:low] + to_units(new, encoding) + units[high:], encoding)
