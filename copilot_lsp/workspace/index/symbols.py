"""The definitions in a file, found by our tree-sitter queries (`queries/`).

A query captures a whole definition under its kind (a name of `KINDS`), what it is called as `@name`, and, where the
syntax tells it elsewhere than by nesting, the type that it belongs to as `@parent`. `@scope` (Rust's `impl`) gives
what is in it a parent and is no symbol itself; `@declarator` (C++) stands in a declaration that is looked up from
there; `@import` is a whole import statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Node, Query, QueryCursor, Tree

from copilot_lsp.source.grammars import Grammar
from copilot_lsp.source.languages import language_of
from copilot_lsp.source.syntax import ancestors

QUERIES = Path(__file__).with_name("queries")

HOLDERS = frozenset({"class", "enum", "scope", "module"})
"""Kinds that have members."""

KINDS = ("class", "enum", "scope", "module", "function", "constant", "type", "field", "selector", "declarator")
"""Where two patterns capture the same definition, the first kind of these counts."""

SIGNATURE_LINES = 3
SIGNATURE_CHARS = 200
VALUE_CHARS = 100
"""What is kept of a definition, of a constant or field at most."""

VALUES = frozenset({"constant", "field", "type", "selector"})
"""Kinds of which the first line is kept."""

BETWEEN = frozenset({"attribute_item", "decorator", "attribute_list"})
"""Nodes that stand between a definition and its comment."""

COMMENT_LINES = 40

MAX_SYMBOLS = 2000
"""Of a file: one that defines more is data."""

_QUOTES = re.compile(r"^[rRbBuUfF]*(?:\"\"\"|'''|\"|')|(?:\"\"\"|'''|\"|')$")
_COMMENT = re.compile(r"^\s*(?:///?!?|/\*\*?|\*/?|#+!?|--+(?:\[\[)?|;+|<!--)\s?|\s*(?:\*/|-->)\s*$")


@dataclass(frozen=True, slots=True)
class Symbol:
    """`line` is 0-based; `signature` one line without the body; `doc` the first line of the documentation.

    `parent` is the name of the type that it is a member of, "" for none.
    """

    name: str
    kind: str
    line: int
    signature: str
    doc: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """`imports` are the whole statements, as they are written."""

    symbols: tuple[Symbol, ...] = ()
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    node: Node
    name: str
    kind: str
    parent: str


def outline(tree: Tree | None, language: str) -> Outline:
    """What the tree of a file defines and imports; nothing for a language without a query."""
    grammar = language_of(language).grammar
    query = _query(grammar) if grammar else None
    if tree is None or query is None:
        return Outline()
    matches = [captures for _, captures in QueryCursor(query).matches(tree.root_node)]
    found = sorted(_definitions(matches), key=lambda each: (each.node.start_byte, -each.node.end_byte))
    imports = [_text(node) for captures in matches for node in captures.get("import", ())]
    return Outline(tuple(_symbols(found))[:MAX_SYMBOLS], tuple(each.strip() for each in imports))


@cache
def _query(grammar: Grammar) -> Query | None:
    file = QUERIES / f"{grammar.module.removeprefix('tree_sitter_')}.scm"
    loaded = grammar.load()
    if isinstance(loaded, str) or not file.is_file():
        return None
    return Query(loaded, file.read_text("utf-8"))


def _definitions(matches: list[dict[str, list[Node]]]) -> Iterator[_Found]:
    best: dict[tuple[int, int, str], _Found] = {}
    for captures in matches:
        kind = next((kind for kind in KINDS if kind in captures), None)
        if kind is None or "name" not in captures:
            continue
        first = captures[kind][0]
        node = _declaration(first) if kind == "declarator" else first
        if node is None:
            continue
        parent = _text(captures["parent"][0]) if "parent" in captures else ""
        for name in (_text(each).lstrip(":") for each in captures["name"]):
            each = _Found(node, name, "function" if kind == "declarator" else kind, parent)
            key = (node.start_byte, node.end_byte, name)
            if key not in best or KINDS.index(each.kind) < KINDS.index(best[key].kind):
                best[key] = each
    yield from best.values()


def _declaration(declarator: Node) -> Node | None:
    """The function that a C++ declarator declares; None for a type of a parameter or a pointer to a function."""
    for node in ancestors(declarator):
        if node.type in ("function_definition", "declaration", "field_declaration"):
            return node
        if node.type in ("parameter_declaration", "compound_statement", "parenthesized_declarator"):
            return None
    return None


def _symbols(found: list[_Found]) -> Iterator[Symbol]:
    """Members get their parent from what encloses them; what is local to a function is left out."""
    around: list[_Found] = []
    seen: set[tuple[str, str, str]] = set()
    for each in found:
        while around and around[-1].node.end_byte <= each.node.start_byte:
            around.pop()
        holder = next((outer for outer in reversed(around) if outer.kind in HOLDERS), None)
        local = bool(around) and around[-1].kind == "function"
        parent = each.parent or (holder.name if holder and holder.kind != "module" else "")
        if each.kind in HOLDERS or each.kind == "function":
            around.append(each)
        member = each.kind == "field" and holder is not None and not _nested(around)
        if each.kind == "scope" or (local and not member):
            continue
        symbol = _symbol(each, parent)
        if (key := (symbol.name, parent, symbol.signature if each.kind == "function" else "")) not in seen:
            seen.add(key)
            yield symbol


def _nested(around: list[_Found]) -> bool:
    """Whether the innermost function is itself in a function: its `self` is another one."""
    return [each.kind for each in around[-2:]] == ["function", "function"]


def _symbol(found: _Found, parent: str) -> Symbol:
    node, kind, name = found.node, found.kind, found.name
    doc = "" if kind == "field" else _doc(node)
    return Symbol(name, kind, node.start_point.row, _signature(node, kind, name), doc, parent)


def _signature(node: Node, kind: str, name: str) -> str:
    """One line: the definition up to its body, or the first line of what has none."""
    whole = _text(node)
    if kind in VALUES:
        first, _, more = whole.partition("\n")
        return _tidy(first)[:VALUE_CHARS] + (" ..." if more.strip() else "")
    body = _body(node)
    if body is not None and node.start_byte < body.start_byte < node.end_byte:
        whole = (node.text or b"")[: body.start_byte - node.start_byte].decode("utf-8", "replace")
    elif kind != "function":
        whole = whole.split("\n", 1)[0]
    line = _tidy("\n".join(whole.split("\n")[:SIGNATURE_LINES]) if body is None else whole)
    line = re.sub(r"\s*(?:\{|=>|=)?$", "", line)[:SIGNATURE_CHARS]
    if node.type == "type_spec":
        return f"type {line.partition('{')[0].rstrip()}"
    return f"{line} {name}" if node.type == "type_definition" else line


def _body(node: Node) -> Node | None:
    """Where what a signature leaves out begins; also of a function that is a constant's value, or of a type."""
    body = node.child_by_field_name("body")
    if body is not None:
        return body
    if (value := node.child_by_field_name("value")) is not None:
        return value.child_by_field_name("body")
    if (kind := node.child_by_field_name("type")) is not None and kind.type.endswith(("_type", "_specifier")):
        return next(
            (each for each in kind.children if each.type in ("field_declaration_list", "enumerator_list")), None
        )
    declarator = next((each for each in node.named_children if each.type == "variable_declarator"), None)
    return _body(declarator) if declarator is not None else None


