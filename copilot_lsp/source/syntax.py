"""Syntax trees: parsing and queries. All offsets are bytes.

No function fails on broken source, and none changes a tree that it was given.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

import tree_sitter
from tree_sitter import Node, Point, Tree

from copilot_lsp.source.grammars import Grammar
from copilot_lsp.source.languages import language_of

PARSE_LIMIT_MS = 1000
"""Random text, unlike code, can take seconds per 100 kB, and parsing holds the interpreter's lock."""


@cache
def _parser(grammar: Grammar) -> tree_sitter.Parser | str:
    """The parser of a grammar, or one line saying why it is missing."""
    loaded = grammar.load()
    if isinstance(loaded, str):
        return loaded
    with warnings.catch_warnings():
        # The replacement, progress_callback, takes no bytes and crashes in tree-sitter 0.25.2 when it stops a parse.
        warnings.simplefilter("ignore", DeprecationWarning)
        return tree_sitter.Parser(loaded, timeout_micros=PARSE_LIMIT_MS * 1000)


def parse(language: str, data: bytes, old: Tree | None = None) -> tuple[Tree | None, str]:
    """The tree of `data`, and a note why there is none (also "" for a language without a grammar).

    `old`: a tree of the text before, to which `edited` has applied every change since; what did not change is
    not parsed again.
    """
    grammar = language_of(language).grammar
    if grammar is None:
        return None, ""
    parser = _parser(grammar)
    if isinstance(parser, str):
        return None, parser
    try:
        return (parser.parse(data) if old is None else parser.parse(data, old)), ""
    except ValueError:
        parser.reset()
        return None, f"no syntax tree: the {language} parser gave up after {PARSE_LIMIT_MS} ms"


def edited(tree: Tree, data: bytes, start: int, end: int, new: bytes) -> Tree:
    """A copy of `tree`, which is of `data`, that knows that [start, end) became `new`; for `parse` only."""
    start_point = point_at(data, start)
    copy = tree.copy()
    copy.edit(
        start_byte=start,
        old_end_byte=end,
        new_end_byte=start + len(new),
        start_point=start_point,
        old_end_point=_advance(start_point, data[start:end]),
        new_end_point=_advance(start_point, new),
    )
    return copy


def point_at(data: bytes, offset: int) -> Point:
    """tree-sitter's row and column, in bytes, of `offset`.

    Its rows end at `\\n` alone: a lone `\\r`, which ends a line of LSP, does not end a row.
    """
    return _advance(Point(0, 0), data[:offset])


def _advance(point: Point, data: bytes) -> Point:
    rows = data.count(b"\n")
    if rows == 0:
        return Point(point.row, point.column + len(data))
    return Point(point.row + rows, len(data) - data.rfind(b"\n") - 1)


def error_count(tree: Tree, start: int = 0, end: int | None = None) -> int:
    """ERROR and MISSING nodes that touch the bytes [start, end]; costs only a walk to those."""
    return sum(1 for _ in _errors(tree.root_node, start, end))


def _errors(root: Node, start: int, end: int | None) -> Iterator[Node]:
    last = root.end_byte if end is None else end
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not node.has_error or node.end_byte < start or node.start_byte > last:
            continue
        if node.is_error or node.is_missing:
            yield node
        waiting.extend(node.children)


def node_at(tree: Tree, offset: int) -> Node:
    """The smallest node that has both the byte before `offset` and `offset` itself in it or at its end."""
    root = tree.root_node
    return root.descendant_for_byte_range(max(offset - 1, 0), offset) or root


def source_of(tree: Tree) -> bytes:
    """The text that `tree` was parsed from; white space at its ends may be missing."""
    root = tree.root_node
    return b" " * root.start_byte + (root.text or b"")


def ancestors(node: Node) -> Iterator[Node]:
    """`node`, its parent, and so on to the root."""
    at: Node | None = node
    while at is not None:
        yield at
        at = at.parent
