"""The document's part of a prompt: prefix, suffix, and where the hole begins.

The hole begins above the cursor, at an anchor. The text from there to the cursor is the beginning of the middle, so
a key only appends to the prompt. A `Pin` keeps the anchor, and the start of the window, from one key to the next.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from copilot_lsp.completion.cuts import GRID, cuts_of
from copilot_lsp.engine.base import Cut
from copilot_lsp.source.blocks import DEFINITION
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.site import normalised, width
from copilot_lsp.source.text import Text

PREFIX_BYTES = 16_000
SUFFIX_BYTES = 4_000
"""Limits of the windows, far above the engine's budgets in tokens."""

BYTE_GRID = 4096
"""Grid for the start of the window in files whose lines are too long for anchors."""

NEAR_BYTES = 6_000
"""Maximum distance of the hole above the cursor; beyond it the anchor moves."""

LEAST_BYTES = 1_000
"""A window with less text before the cursor than this is replaced by one that begins earlier."""

ANCHOR_LINES = 4
"""A definition that begins fewer lines above the cursor than this is not an anchor; the previous one is."""

_CLOSERS = re.compile(r"[)\]}>\"'`;,:\s]*")
"""What editors insert after the cursor automatically."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Where an earlier prompt of this document began, and where its hole did: byte offsets of line starts.

    `far` is the text between them, `below` what followed the cursor's line. `quick`: not the whole window, but what
    could be read in time.
    """

    start: int
    header: str
    anchor: int
    far: bytes
    below: bytes
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """`prefix` ends and `suffix` begins at the cursor; their line ends are `\\n`.

    `cuts` are the places where the prefix may begin, as `Cut` says. `anchor` is an index into `prefix` (code points).
    `pinned`: the first cut is that of an earlier prompt. `first` is the number of the prefix's first line, None in a
    file whose lines are too long.
    """

    prefix: str
    cuts: tuple[Cut, ...]
    suffix: str
    anchor: int
    pinned: bool = False
    first: int | None = None
    quick: bool = False


def build(snapshot: Snapshot, offset: int, pin: Pin | None = None, quick: bool = False) -> Context:
    """The context of the byte `offset`, which is on a character boundary; `quick` for a window without a pin."""
    text = snapshot.text
    suffix = normalised(text.data[offset : offset + SUFFIX_BYTES])
    suffix = suffix[len(right) :] if (right := _closers(suffix)) else suffix
    if pin is not None and keeps_window(pin, snapshot, offset):
        first = text.line_at(pin.start)
        prefix = normalised(text.data[pin.start : offset])
        anchor = len(normalised(pin.far)) if keeps_anchor(pin, snapshot, offset) else anchor_in(prefix)
        cuts = (Cut(0, pin.header), *(cut for cut in cuts_of(snapshot, first, prefix) if cut.start))
        return Context(prefix, cuts, suffix, anchor, True, first, pin.quick)
    line = _window_line(text, offset)
    start = text.starts[line] if line is not None else _window_byte(text, offset)
    prefix = normalised(text.data[start:offset])
    cuts = cuts_of(snapshot, line, prefix) if line is not None else (Cut(0),)
    return Context(prefix, cuts, suffix, anchor_in(prefix), first=line, quick=quick)


def pin_of(snapshot: Snapshot, offset: int, context: Context, cut: int) -> Pin | None:
    """The pin for a prompt whose window began at `context.cuts[cut]`; None if it began elsewhere."""
    if context.first is None or cut < 0:
        return None
    chosen = context.cuts[cut]
    start = _line_start(snapshot.text, context, chosen.start)
    anchor = max(start, _line_start(snapshot.text, context, context.anchor))
    far, below = snapshot.text.data[start:anchor], _below(snapshot.text, offset)
    return Pin(start, chosen.header, anchor, far, below, context.quick)


def keeps_window(pin: Pin, snapshot: Snapshot, offset: int) -> bool:
    """Whether the window still shows enough before the cursor, and what it shows has not changed."""
    end = min(pin.anchor, offset)
    enough = pin.start == 0 or offset - pin.start >= LEAST_BYTES
    return enough and end >= pin.start and snapshot.text.data[pin.start : end] == pin.far[: end - pin.start]


def keeps_anchor(pin: Pin, snapshot: Snapshot, offset: int) -> bool:
    """Whether the text below is the same as well: then the prompt up to the anchor's text is."""
    return 0 <= offset - pin.anchor <= NEAR_BYTES and _below(snapshot.text, offset) == pin.below


def is_whole(pin: Pin, snapshot: Snapshot, offset: int) -> bool:
    """Whether a new prompt at `offset` would not be better."""
    near = offset - pin.anchor <= NEAR_BYTES // 2
    return not pin.quick and near and keeps_window(pin, snapshot, offset) and keeps_anchor(pin, snapshot, offset)


def anchor_in(prefix: str) -> int:
    """The beginning of the top-level definition that the cursor is in, as an index into `prefix`.

    Never on one of the last ANCHOR_LINES lines, so that the model sees the beginning of the middle.
    """
    lines = prefix.split("\n")
    last = len(lines) - 1 - ANCHOR_LINES
    found = (index for index in range(last, -1, -1) if not width(lines[index]) and DEFINITION.match(lines[index]))
    return sum(len(line) + 1 for line in lines[: next(found, 0)])


def _closers(suffix: str) -> str:
    """The rest of the cursor's line when it is nothing but closers: it changes with every bracket that is typed."""
    right = suffix.split("\n", 1)[0]
    return right if _CLOSERS.fullmatch(right) else ""


def _below(text: Text, offset: int) -> bytes:
    _, end = text.line_span(text.line_at(offset))
    return text.data[end : end + SUFFIX_BYTES]


def _line_start(text: Text, context: Context, index: int) -> int:
    """The byte offset of the line start at `index` of the prefix."""
    assert context.first is not None
    return text.starts[context.first + context.prefix.count("\n", 0, index)]


def _window_line(text: Text, offset: int) -> int | None:
    """The first anchor line from which no more than PREFIX_BYTES go to `offset`, None when there is none."""
    earliest = bisect_left(text.starts, offset - PREFIX_BYTES)
    anchor = -(-earliest // GRID) * GRID
    return anchor if anchor <= text.line_at(offset) else None


def _window_byte(text: Text, offset: int) -> int:
    return text.character_start(-(-max(offset - PREFIX_BYTES, 0) // BYTE_GRID) * BYTE_GRID)
