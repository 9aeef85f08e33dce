"""Which functions, classes and modules the cursor is in, also while they are being written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node, Tree

from copilot_lsp.core.grammars import Grammar
from copilot_lsp.core.languages import language_of
from copilot_lsp.core.syntax import ancestors, node_at, source_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Byte offsets. The header is [start_byte, body_start_byte): up to the brace, or past Python's colon.

    `body_start_byte` None: there is no body yet, or no telling where it begins.
    `type` is the node's; "ERROR" for a block found in code that has no structure: its end is only a guess.
    """

    start_byte: int
    body_start_byte: int | None
    end_byte: int
    type: str


def enclosing_scopes(tree: Tree, language: str, offset: int) -> tuple[Scope, ...]:
    """The scopes around `offset`, outermost first.

    White space after a scope that is not closed yet is in it: where its closing brace is missing or, in an
    indented language, on a line that is indented more than the scope.
    """
    grammar = language_of(language).grammar
    if grammar is None:
        return ()
    before = source_of(tree)[:offset]
    # Trees end where code ends, so the climb begins at the last code before the cursor.
    climb = list(ancestors(node_at(tree, len(before.rstrip()))))
    found: list[Scope] = []
    for node in reversed(climb):
        if node.is_named and node.type in grammar.scopes:
            scope = _scope_of(node, grammar)
            if node.start_byte < offset and (offset < node.end_byte or _is_open(node, scope, grammar, before)):
                found.append(scope)
        if node.has_error and (node.parent is None or not node.is_error):
            found += _unfinished(node, grammar, before)
    return tuple(found)


def _scope_of(node: Node, grammar: Grammar) -> Scope:
    body = _colon_end(node) if grammar.indented else _body_start(node, grammar)
    return Scope(node.start_byte, body, node.end_byte, node.type)


def _colon_end(node: Node) -> int | None:
    return next((child.end_byte for child in node.children if child.type == ":"), None)


def _body_start(node: Node, grammar: Grammar) -> int | None:
    body = node.child_by_field_name("body")
    if body is None:
        body = next((child for child in node.children if child.type in grammar.bodies), None)
    return None if body is None else body.start_byte


def _is_open(node: Node, scope: Scope, grammar: Grammar, before: bytes) -> bool:
    """Whether white space between the end of `node` and the cursor is still in its scope."""
    if not grammar.indented:
        return _last_leaf(node).is_missing
    on_header_line = not _breaks(before[scope.body_start_byte or scope.start_byte :])
    return on_header_line or _indentation(before[: scope.start_byte]) < _indentation(before)


def _last_leaf(node: Node) -> Node:
    while node.child_count:
        node = node.children[-1]
    return node


def _breaks(data: bytes) -> bool:
    return b"\n" in data or b"\r" in data


def _indentation(before: bytes) -> int:
    """White space in bytes that begins the last line of `before`."""
    line = before[max(before.rfind(b"\n"), before.rfind(b"\r")) + 1 :]
    return len(line) - len(line.lstrip())


def _unfinished(parent: Node, grammar: Grammar, before: bytes) -> list[Scope]:
    """Blocks that were opened before the cursor and not closed, in the ERROR nodes directly in `parent`."""
    blocks: list[Scope] = []
    header: int | None = None
    for node in _loose(parent):
        if node.start_byte >= len(before):
            break
        kind = "" if node.is_named else node.type
        if kind in grammar.openers:
            start = header if kind == "{" and header is not None else node.start_byte
            body = node.start_byte if kind == "{" else None
            blocks = _around(blocks, before[:start]) if grammar.indented else blocks
            blocks.append(Scope(start, body, parent.end_byte, "ERROR"))
        elif kind in grammar.closers:
            blocks = blocks[:-1]
        elif kind == ":" and grammar.indented and blocks and blocks[-1].body_start_byte is None:
            blocks[-1] = replace(blocks[-1], body_start_byte=node.end_byte)
        ends = before[node.end_byte - 1 : node.end_byte] in (b"{", b"}", b";")
        header = None if ends else node.start_byte if header is None else header
    return _around(blocks, before) if grammar.indented else blocks


def _loose(parent: Node) -> Iterator[Node]:
    for node in parent.children:
        if node.is_error:
            yield from _loose(node)
        elif parent.is_error:
            yield node


def _around(blocks: list[Scope], before: bytes) -> list[Scope]:
    """The indented `blocks` that a line can be in which begins as `before` ends."""
    indentation = _indentation(before)
    return [
        block
        for block in blocks
        if _indentation(before[: block.start_byte]) < indentation or not _breaks(before[block.start_byte :])
    ]
