"""The identifiers around the cursor, weighted, for selecting context from other files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Tree

from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.site import Site
from copilot_lsp.source.syntax import ancestors, node_at
from copilot_lsp.workspace.index.terms import identifiers

BEFORE = 20
AFTER = 5
HALF = 10
"""Number of lines considered, and the distance at which a name's weight is halved."""

CURSOR_LINE = 2.0
RECEIVER = 3.0
"""Names on the cursor's line; the type of what stands before the dot there."""

ENCLOSING = 1.0
"""Names in the first lines of the definitions around the cursor: parameters, base classes."""

IMPORTED = 1.5
"""Factor for what the file imports."""

STEADY = 8
"""Number of names that identify the topic of a place."""

LONG = 1000
"""Bytes considered per line."""

_RECEIVER = re.compile(r"([A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)*)(?:\.|->|::|\?\.)\w*$")
_LAST = re.compile(r"\w+$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`weights` by name, heaviest first; `receiver` is the name that the cursor stands behind the dot of, or ""."""

    weights: dict[str, float]
    receiver: str = ""


def wanted(snapshot: Snapshot, offset: int, imported: frozenset[str] = frozenset()) -> Wanted:
    """The names around the byte `offset`; `imported`: those that the file's import statements bring in."""
    site = Site.of(snapshot, offset)
    weights: dict[str, float] = {}

    def add(names: Iterable[str], weight: float) -> None:
        for name in names:
            weights[name] = max(weights.get(name, 0.0), weight)

    add([*identifiers(site.left), *identifiers(site.right)], CURSOR_LINE)
    for distance, line in enumerate(reversed(site.above[-BEFORE:]), 1):
        add(identifiers(line), 2 ** (-distance / HALF))
    for distance, line in enumerate(site.below[:AFTER], 1):
        add(identifiers(line), 2 ** (-distance / HALF))
    for line in _headers(snapshot.tree, offset):
        add(identifiers(line), ENCLOSING)
    found = _RECEIVER.search(site.left)
    receiver = found[1] if found else ""
    if receiver:
        add(_types(receiver, site), RECEIVER)
    raised = {name: weight * (IMPORTED if name in imported else 1) for name, weight in weights.items()}
    return Wanted(dict(sorted(raised.items(), key=lambda each: (-each[1], each[0]))), receiver)


def steady(snapshot: Snapshot, offset: int) -> frozenset[str]:
    """The STEADY heaviest names of the lines around the cursor's, without that line: the same while it is typed."""
    text = snapshot.text
    line = text.line_at(offset)
    weights: dict[str, float] = {}
    for number in range(max(0, line - BEFORE), min(text.line_count, line + AFTER + 1)):
        if number == line:
            continue
        start, end = text.line_span(number)
        for name in identifiers(text.data[start : min(end, start + LONG)].decode("utf-8", "replace")):
            weights[name] = max(weights.get(name, 0.0), 2 ** (-abs(number - line) / HALF))
    return frozenset(sorted(weights, key=lambda name: (-weights[name], name))[:STEADY])


def _headers(tree: Tree | None, offset: int) -> Iterator[str]:
    """The definitions around `offset`, each without its body."""
    if tree is None:
        return
    for node in ancestors(node_at(tree, offset)):
        body = node.child_by_field_name("body")
        if body is not None and node.start_byte < body.start_byte <= offset and node.child_by_field_name("name"):
            yield (node.text or b"")[: body.start_byte - node.start_byte].decode("utf-8", "replace")


def _types(receiver: str, site: Site) -> Iterator[str]:
    """The type of `receiver` according to the lines above: `x: Type`, `x = Type(`, `x = new Type`, `Type x`."""
    last = _LAST.search(receiver)
    if last is None:
        return
    name = re.escape(last[0])
    patterns = (
        rf"\b{name}\s*\??:\s*(?:[\w.]+\[)?[&*]?\s*(?:[a-z_]\w*(?:\.|::))*([A-Z]\w+)",
        rf"\b{name}\s*:?=\s*(?:await\s+)?(?:new\s+|&)?(?:[a-z_]\w*(?:\.|::))*([A-Z]\w+)",
        rf"\b([A-Z]\w+)(?:<[^<>]*>)?[\s&*]+{name}\b",
    )
    for line in reversed((*site.above, site.left)):
        if last[0] not in line:
            continue
        for pattern in patterns:
            if found := re.search(pattern, line):
                yield found[1]
                return