def _tidy(text: str) -> str:
    """One line, without the spaces that a list over several lines leaves inside its brackets."""
    return re.sub(r"([(\[]) | ?,? (?=[)\]])", r"\1", re.sub(r"\s+", " ", text).strip())


def _doc(node: Node) -> str:
    """The first line of the docstring, or of the comment right above."""
    body = node.child_by_field_name("body")
    first = body.named_children[0] if body is not None and body.named_children else None
    if first is not None and first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    if first is not None and first.type == "string":
        return next((line.strip() for line in _QUOTES.sub("", _text(first)).split("\n") if line.strip()), "")
    return _comment_above(node)


def _comment_above(node: Node) -> str:
    """What stands above may be above the statement that holds the definition (`export class`)."""
    row = node.start_point.row
    for holder in ancestors(node):
        if holder.parent is None or holder.start_point.row != row:
            return ""
        at = holder.prev_sibling
        while at is not None and at.type in BETWEEN:
            row, at = at.start_point.row, at.prev_sibling
        if at is not None and "comment" in at.type:
            return _first_line(at, row)
    return ""


def _first_line(comment: Node, row: int) -> str:
    """Of the comments from `comment` up that stand without a gap above `row`."""
    lines: list[str] = []
    at: Node | None = comment
    while at is not None and "comment" in at.type and row - 1 <= at.end_point.row <= row and len(lines) < COMMENT_LINES:
        lines = [*_text(at).split("\n"), *lines]
        row, at = at.start_point.row, at.prev_sibling
    plain = (_COMMENT.sub("", _COMMENT.sub("", line)).strip() for line in lines)
    return next((line[:SIGNATURE_CHARS] for line in plain if line), "")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
