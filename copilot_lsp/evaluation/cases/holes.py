"""Draws holes in a file: the rest of a line, the inside of brackets or quotes, or a body.

A hole begins where somebody who types would stop for a completion, and ends before the white space of its last
line. Prose (comments, docstrings) is left out: nobody can guess it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node, Tree

from copilot_lsp.source.blocks import CLOSER
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import line_comment
from copilot_lsp.source.regions import Region, region_at

MAX_BLOCK_LINES = 20
"""About as many as a completion may have (`max_block_tokens`)."""

WORD = re.compile(r"\w")

PAIRS = {"(": ")", "$(": ")", "[": "]", "{": "}", "${": "}", "#{": "}", '"': '"', "'": "'", "`": "`"}
PAIRS["string_start"] = "string_end"
"""Tokens, as the grammars call them, that an editor closes by itself as soon as they are typed."""

QUOTES = frozenset({"string_start", '"', "'", "`"})

_PAIRED = re.compile(rb"(?:</[\w.:-]*>|/>|[\s)\]}>\"'`;,:])*(?:\{|=>|->)?\s*")
"""The rest of a line on which nothing was written right of the cursor, except by the editor."""


class Kind(StrEnum):
    """LINE: from the indentation on. MID: from somewhere in the code of a line. BLOCK: a whole body.

    PAIR: from inside a pair of brackets or quotes to where it is closed, on the same line: what an editor that closes
    pairs leaves at nearly every cursor.
    """

    LINE = "line"
    MID = "mid"
    PAIR = "pair"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Hole:
    """The bytes [start, end) of the file."""

    start: int
    end: int


def draw(snapshot: Snapshot, kind: Kind, rng: random.Random) -> Hole | None:
    """A hole of that kind at random, None where the file has no place for one."""
    if kind in (Kind.BLOCK, Kind.PAIR):
        data, tree = snapshot.text.data, snapshot.tree
        found = [] if tree is None else list((bodies if kind is Kind.BLOCK else insides)(tree, data))
        hole = rng.choice(found) if found else None
        return _begun(data, hole, rng) if hole and kind is Kind.PAIR else hole
    lines = [hole for line in range(snapshot.text.line_count) if (hole := _code_of(snapshot, line))]
    while lines:
        hole = lines.pop(rng.randrange(len(lines)))
        if _in_code(snapshot, hole) and (cut := hole if kind is Kind.LINE else _cut(snapshot, hole, rng)):
            return cut
    return None


def _code_of(snapshot: Snapshot, line: int) -> Hole | None:
    """The line without the white space around it; None when there is nothing to guess: blank, brackets, a comment."""
    start, end = snapshot.text.line_span(line)
    raw = snapshot.text.data[start:end]
    code = raw.strip()
    comment = line_comment(snapshot.language).encode()
    text = code.decode()
    if not WORD.search(text) or CLOSER.fullmatch(text) or (comment and code.startswith(comment)):
        return None
    begin = start + len(raw) - len(raw.lstrip())
    return Hole(begin, begin + len(code))


def _in_code(snapshot: Snapshot, hole: Hole) -> bool:
    tree = snapshot.tree
    if tree is None:
        return True
    before, first, last = (
        region_at(tree, snapshot.language, offset) for offset in (hole.start, hole.start + 1, hole.end - 1)
    )
    only_string = first is Region.STRING and last is Region.STRING
    return before is Region.CODE and first is not Region.COMMENT and not only_string


def _cut(snapshot: Snapshot, hole: Hole, rng: random.Random) -> Hole | None:
    """From a random character on; there is something of a word in what is left."""
    text = snapshot.text.data[hole.start : hole.end].decode()
    last = max(match.start() for match in WORD.finditer(text))
    if last < 1:
        return None
    at = rng.randint(1, last)
    return Hole(hole.start + len(text[:at].encode()), hole.end)


def insides(tree: Tree, data: bytes) -> Iterator[Hole]:
    """What stands in pairs that begin and end on one line, and have nothing but closing marks after them.

    Strings only where they are names or paths: prose is nothing to guess.
    """
    for node in _nodes(tree):
        for opening, closing in _pairs_of(node):
            inside = data[opening.end_byte : closing.start_byte]
            code = inside.strip()
            rest = data[closing.start_byte : closing.start_byte + 400].split(b"\n", 1)[0]
            prose = opening.type in QUOTES and b" " in code
            if b"\n" not in inside and WORD.search(code.decode()) and _PAIRED.fullmatch(rest) and not prose:
                begin = closing.start_byte - len(inside.lstrip())
                yield Hole(begin, begin + len(code))


def _pairs_of(node: Node) -> Iterator[tuple[Node, Node]]:
    children = node.children
    for index, opening in enumerate(children):
        wanted = PAIRS.get(opening.type)
        closing = next((child for child in children[index + 1 :] if child.type == wanted), None)
        if closing is not None and opening.end_byte < closing.start_byte and not node.has_error:
            yield opening, closing


def _begun(data: bytes, hole: Hole, rng: random.Random) -> Hole:
    """The whole hole, as it is when the pair was just opened, or what is left of it after some more characters."""
    text = data[hole.start : hole.end].decode()
    last = max(match.start() for match in WORD.finditer(text))
    at = rng.choice((0, rng.randint(0, last)))
    return Hole(hole.start + len(text[:at].encode()), hole.end)


def _nodes(tree: Tree) -> Iterator[Node]:
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children)
        yield node


def bodies(tree: Tree, data: bytes) -> Iterator[Hole]:
    """The bodies of functions, classes, loops and branches that have lines of their own."""
    for node in _nodes(tree):
        for field in ("body", "consequence"):
            body = node.child_by_field_name(field)
            if body is not None and not body.has_error and (hole := _inside(body, data)):
                yield hole


def _inside(body: Node, data: bytes) -> Hole | None:
    """What is between the brackets or words around `body`, after its docstring, if it fills whole lines."""
    start, end = _unwrapped(body)
    inner = data[start:end]
    start += len(inner) - len(inner.lstrip())
    end = start + len(inner.strip())
    line = data.rfind(b"\n", 0, start) + 1
    rest = data[end : end + 400].split(b"\n", 1)[0]
    fills_lines = not data[line:start].strip() and not rest.strip()
    short = data.count(b"\n", start, end) < MAX_BLOCK_LINES
    return Hole(start, end) if fills_lines and short and WORD.search(inner.decode("utf-8", "ignore")) else None


def _unwrapped(body: Node) -> tuple[int, int]:
    children = body.children
    start, end = body.start_byte, body.end_byte
    if children and not children[0].is_named:
        start = children[0].end_byte
        if len(children) > 1 and not children[-1].is_named:
            end = children[-1].start_byte
    elif len(children) > 1 and _is_docstring(children[0]):
        start = children[1].start_byte
    return start, end


def _is_docstring(node: Node) -> bool:
    only = node.children[0] if node.type == "expression_statement" and len(node.children) == 1 else None
    return only is not None and only.type == "string"
