"""Draws what is typed: functions, classes and top-level statements of a folder."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, zip_longest
from pathlib import Path

from tree_sitter import Node

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.typing.pairs import Pair, pairs_within
from copilot_lsp.source.languages import language_of
from copilot_lsp.source.syntax import parse
from copilot_lsp.workspace.files import SourceFile, find

TRIES = 40
"""Draws for each place that is wanted, until a language counts as exhausted."""

SKIPPED = re.compile(r"comment|import|include|package|using|text$|doctype|shebang|^ERROR$")
"""Types of top-level nodes that nobody completes or that a tool writes."""

REST = re.compile(r"[;,)]*[ \t]*(?=\n|\Z)")
"""What may stand between a definition's end and its line's end; it is typed with it."""


@dataclass(frozen=True, slots=True)
class Size:
    """Characters that a place may have: shorter ones say little, longer ones take minutes."""

    least: int = 80
    most: int = 500


@dataclass(frozen=True, slots=True)
class Place:
    """`before + text + after` is the file; the cursor stands behind the indentation that `before` ends with.

    `pairs` are those within `text`. `id` is unique in a run and readable.
    """

    id: str
    language: str
    path: str
    before: str
    text: str
    after: str
    unit: str = "    "
    pairs: tuple[Pair, ...] = ()

    @property
    def masked(self) -> str:
        """The file as it is before the first key."""
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Wanted:
    """`count` places in all, the languages by turns; no `languages`: those of `files.CODE`."""

    count: int
    seed: int = 0
    size: Size = Size()
    languages: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def draw(root: Path, wanted: Wanted) -> list[Place]:
    """The same for the same folder and seed. Raises UsageError when there is none."""
    files: dict[str, list[SourceFile]] = {}
    for file in find(root, wanted.languages, wanted.exclude).files:
        files.setdefault(file.language, []).append(file)
    share = -(-wanted.count // max(1, len(files)))
    drawn = [_drawn(each, share * 2, wanted, language) for language, each in sorted(files.items())]
    turns = [place for turn in zip_longest(*drawn) for place in turn if place is not None]
    if not turns:
        raise UsageError(
            f"{root} has no function, class or statement of {wanted.size.least} to {wanted.size.most} "
            "characters in a language that is known here"
        )
    return turns[: wanted.count]


def _drawn(files: Sequence[SourceFile], share: int, wanted: Wanted, language: str) -> list[Place]:
    """A file is drawn as often as its size says."""
    rng = random.Random(f"{wanted.seed}/{language}")
    weights = list(accumulate(file.size + 1 for file in files))
    read = lru_cache(maxsize=64)(lambda file: _places(file, wanted.size))
    found: dict[str, Place] = {}
    for _ in range(share * TRIES):
        if len(found) >= share:
            break
        places = read(rng.choices(files, cum_weights=weights)[0])
        if places:
            place = rng.choice(places)
            found.setdefault(place.id, place)
    return list(found.values())


def _places(file: SourceFile, size: Size) -> list[Place]:
    source = file.read()
    if source is None or "\r" in source:
        return []
    return places_of(file.path, file.language, source, size)


def places_of(path: str, language: str, source: str, size: Size = Size()) -> list[Place]:
    """All places of a file, those inside others as well; none without a grammar."""
    data = source.encode()
    tree, _ = parse(language, data)
    grammar = language_of(language).grammar
    if tree is None or grammar is None:
        return []
    unit = indent_unit(source)
    spans = {span for node in _worth_typing(tree.root_node) if (span := _span(node, data))}
    found = []
    for start, end in sorted(spans):
        text = data[start:end].decode()
        if size.least <= len(text) <= size.most:
            line = data.count(b"\n", 0, start) + 1
            pairs = pairs_within(tree.root_node, data, start, end, grammar.strings)
            before, after = data[:start].decode(), data[end:].decode()
            found.append(Place(f"{path}:{line}", language, path, before, text, after, unit, pairs))
    return found


def _worth_typing(root: Node) -> Iterator[Node]:
    """Definitions with a body and a name at any depth, and top-level statements."""
    waiting = list(root.named_children)
    yield from (node for node in waiting if not SKIPPED.search(node.type) and not _is_prose(node))
    while waiting:
        node = waiting.pop()
        waiting.extend(node.named_children)
        named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
        if named is not None and node.child_by_field_name("body") is not None:
            parent = node.parent
            yield parent if parent is not None and parent.type == "decorated_definition" else node


def _is_prose(node: Node) -> bool:
    """A string that stands for itself: a docstring, `"use strict"`."""
    only = node.named_children[0] if node.named_child_count == 1 else None
    return node.type == "expression_statement" and only is not None and only.type == "string"


def _span(node: Node, data: bytes) -> tuple[int, int] | None:
    """The bytes of the node where it fills whole lines, indentation aside."""
    start, end = node.start_byte, node.end_byte
    end = start + len(data[start:end].rstrip())
    rest = REST.match(data[end : end + 100].decode("utf-8", "replace"))
    line = data.rfind(b"\n", 0, start) + 1
    if node.has_error or rest is None or data[line:start].strip():
        return None
    return start, end + len(rest.group().rstrip().encode())


def indent_unit(source: str) -> str:
    """One level of indentation: the commonest step from a line to a deeper one; four spaces where there is none."""
    steps: dict[str, int] = {}
    last = ""
    for line in source.split("\n"):
        if not line.strip():
            continue
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if indent.startswith(last) and indent != last:
            step = indent[len(last) :]
            steps[step] = steps.get(step, 0) + 1
        last = indent
    best = max(steps, key=lambda step: steps[step], default="    ")
    return best if best in ("\t", "  ", "    ", "   ", "        ") else "    "
