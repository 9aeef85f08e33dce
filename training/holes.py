"""Where the holes are cut: places a cursor stands at, and what would be written there. Everything is in characters.

Cuts fall between any two characters, so the model learns to finish half a word and half a token (FIM-SE,
arXiv 2405.17103). Whole syntax nodes are the holes that pay most (AST-FIM, arXiv 2506.00204).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from copilot_lsp.source.syntax import parse

MAX_HOLE = 700
"""Characters: about the most that is shown to a user at once."""
MAX_LINES = 16

_CLOSERS = re.compile(r"[)\]}>\"'`;:,]+$")
_COMMENTS = ("#", "//", "/*", "*", "--")
_STARTERS = re.compile(r"[.(\[{=,: ]")


@dataclass(frozen=True, slots=True)
class Hole:
    """text[start:end] is what the model is to write; `kind` is a key of KINDS."""

    kind: str
    start: int
    end: int


TRIES = 4


def cut(text: str, language: str, random: Random) -> Hole:
    """A hole of a random kind; of another kind where that one does not fit, the empty one where none does."""
    kinds, weights = tuple(KINDS), tuple(weight for weight, _ in KINDS.values())
    for kind in random.choices(kinds, weights, k=TRIES):
        if span := KINDS[kind][1](text, language, random):
            return Hole(kind, span[0], min(span[1], span[0] + MAX_HOLE))
    return Hole("empty", *_empty(text, language, random))


Span = tuple[int, int]


def _line(text: str, language: str, random: Random) -> Span | None:
    """The rest of a line; sometimes what an editor closes by itself is already there."""
    start, end = _code_line(text, random)
    cursor = _cursor(text, start, end, random)
    closers = _CLOSERS.search(text, cursor, end)
    if closers and random.random() < 0.25:
        end = max(cursor, closers.start())
    return (cursor, end) if cursor < end else None


def _lines(text: str, language: str, random: Random) -> Span | None:
    """From within a line over the lines that follow: a number of them, or all that are not indented less."""
    start, end = _code_line(text, random)
    indent = _indent(text, start)
    limit = MAX_LINES if random.random() < 0.7 else random.randint(2, 6)
    for _ in range(limit - 1):
        next_end = _line_end(text, end + 1)
        is_inside = not text[end + 1 : next_end].strip() or _indent(text, end + 1) >= indent
        if end + 1 >= len(text) or next_end - start > MAX_HOLE or not is_inside:
            break
        end = next_end
    cursor = start + indent if random.random() < 0.4 else _cursor(text, start, _line_end(text, start), random)
    return cursor, cursor + len(text[cursor:end].rstrip())


def _node(text: str, language: str, random: Random) -> Span | None:
    """A syntax node around a random place: an argument, a condition, a statement, a body."""
    data = text.encode()
    tree, _ = parse(language, data)
    if tree is None:
        return None
    place = random.randrange(len(data))
    node = tree.root_node.descendant_for_byte_range(place, place)
    around = []
    while node is not None and node.end_byte - node.start_byte <= MAX_HOLE:
        if node.is_named and node.end_byte - node.start_byte > 1:
            around.append((node.start_byte, node.end_byte))
        node = node.parent
    if not around:
        return None
    start, end = random.choice(around)
    before = len(data[:start].decode())
    return before, before + len(data[start:end].decode())


def _span(text: str, language: str, random: Random) -> Span | None:
    """Any run of characters; short ones are as frequent as long ones (log-uniform length)."""
    start = random.randrange(len(text))
    length = round(2 ** random.uniform(0, 8))
    return start, min(start + length, len(text))


def _empty(text: str, language: str, random: Random) -> Span:
    """Nothing is missing: the model must learn to say nothing."""
    place = random.randrange(len(text))
    return (place, place) if random.random() < 0.4 else (_line_end(text, place),) * 2


KINDS: Mapping[str, tuple[float, Callable[[str, str, Random], Span | None]]] = {
    "line": (0.40, _line),
    "lines": (0.24, _lines),
    "node": (0.25, _node),
    "span": (0.07, _span),
    "empty": (0.04, _empty),
}
"""Kind of hole: its share, and what cuts it."""


def _code_line(text: str, random: Random) -> Span:
    """Start and end of a line that is neither blank nor a comment, if a few tries find one."""
    for _ in range(8):
        end = _line_end(text, random.randrange(len(text)))
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].strip()
        if line and not line.startswith(_COMMENTS):
            break
    return start, end


def _cursor(text: str, start: int, end: int, random: Random) -> int:
    """Where on a line one asks: before its first character, after a sign that starts something, anywhere.

    Sometimes before its indentation: not every editor has put it there.
    """
    first = start + _indent(text, start)
    way = random.random()
    if way < 0.08:
        return start
    if way < 0.3 or first >= end:
        return first
    if way < 0.6 and (signs := [found.end() for found in _STARTERS.finditer(text, first, end)]):
        return random.choice(signs)
    return random.randrange(first, end)


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found


def _indent(text: str, start: int) -> int:
    """Characters of white space at the start of a line."""
    line = text[start : _line_end(text, start)]
    return len(line) - len(line.lstrip())
