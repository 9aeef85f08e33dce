"""An open document: text, syntax tree and version, kept in sync with the editor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tree_sitter import Tree

from copilot_lsp.source import syntax
from copilot_lsp.source.text import PositionEncoding, Text, encode

REST = 100
"""Snapshots without a tree after a parse that failed: typing must not wait for the limit at every key."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` for what stands between two (line, character) positions; for everything when they are None."""

    start: tuple[int, int] | None
    end: tuple[int, int] | None
    text: str = field(repr=False)
    encoding: PositionEncoding


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment; neither text nor tree ever changes.

    `path` is what the user calls the file, '/'-separated. `note` is "", or why a language that has a grammar
    has no tree here. A cell of a notebook has the notebook's URI, and the text of the cells of its language `above`
    and `below` (UTF-8): the model is to see them; text, tree and offsets are the cell's own.
    """

    uri: str
    path: str
    language: str
    version: int
    text: Text
    tree: Tree | None
    note: str
    notebook: str = ""
    above: bytes = field(default=b"", repr=False)
    below: bytes = field(default=b"", repr=False)

    @property
    def home(self) -> str:
        """The URI of what a prompt shows: the notebook, or the document itself."""
        return self.notebook or self.uri


@dataclass(slots=True)
class Document:
    """The one mutable thing here. Made with `open`, changed with `apply`, read through `snapshot`.

    `tree` is that of the last snapshot with the edits since applied: parsing waits until somebody asks. It is
    never edited in place, because a snapshot may hold it. `resting` counts down the snapshots that are not parsed
    because the parser gave up. `called` is what the client calls the language.
    """

    uri: str
    path: str
    language: str
    version: int
    text: Text
    max_parse_bytes: int
    tree: Tree | None = None
    note: str = ""
    parsed: bool = False
    resting: int = 0
    called: str = ""

    @classmethod
    def open(
        cls, uri: str, path: str, language: str, version: int, source: str | bytes, max_parse_bytes: int
    ) -> Document:
        """`max_parse_bytes`: longer text gets no tree."""
        return cls(uri, path, language, version, Text.of(source), max_parse_bytes)

    def limit(self, max_parse_bytes: int) -> None:
        """Change the limit as if the document were opened with it."""
        self.max_parse_bytes, self.tree, self.parsed, self.resting = max_parse_bytes, None, False, 0

    def apply(self, edits: Sequence[Edit], version: int) -> None:
        """Each edit's positions are in the text that the edits before it left. Any position is accepted."""
        for edit in edits:
            self._apply(edit)
        self.version = version
        self.parsed = self.parsed and not edits

    def _apply(self, edit: Edit) -> None:
        if edit.start is None or edit.end is None:
            self.text, self.tree, self.resting = Text.of(edit.text), None, 0
            return
        start, end, new = _in_bytes(self.text, edit.start, edit.end, edit.text, edit.encoding)
        if self.tree is not None:
            self.tree = syntax.edited(self.tree, self.text.data, start, end, new)
        self.text = self.text.replace(start, end, new)

    def snapshot(self) -> Snapshot:
        """The current document; parses what has changed since the last snapshot."""
        if not self.parsed:
            self._parse()
            self.parsed = True
        return Snapshot(self.uri, self.path, self.language, self.version, self.text, self.tree, self.note)

    def _parse(self) -> None:
        size = len(self.text.data)
        if size > self.max_parse_bytes:
            over = f"{size:,} bytes, more than max_parse_bytes ({self.max_parse_bytes:,})"
            self.tree, self.note = None, f"no syntax tree: the file has {over}"
        elif self.resting:
            self.resting -= 1
        else:
            self.tree, self.note = syntax.parse(self.language, self.text.data, self.tree)
            self.resting = REST if self.tree is None else 0


def snapshot_with(snapshot: Snapshot, start: int, end: int, new: bytes) -> Snapshot:
    """`snapshot` as it would be with the bytes [start, end) replaced; both on character boundaries."""
    text = snapshot.text.replace(start, end, new)
    if snapshot.tree is None:
        return replace(snapshot, text=text)
    old = syntax.edited(snapshot.tree, snapshot.text.data, start, end, new)
    tree, note = syntax.parse(snapshot.language, text.data, old)
    return replace(snapshot, text=text, tree=tree, note=note)


def in_notebook(snapshot: Snapshot, offset: int) -> tuple[Snapshot, int]:
    """The cell's notebook as one text, without a tree, and where `offset` is in it; another document as it is."""
    if not (snapshot.above or snapshot.below):
        return snapshot, offset
    text = Text.of(snapshot.above + snapshot.text.data + snapshot.below)
    return replace(snapshot, text=text, tree=None, above=b"", below=b""), len(snapshot.above) + offset


def _in_bytes(
    text: Text, start: tuple[int, int], end: tuple[int, int], new: str, encoding: PositionEncoding
) -> tuple[int, int, bytes]:
    """The byte range and the bytes of an edit. Positions out of order are swapped.

    Clients that compare UTF-16 strings may replace one half of a surrogate pair: the other half is kept.
    """
    if start > end:
        start, end = end, start
    low, high = text.offset_at(*start, encoding), text.offset_at(*end, encoding)
    if encoding == "utf-16":
        before, _ = _halves(text, start, low)
        _, after = _halves(text, end, high)
        new = before + new + after
        high += 4 if after else 0
    return low, high, encode(new)


def _halves(text: Text, position: tuple[int, int], offset: int) -> tuple[str, str]:
    """The surrogates of the character at `offset` when `position`, in UTF-16, is between them, or ""."""
    astral = text.data[offset : offset + 1] >= b"\xf0"
    if not astral or text.position_at(offset, "utf-16") >= position:
        return "", ""
    pair = text.data[offset : offset + 4].decode().encode("utf-16-le")
    return pair[:2].decode("utf-16-le", "surrogatepass"), pair[2:].decode("utf-16-le", "surrogatepass")
