"""Where a completion ends. These rules hold for a text that is still growing: what they cut, more text cannot save."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from copilot_lsp.core.blocks import CLOSER, CONTINUATION, DEFINITION, closes_own, is_preprocessor, opens_block
from copilot_lsp.core.document import snapshot_with
from copilot_lsp.core.passage import Line, Passage
from copilot_lsp.core.regions import Region, region_at
from copilot_lsp.core.site import Site, has_word, indentation, width

PERIOD = 8
"""Most lines that a loop may have to be found."""

LOOPS = ((10, 4), (3, 6))
"""A unit of at least so many characters that comes so many times in a row at the end of a line is a loop (Tabby's
`removeLineEndsWithRepetition`)."""

GROWING_LOOP = 48
"""Characters that such a loop must have while the text still grows: `0, 0, 0, ` may yet end well."""

RULER = 80
"""Most characters of a row of the same one, as under a heading."""


def ends_with_the_line(passage: Passage) -> str:
    return passage.text.partition("\n")[0]


def ends_at_blank_lines(passage: Passage) -> str:
    """Two blank lines in a row are more than a block has inside."""
    return re.split(r"\n(?:[ \t]*\n){2}", passage.text, maxsplit=1)[0]


def stays_in_the_block(passage: Passage) -> str:
    """Ends before the first line that is no longer in the cursor's block, or behind the bracket that closes it."""
    floor = _floor(passage)
    lines = passage.lines()
    next(lines)
    for line in lines:
        if line.blank or not line.settled or width(line.text) >= floor:
            continue
        if is_preprocessor(line.text, passage.site.language) or _goes_on(passage, line) or _is_literal(passage, line):
            continue
        return _closed_by(passage, line)
    return passage.text


def _floor(passage: Passage) -> int:
    """The least columns of a line inside the block: where it begins itself, or more than its header has."""
    column = width(next(passage.lines()).text)
    return column if passage.site.starts_line else column + 1


def _goes_on(passage: Passage, line: Line) -> bool:
    """Whether `line` belongs to the statement at the cursor although it is indented no more than that."""
    if CLOSER.match(line.text) and closes_own(passage.text[: line.start], line.text, passage.site.language):
        return True
    if passage.site.starts_line or width(line.text) != width(passage.site.left):
        return False
    if CLOSER.match(line.text):
        reopens = opens_block(line.text, passage.site.language)
        return reopens and not _is_closed_below(passage.site, line.text)
    return CONTINUATION.match(line.text) is not None or line.text.strip() == "{"


def _is_literal(passage: Passage, line: Line) -> bool:
    """Whether `line` begins inside a string or comment, where the column means nothing."""
    site = passage.site
    if site.snapshot.tree is None:
        return False
    end = line.start + len(line.text)
    after = snapshot_with(site.snapshot, site.offset, site.offset, passage.text[:end].encode())
    begin = site.offset + len(passage.text[: line.start + len(indentation(line.text))].encode())
    return after.tree is not None and region_at(after.tree, site.language, begin) is not Region.CODE


def _closed_by(passage: Passage, line: Line) -> str:
    """The text before `line`, with its closing bracket when the block needs that one."""
    closer = CLOSER.match(line.text)
    if closer is None or _is_closed_below(passage.site, line.text):
        return passage.before(line)
    return passage.text[: line.start + closer.end()]


def _is_closed_below(site: Site, closer: str) -> bool:
    """Whether the text after the cursor already has the `closer` of the block, at its column."""
    if site.right.strip():
        return site.right.strip().startswith(closer.strip()[:1])
    outside = (line for line in site.below if line.strip() and width(line) <= width(closer))
    following = next(outside, "")
    same = following.strip()[:1] == closer.strip()[:1] and width(following) == width(closer)
    return same and CLOSER.match(following) is not None


def ends_with_the_definition(passage: Passage) -> str:
    """One function, class or top-level statement is enough; another one after a blank line is not asked for."""
    column = _floor(passage) if passage.site.starts_line else width(passage.site.left)
    nested = defines = blank = False
    for line in passage.lines():
        if line.blank:
            blank = True
            continue
        if width(line.text) > column:
            nested = True
        elif line.settled:
            if blank and nested and defines:
                return passage.before(line)
            defines = defines or column == 0 or DEFINITION.match(line.text) is not None
        blank = False
    return passage.text


def ends_at_the_text_below(passage: Passage) -> str:
    """Ends before a line that is the next one below the cursor."""
    following = passage.site.next_line.rstrip()
    for line in passage.lines():
        same = line.ended and line.text.rstrip() == following
        if following and same and not _closes_own(passage, line):
            return passage.before(line)
    return passage.text


def _closes_own(passage: Passage, line: Line) -> bool:
    return CLOSER.match(line.text) is not None and closes_own(
        passage.text[: line.start], line.text, passage.site.language
    )


def ends_where_lines_repeat(passage: Passage) -> str:
    """Keeps the first round of a loop: one or two lines three times over, more of them twice."""
    lines = [line for line in passage.lines() if line.ended]
    texts = [line.text.rstrip() for line in lines]
    for index in range(len(texts)):
        for period in _periods(texts, index):
            return passage.before(lines[index + period])
    return passage.text


def _periods(lines: Sequence[str], index: int) -> Iterator[int]:
    for period in range(1, PERIOD + 1):
        rounds = 3 if period < 3 else 2
        unit = lines[index : index + period]
        if lines[index : index + period * rounds] == unit * rounds and any(
            has_word(line) and len(line.strip()) > 2 for line in unit
        ):
            yield period


def ends_where_the_line_loops(passage: Passage) -> str:
    """Keeps the first of many equal pieces at the end of the last line."""
    *_, last = passage.lines()
    begin = max(last.start, 0)
    line = passage.text[begin:]
    for least, times in LOOPS:
        for size in range(least, len(line) // times + 1):
            end = _loop_end(line, size, times)
            if end is not None and (passage.ended or len(line) - end + size >= GROWING_LOOP):
                return passage.text[: begin + end]
    return passage.text


def _loop_end(line: str, size: int, times: int) -> int | None:
    """Where the first unit of `size` characters ends that comes at least `times` in a row up to the end of `line`."""
    unit = line[-size:]
    if not line.endswith(unit * times):
        return None
    start = len(line) - size * times
    while start >= size and line[start - size : start] == unit:
        start -= size
    if len(set(unit)) == 1:
        return start + RULER if len(line) - start > RULER else None
    return start + size
