"""What a completion must not say again: the text around the cursor."""

from __future__ import annotations

import re

from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.source.blocks import CLOSER, opens_block
from copilot_lsp.source.brackets import OPENING, scan
from copilot_lsp.source.site import Site, has_word

REST = 3
"""Least characters of the rest of the line that count as repeated in the middle of a text."""

BEGUN = 3
"""Least characters of an unfinished last line that count as the beginning of the line below."""


def closes_nothing_twice(passage: Passage) -> str:
    """Ends before the closing bracket or quote that stands right of the cursor."""
    site, text = passage.site, passage.text
    right = site.right.lstrip()
    left = scan(site.left, site.language)
    if not right or left.comment is not None:
        return text
    inside = scan(text, site.language, left.quote)
    if left.quote and inside.quote_end is not None and _ends_string(site, left.quote):
        return text[: inside.quote_end]
    waiting = [right[index] for index in scan(right, site.language).unopened]
    spare = max(len(left.unclosed) - len(waiting), 0)
    for index in inside.unopened[spare:]:
        if text[index] in waiting:
            return text[:index]
    return text


def _ends_string(site: Site, quote: str) -> bool:
    """Whether the string that is open at the cursor ends right of it, and no other one begins there instead."""
    right = scan(site.right, site.language, quote)
    return right.quote_end is not None and not right.quote


def leaves_the_rest_of_the_line(passage: Passage) -> str:
    """Ends before the text that follows the cursor on its line; brackets are counted by `closes_nothing_twice`."""
    rest = passage.site.right.strip()
    text = passage.text
    if not rest or rest[0] in OPENING:
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
    """No white space at the end, except the space between the completion and a word that follows; none on blank
    lines."""
    text = re.sub(r"(?m)^[ \t]+$", "", passage.text)
    right = passage.site.right
    spaced = re.match(r"\w", right) and text.endswith(" ") and not text.endswith("  ")
    return text if spaced else text.rstrip()


def says_more_than_the_lines_above(passage: Passage) -> str:
    """Nothing, when all lines are those that stand right above the cursor."""
    lines = [line.text.rstrip() for line in passage.lines() if not line.blank]
    above = [line.rstrip() for line in passage.site.above if line.strip()][-len(lines) :]
    said = any(has_word(line) and not CLOSER.match(line) for line in lines)
    return "" if said and lines == above else passage.text
