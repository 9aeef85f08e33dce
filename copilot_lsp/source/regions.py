"""Whether the cursor is in code, in a comment or in a string, even an incomplete one."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

from tree_sitter import Node, Tree

from copilot_lsp.source.brackets import Frames, Kind, scan, text_frame
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.grammars import Grammar
from copilot_lsp.source.languages import language_of
from copilot_lsp.source.syntax import ancestors, node_at, source_of

MAX_SCAN_BYTES = 16_384
"""Errors further back than this are ignored, to stay within about a millisecond."""


class Region(StrEnum):
    CODE = "code"
    COMMENT = "comment"
    STRING = "string"


def in_string(tree: Tree, language: str, offset: int) -> bool:
    """Code inside a string (an interpolation) is not in the string."""
    return region_at(tree, language, offset) is Region.STRING


def marks_of_comments(snapshot: Snapshot, offset: int) -> tuple[str, ...]:
    """What begins a comment, where a completion had better not: outside comments and strings, below the file's head.

    Small models start a comment when they do not know how to continue.
    """
    mark = language_of(snapshot.language).comment
    tree = snapshot.tree
    if tree is None or not snapshot.text.data[:offset].strip():
        return ()
    if region_at(tree, snapshot.language, offset) is not Region.CODE:
        return ()
    return ("//", "/*") if mark == "//" else (mark,) if mark else ()


def region_at(tree: Tree, language: str, offset: int) -> Region:
    """What text typed at `offset` would be part of.

    The end of a line comment, and of a string or comment that is not closed, is inside it.
    """
    grammar = language_of(language).grammar
    if grammar is None or offset <= 0:
        return Region.CODE
    climb = list(ancestors(node_at(tree, offset)))
    for node in climb:
        region = _region_of(node, grammar)
        if region and (offset < node.end_byte or _is_open(node, region, grammar)):
            return region
    frame = text_frame(_broken(tree, language, offset)[1])
    if frame is None:
        return Region.CODE
    return Region.COMMENT if frame.kind is Kind.COMMENT else Region.STRING


def literal_start(tree: Tree, language: str, offset: int) -> int | None:
    """The byte where the outermost string or comment begins that `offset` is inside, None when there is none."""
    grammar = language_of(language).grammar
    if grammar is None or offset <= 0:
        return None
    regions = (grammar.strings | grammar.comments).__contains__
    climb = [node for node in ancestors(node_at(tree, offset)) if node.is_named and regions(node.type)]
    around = [node.start_byte for node in climb if node.start_byte < offset < node.end_byte]
    if around:
        return around[-1]
    code, frames = _broken(tree, language, offset)
    index = next((frame.index for frame in frames if frame.is_text), None)
    return None if index is None else offset - len(code[index:].encode())


def _broken(tree: Tree, language: str, offset: int) -> tuple[str, Frames]:
    """The code from an error before `offset` on, and what is open at its end.

    Trees do not tell: after an unclosed quote, each grammar makes something else of the text.
    """
    starts = [_first_error(node) for node in ancestors(node_at(tree, offset)) if node.has_error]
    start = min((start for start in starts if offset - MAX_SCAN_BYTES < start < offset), default=offset)
    code = source_of(tree)[start:offset].decode("utf-8", "ignore")
    return code, scan(code, language).frames


def _region_of(node: Node, grammar: Grammar) -> Region | None:
    if not node.is_named:  # a keyword may be called as a node type is: TypeScript's `string`
        return None
    if node.type in grammar.comments:
        return Region.COMMENT
    if node.type in grammar.strings:
        return Region.STRING
    return Region.CODE if node.type in grammar.holes else None


def _is_open(node: Node, region: Region, grammar: Grammar) -> bool:
    """Whether what is typed just after the end of `node` still belongs to it."""
    if region is Region.COMMENT:
        text = node.text or b""
        blocks = (_block(*mark).fullmatch(text) for mark in grammar.comment_marks)
        return not text.endswith(b"\n") and not any(blocks)
    return region is Region.STRING and bool(node.children) and node.children[-1].is_missing


def _first_error(node: Node) -> int:
    return next((child.start_byte for child in node.children if child.has_error), node.start_byte)


@cache
def _block(opening: bytes, closing: bytes) -> re.Pattern[bytes]:
    """Matches a comment that is closed; nothing when its end is the end of the line."""
    return re.compile(rb"%b(?s:.*)%b" % (opening, closing) if closing else rb"(?!)")
