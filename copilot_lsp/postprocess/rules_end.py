"""Rules for where a completion ends. They also apply to growing text, because more text would not change the cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from copilot_lsp.postprocess.passage import Line, Passage
from copilot_lsp.source.blocks import CLOSER, CONTINUATION, DEFINITION, closes_own, is_preprocessor, opens_block
from copilot_lsp.source.brackets import scan
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.regions import Region, region_at
from copilot_lsp.source.site import Site, has_word, indentation, width
from copilot_lsp.source.syntax import error_count

PERIOD = 8
"""Most lines that a loop may have to be found."""

STATEMENT_LINES = 20
"""How far above the cursor the beginning of a parameter list is looked for."""

LOOPS = ((3, 6), (10, 4))
"""A unit of at least so many characters that comes so many times in a row at the end of a line is a loop (Tabby's
`removeLineEndsWithRepetition`)."""

GROWING_LOOP = 48
"""Characters that such a loop must have while the text still grows, or without a word in it: `0, 0, 0, ` is a row."""

RULER = 80
"""Most characters of a row of the same one, as under a heading; what is a number or a word is no ruler."""


def ends_with_the_line(passage: Passage) -> str:
    return passage.text.partition("\n")[0]


def ends_at_blank_lines(passage: Passage) -> str:
    """Two blank lines in a row are more than a block has inside."""
    return re.split(r"\n(?:[ \t]*\n){2}", passage.text, maxsplit=1)[0]


def stays_in_the_block(passage: Passage) -> str:
    """Ends before the first line that is no longer in the cursor's block, or behind the bracket that closes it."""
    floor = _floor(passage)
    inserted: Snapshot | None = None
    for line in list(passage.lines())[1:]:
        if line.settled and not line.blank and width(line.text) < floor and not _goes_on(passage, line):
            inserted = inserted or _inserted(passage)
            if not _is_literal(inserted, passage, line):
                return _closed_by(passage, line)
    return passage.text


def _floor(passage: Passage) -> int:
    """The least columns of a line inside the block: those of its first line, or more than those of its header."""
    site = passage.site
    if site.starts_line:
        return width(next(passage.lines()).text)
    statement = _statement(site)
    complete = passage.text.startswith("\n") and not opens_block(statement, site.language)
    return width(statement) if complete else width(statement) + 1


def _statement(site: Site) -> str:
    """What stands left of the cursor, from the line above where its statement begins; on one line."""
    statement = site.left
    for line in reversed(site.above[-STATEMENT_LINES:]):
        if not (line.endswith("\\") or scan(statement, site.language).unopened):
            break
        statement = f"{line} {statement}"
    return statement


def _goes_on(passage: Passage, line: Line) -> bool:
    """Whether `line` belongs to the statement at the cursor although it is indented no more than that."""
    if is_preprocessor(line.text, passage.site.language) or _closes_own(passage, line):
        return True
    if passage.site.starts_line or width(line.text) != width(_statement(passage.site)):
        return False
    if CLOSER.match(line.text):
        reopens = opens_block(line.text, passage.site.language)
        return reopens and not _is_closed_below(passage.site, line.text)
    return CONTINUATION.match(line.text) is not None or line.text.strip() == "{"


def _closes_own(passage: Passage, line: Line) -> bool:
    before = passage.text[: line.start]
    return CLOSER.match(line.text) is not None and closes_own(before, line.text, passage.site.language)


def _inserted(passage: Passage) -> Snapshot:
    return passage.site.inserted(passage.text)


def _is_literal(inserted: Snapshot, passage: Passage, line: Line) -> bool:
    """Whether `line` begins inside a string or comment, where the column means nothing."""
    begin = passage.site.offset + len(passage.text[: line.start + len(indentation(line.text))].encode())
    tree = inserted.tree
    return tree is not None and region_at(tree, inserted.language, begin) is not Region.CODE


def _closed_by(passage: Passage, line: Line) -> str:
    """The text before `line`, with its closing bracket when the block needs that one."""
    closer = CLOSER.match(line.text)
    if closer is None:
        return passage.before(line)
    # `} else {` would begin something new; `}, [state]);` belongs to what is closed.
    reopens = line.ended and opens_block(line.text, passage.site.language)
    closed = passage.text[: line.start + (closer.end() if reopens else len(line.text))]
    missing = not _is_closed_below(passage.site, line.text) or _mends(passage, closed, passage.before(line))
    return closed if missing else passage.before(line)


def _mends(passage: Passage, closed: str, without: str) -> bool:
    """Whether a broken file has fewer errors with the closing line: what stands below closes something else."""
    tree = passage.site.snapshot.tree
    if tree is None or not tree.root_node.has_error:
        return False
    with_it, without_it = (_inserted(replace(passage, text=text)).tree for text in (closed, without))
    return with_it is not None and without_it is not None and error_count(with_it) < error_count(without_it)


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
    column = _floor(passage) if passage.site.starts_line else width(_statement(passage.site))
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


def ends_where_lines_repeat(passage: Passage) -> str:
    """Keeps the first round of a loop: one or two lines three times over, more of them twice."""
    lines = [line for line in passage.lines() if line.ended]
    texts = [line.text.rstrip() for line in lines]
    for index in range(len(texts)):
        for period in _periods(texts, index):
            return passage.before(lines[index + period])
    return passage.text


def _periods(lines: list[str], index: int) -> Iterator[int]:
    for period in range(1, PERIOD + 1):
        rounds = 3 if period < 3 else 2
        unit = lines[index : index + period]
        if lines[index : index + period * rounds] == unit * rounds and any(
            has_word(line) and len(line.strip()) > 2 for line in unit
        ):
            yield period


def ends_where_the_line_loops(passage: Passage) -> str:
    """Keeps the first of many equal pieces at the end of the last line."""
    begin = passage.text.rfind("\n") + 1
    line = passage.text[begin:]
    for least, times in LOOPS:
        for size in range(least, len(line) // times + 1):
            start = _loop_start(line, size, times)
            if start is not None and _is_endless(line[start:], size, passage.ended):
                return passage.text[: begin + start + _kept(line[start:], size)]
    return passage.text


def _loop_start(line: str, size: int, times: int) -> int | None:
    """Where the units begin of which one of `size` characters comes `times` in a row, up to the end of `line`."""
    if not line.endswith(line[-size:] * times):
        return None
    start = len(line) - size * times
    while start and line[start - 1] == line[start - 1 + size]:
        start -= 1
    return start


def _kept(loop: str, size: int) -> int:
    """Characters of the loop that may stay."""
    if len(set(loop)) > 1:
        return size
    return 0 if loop[0].isalnum() else RULER


def _is_endless(loop: str, size: int, ended: bool) -> bool:
    if len(set(loop)) == 1:
        return len(loop) > RULER
    words = any(character.isalpha() for character in loop[:size])
    return len(loop) >= GROWING_LOOP or (ended and words)
