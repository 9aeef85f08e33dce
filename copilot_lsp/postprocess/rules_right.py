"""Rules against repeating the text around the cursor."""

from __future__ import annotations

import re

from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.source.blocks import CLOSER, opens_block
from copilot_lsp.source.brackets import HARD, OPENING, Brackets, Frames, Kind, scan, text_frame
from copilot_lsp.source.enclosing import closed_by, frames_at
from copilot_lsp.source.site import Site, has_word
from copilot_lsp.source.strings import PROSE
from copilot_lsp.source.tags import MARKUP, tags_of

REST = 3
"""Least characters of the rest of the line that count as repeated in the middle of a text."""

BEGUN = 3
"""Least characters of an unfinished last line that count as the beginning of the line below."""


def closes_nothing_twice(passage: Passage) -> str:
    """Ends before the closing bracket, quote or tag that stands right of the cursor.

    A text may close what nothing right of the cursor does: `a)` is right in `f(g(|)`, where one bracket is missing.
    """
    site, text = passage.site, passage.text
    right = site.right.strip()
    if not right:
        return text
    frames = frames_at(site)
    inside = scan(text, site.language, frames)
    waiting = _unknown(scan(right, site.language, frames), right)
    hard, most = _closed(site, frames)
    left = dict(inside.closings)
    depth = len(frames)
    for index in sorted({*left, *inside.unopened}):
        if index in left:
            depth = left[index]
            now_hard, now = _closed(site, frames[:depth])
            twice = now_hard < hard or now < most
            hard, most = max(now_hard, hard), max(now, most)
        else:  # it closes something on a line above, or, in a string's hole, nothing at all
            twice = text[index] in waiting or any(frame.kind is Kind.HOLE for frame in frames[:depth])
        if twice:
            return text[:index]
    return text


def _closed(site: Site, frames: Frames) -> tuple[int, int]:
    """How many of `frames` the rest of the line closes: those that a parser wants closed, and all."""
    closed = closed_by(site.right.strip(), site.language, frames)
    return sum(frame.kind in HARD for frame in closed), len(closed)


def _unknown(found: Brackets, text: str) -> str:
    """The brackets that close something on a line above."""
    known = {index for index, _ in found.closings}
    return "".join(text[index] for index in found.unopened if index not in known)


def closes_no_tag_twice(passage: Passage) -> str:
    """Ends before the closing tag that stands right of the cursor."""
    site, text = passage.site, passage.text
    if site.language not in MARKUP or "</" not in site.right:
        return text
    waiting = [name for _, name in tags_of(site.right).unopened]
    spare = list(tags_of(site.left).unclosed)
    for name in waiting:
        if name in spare:
            spare.remove(name)
    for index, name in tags_of(text).unopened:
        if name in spare:
            spare.remove(name)
        elif name in waiting:
            return text[:index]
    return text


def takes_no_closer(passage: Passage) -> str:
    """Ends before a bracket or string that it leaves open, and that would be closed by what stands right of the
    cursor for something else."""
    site, text = passage.site, passage.text
    if not site.right.strip():
        return text
    frames = frames_at(site)
    inside = scan(text, site.language, frames)
    own = [frame for frame in inside.own if frame.kind in HARD]
    wanted = closed_by(site.right, site.language, inside.frames[: inside.kept])
    closed = [frame for frame in closed_by(site.right, site.language, inside.frames) if frame.kind in HARD]
    if not own or not wanted or len(closed) >= len(own) + len([frame for frame in wanted if frame.kind in HARD]):
        return text
    return text[: inside.open_at]


def comments_out_nothing(passage: Passage) -> str:
    """Ends before a comment, when code stands right of the cursor."""
    site, text = passage.site, passage.text
    if not site.right.strip() or (begin := scan(text, site.language, frames_at(site)).comment) is None:
        return text
    return text[:begin]


def leaves_the_rest_of_the_line(passage: Passage) -> str:
    """Ends before the text that follows the cursor on its line; brackets and tags are counted by the rules before."""
    rest = passage.site.right.strip()
    text = passage.text
    counted = rest[:1] in OPENING or (rest.startswith("</") and passage.site.language in MARKUP)
    if not rest or counted or (len(rest) < REST and not passage.ended):
        return text
    boundary = r"\b" if re.match(r"\w", rest) and not re.search(r"\w\Z", passage.site.left) else ""
    pattern = boundary + re.escape(rest)
    found = re.search(pattern if len(rest) >= REST else rf"{pattern}\s*\Z", text)
    return text[: found.start()] if found else text


def leaves_a_header_to_its_body(passage: Passage) -> str:
    """A block that was cut short does not end with `if x:`, when there is anything before that."""
    lines = [line for line in passage.lines() if not line.blank]
    if len(lines) < 2 or not opens_block(lines[-1].text, passage.site.language):
        return passage.text
    return passage.before(lines[-1])


def stops_short_of_the_line_below(passage: Passage) -> str:
    """Drops an unfinished last line that is the beginning of the next one below the cursor."""
    *above, last = passage.lines()
    begun = last.text.rstrip()
    following = passage.site.next_line
    if above and len(begun.strip()) >= BEGUN and has_word(begun) and following.startswith(begun):
        return passage.before(last)
    return passage.text


def ends_clean(passage: Passage) -> str:
    """No white space at the end of a line or of the text, except the space between the completion and a word that
    follows; in prose, and in a string that goes on, it may mean something."""
    text = re.sub(r"(?m)^[ \t]+$", "", passage.text)
    if passage.site.language not in PROSE:
        text = re.sub(r"[ \t]+(?=\n)", lambda space: space[0] if _in_text(passage.site, space) else "", text)
    right = passage.site.right
    spaced = re.match(r"\w", right) and text.endswith(" ") and not text.endswith("  ")
    return text if spaced else text.rstrip()


def _in_text(site: Site, space: re.Match[str]) -> bool:
    frame = text_frame(scan(space.string[: space.start()], site.language, frames_at(site)).frames)
    return frame is not None and frame.quote is not None and frame.quote.spans


def says_more_than_the_lines_above(passage: Passage) -> str:
    """Nothing, when all lines are those that stand right above the cursor."""
    lines = [line.text.rstrip() for line in passage.lines() if not line.blank]
    above = [line.rstrip() for line in passage.site.above if line.strip()][-len(lines) :]
    said = any(has_word(line) and not CLOSER.match(line) for line in lines)
    return "" if said and lines == above else passage.text
