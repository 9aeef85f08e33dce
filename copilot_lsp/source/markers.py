"""Markers: comments that say where text is to be generated, and the file as it is when one of them is followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import language_of
from copilot_lsp.source.syntax import ancestors, node_at


@dataclass(frozen=True, slots=True)
class Marker:
    """The comment [start, end) of a file, its tag [tag, rest) with the colon and the blanks behind it.

    `alone`: nothing else stands on its lines. `bare`: it says nothing but the tag. Offsets are bytes.
    """

    start: int
    end: int
    tag: int
    rest: int
    alone: bool
    bare: bool


@dataclass(frozen=True, slots=True)
class Hole:
    """A whole text (UTF-8) without the marker, and the byte of it where the completion goes."""

    data: bytes
    offset: int


def find(snapshot: Snapshot, tag: str) -> list[Marker]:
    """The comments that begin with `tag`, in order: behind what opens a comment, there are only blanks and marks.

    Comments are the grammar's. A language without a grammar has those of one line that stand alone on it; none where
    it is not known how they begin.
    """
    data = snapshot.text.data
    pattern = re.compile(re.escape(tag.encode()) + rb"(?!\w):?[ \t]*")
    markers = (_marker(data, found, _comment(snapshot, found.start())) for found in pattern.finditer(data))
    return [marker for marker in markers if marker is not None]


def hole(snapshot: Snapshot, marker: Marker) -> Hole:
    """A comment that says something stays, without the tag; a bare one goes.

    The hole of a marker that stands alone is below it and the comments that continue it, at its indentation, or in
    its place when it goes. Of another one, it is where the code before it ends.
    """
    data = snapshot.text.data
    if not marker.alone:
        return _behind_code(data, marker)
    last = _last_line(snapshot, marker)
    own = snapshot.text.line_at(marker.end - 1)
    if marker.bare and last == own:
        return Hole(data[: marker.start] + data[snapshot.text.line_span(last)[1] :], marker.start)
    return _below(snapshot, marker, last)


def _comment(snapshot: Snapshot, offset: int) -> tuple[int, int] | None:
    """The comment around the byte `offset`."""
    language = language_of(snapshot.language)
    if snapshot.tree is not None and language.grammar is not None:
        comments = language.grammar.comments
        for node in ancestors(node_at(snapshot.tree, offset + 1)):
            if node.type in comments and node.is_named:
                return node.start_byte, _without_line_end(snapshot.text.data, node.start_byte, node.end_byte)
        return None
    start, end = snapshot.text.line_span(snapshot.text.line_at(offset))
    line = snapshot.text.data[start:end]
    mark = language.comment.encode()
    if not mark or not line.lstrip(b" \t").startswith(mark):
        return None
    return end - len(line.lstrip(b" \t")), end


def _without_line_end(data: bytes, start: int, end: int) -> int:
    return start + len(data[start:end].rstrip(b"\r\n"))


def _marker(data: bytes, found: re.Match[bytes], comment: tuple[int, int] | None) -> Marker | None:
    if comment is None:
        return None
    start, end = comment
    if re.search(rb"[\w\x80-\xff]", data[start : found.start()]):
        return None
    before = data[:start].rpartition(b"\n")[2].rpartition(b"\r")[2]
    behind = re.split(rb"[\r\n]", data[end:], maxsplit=1)[0]
    rest = min(found.end(), end)
    bare = re.search(rb"[\w\x80-\xff]", data[rest:end]) is None
    return Marker(start, end, found.start(), rest, not before.strip() and not behind.strip(), bare)


def _behind_code(data: bytes, marker: Marker) -> Hole:
    code = len(data[: marker.start].rstrip(b" \t"))
    if not marker.bare:
        return Hole(data[: marker.tag] + data[marker.rest :], code)
    behind = data[marker.end :]
    ends = re.match(rb"[ \t]*(?=[\r\n]|\Z)", behind)
    if ends is None:
        return Hole(data[: marker.start] + behind, marker.start)
    return Hole(data[:code] + behind[ends.end() :], code)


def _last_line(snapshot: Snapshot, marker: Marker) -> int:
    """Of the comments that go on below the marker: each alone on its line, at the same column."""
    text = snapshot.text
    line = text.line_at(marker.end - 1)
    column = marker.start - text.line_span(text.line_at(marker.start))[0]
    for start in _starts_below(snapshot, line, column):
        comment = _comment(snapshot, start)
        if comment is None or comment[0] != start:
            break
        line = text.line_at(comment[1] - 1)
    return line


def _starts_below(snapshot: Snapshot, line: int, column: int) -> Iterator[int]:
    text = snapshot.text
    while line + 1 < text.line_count:
        line += 1
        start, end = text.line_span(line)
        if end - start <= column or text.data[start : start + column].strip():
            return
        yield start + column


def _below(snapshot: Snapshot, marker: Marker, last: int) -> Hole:
    text = snapshot.text
    start, end = text.line_span(text.line_at(marker.start))
    indent = text.data[start : marker.start]
    after = text.line_span(last)[1]
    line_end = text.data[end : text.starts[text.line_at(marker.start) + 1]] if end < len(text.data) else b"\n"
    if marker.bare:
        head = text.data[:start] + text.data[text.starts[text.line_at(marker.end - 1) + 1] : after]
    else:
        head = text.data[: marker.tag] + text.data[marker.rest : after]
    data = head + line_end + indent
    return Hole(data + text.data[after:], len(data))
