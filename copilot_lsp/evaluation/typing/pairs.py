"""Auto-closed brackets and quotes, derived from the syntax tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

CLOSING = {"(": ")", "[": "]", "{": "}"}
QUOTES = "\"'`"


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Indexes of the opening and the closing character, code points into a place's text."""

    start: int
    end: int


def pairs_within(root: Node, data: bytes, start: int, end: int, strings: Collection[str]) -> tuple[Pair, ...]:
    """The pairs whose two ends lie in the bytes [start, end).

    An apostrophe in a comment is none, and neither is a bracket in a string: the tree tells.
    """
    found: list[tuple[int, int]] = []
    opened: list[tuple[int, str]] = []
    for node in _within(root, start, end):
        if node.type in strings:
            found += _quotes(node, data, start, end)
        elif not node.is_named and node.child_count == 0:
            if node.type[-1:] in CLOSING:  # `${` and `#{` too
                opened.append((node.end_byte - 1, CLOSING[node.type[-1]]))
            elif opened and node.type == opened[-1][1]:
                found.append((opened.pop()[0], node.start_byte))

    def index(offset: int) -> int:
        return len(data[start:offset].decode())

    return tuple(_nested(sorted(Pair(index(first), index(last)) for first, last in found)))


def _nested(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Without those that cross one before them, as in broken code."""
    around: list[Pair] = []
    for pair in pairs:
        while around and around[-1].end < pair.start:
            around.pop()
        if not around or (around[-1].start < pair.start and pair.end < around[-1].end):
            around.append(pair)
            yield pair


def _within(root: Node, start: int, end: int) -> Iterator[Node]:
    """Nodes in the order of the text, parents first."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.start_byte < end and node.end_byte > start:
            if node.start_byte >= start and node.end_byte <= end:
                yield node
            waiting.extend(reversed(node.children))


def _quotes(node: Node, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Of a string on one line between two single quotes; a letter may stand before them (f"", r"")."""
    text = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
    body = text.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    quote = body[:1]
    plain = len(body) >= 2 and quote in QUOTES and body[-1] == quote and "\n" not in body
    if plain and body[:3] != quote * 3:
        yield node.start_byte + len(text) - len(body), node.end_byte - 1
