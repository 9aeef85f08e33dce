"""Rules against new syntax errors: text that adds errors to the tree is cut or dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tree_sitter import Tree

from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.postprocess.unfinished import ways_on
from copilot_lsp.source.brackets import scan
from copilot_lsp.source.enclosing import frames_at
from copilot_lsp.source.languages import is_indented
from copilot_lsp.source.site import WINDOW, Site, has_word, normalised
from copilot_lsp.source.strings import PROSE
from copilot_lsp.source.syntax import error_count

DIRTY_TRIES = 4
"""How many ways on are tried in a file that has errors already: it is slow to parse, and an error may stay."""

WIDE = 64_000
"""Bytes on either side of the cursor in which brackets are counted when there is no tree to ask."""

LOOSE_TRIES = 3
"""How many words and operators at the end of a line may be cut."""

_CLOSES = re.compile(r"\s*[)\]}>\"'`;,]")

_LOOSE_END = re.compile(r"\s*(?:\w+|[^\w\s]+)")

DATA = ("json", "jsonc")
"""Languages in which a list, too, goes over several lines wherever it is not short."""


def keeps_the_line_clean(passage: Passage) -> str:
    """For a line, which may well be the beginning of a block that is not there yet."""
    before = _Before.of(passage)
    line = next((text for text in _shorter_lines(passage) if _may_stand(before, text)), "")
    return _without_loose_end(before, _without_open_end(before, line))


def keeps_the_block_clean(passage: Passage) -> str:
    """For a block, which has to be whole; of one that never is, the first line as far as that is."""
    before = _Before.of(passage)
    lines = passage.text.split("\n")
    blocks = ("\n".join(lines[:count]) for count in range(len(lines), 0, -1))
    whole = next((text for text in blocks if text.strip() and _is_whole(before, text)), "")
    if whole:
        return whole
    head = next((index for index, line in enumerate(lines, 1) if line.strip()), 0)
    line = "\n".join(lines[:head])
    return _without_open_end(before, line) if _may_stand(before, line) else ""


@dataclass(frozen=True, slots=True)
class _Before:
    """The document as it is without the completion.

    `closable`: how many brackets the completion may close; None when the tree tells all.
    """

    site: Site
    tree: Tree | None
    closable: int | None

    @classmethod
    def of(cls, passage: Passage) -> _Before:
        site, tree = passage.site, passage.site.snapshot.tree
        if tree is not None and not _is_beyond(tree, site):
            return cls(site, tree, None)
        closes = scan(passage.text, site.language).unopened
        return cls(site, tree, _closable(site) if closes else 0)


def _is_beyond(tree: Tree, site: Site) -> bool:
    """Whether there are errors around the cursor, but on other lines.

    What a parser makes of code that it does not understand (a dialect, a merge conflict, an unclosed brace) changes
    with every word that is added, right ones as well: there the brackets tell more.
    """
    text = site.snapshot.text
    here = error_count(tree, *text.line_span(text.line_at(site.offset)))
    return error_count(tree, site.offset - WINDOW, site.offset + WINDOW) > here


def _closable(site: Site) -> int:
    """How many brackets are open at the cursor and not closed after it; in prose one may stand alone."""
    if site.language in PROSE:
        return WIDE
    data, language = site.snapshot.text.data, site.language
    before = scan(normalised(data[max(site.offset - WIDE, 0) : site.offset]), language).unclosed
    after = scan(normalised(data[site.offset : site.offset + WIDE]), language).unopened
    left, right = scan(site.left, language).unclosed, scan(site.right, language).unopened
    return max(len(left) - len(right), len(before) - len(after), 0)


def _shorter_lines(passage: Passage) -> Iterator[str]:
    """The line, then less of it: without a bracket that closes nothing, without the string that the gate cut in two."""
    text, language = passage.text, passage.site.language
    yield text
    for index in reversed(scan(text, language).unopened):
        yield text[:index].rstrip()
    begin = scan(text, language, frames_at(passage.site)).open_at
    if begin is not None:
        yield text[:begin].rstrip()


def _without_open_end(before: _Before, line: str) -> str:
    """Cut before a bracket or string that the line opens and nothing closes: `foo` of `foo(`; "" where that is no code.

    A bracket at the end may stay where it begins a block, or is all that a line can end with. One alone has to mend the
    file, not just to leave it as broken as it was.
    """
    language = before.site.language
    begin = scan(line, language, frames_at(before.site)).open_at
    if begin is None or before.tree is None:
        return line
    openers = ("{", "[") if language in DATA else () if is_indented(language) else ("{",)
    if not has_word(line) and not line.endswith(openers):
        return line if _makes_clean(before.site, line) else ""
    may_stay = before.closable is not None or line.endswith(openers)
    if may_stay or _adds_no_error(before.site, before.tree, line):
        return line
    head = line[:begin].rstrip()
    return head if head.strip() and _may_stand(before, head) else ""


def _without_loose_end(before: _Before, line: str) -> str:
    """Cut before an operator, a comma or a word that leaves what stands right of the cursor broken: `foo` of `foo.`
    in `f(|)`.

    As it is where no cut mends that.
    """
    site, tree = before.site, before.tree
    if tree is None or not _CLOSES.match(site.right) or not line.strip() or _adds_no_error(site, tree, line):
        return line
    ends = (match.start() for match in reversed(list(_LOOSE_END.finditer(line))))
    shorter = (line[:end] for end in islice(ends, LOOSE_TRIES))
    return next((text for text in shorter if _adds_no_error(site, tree, text)), line)


def _makes_clean(site: Site, text: str) -> bool:
    after = site.inserted(text).tree
    return after is not None and not after.root_node.has_error


def _is_whole(before: _Before, text: str) -> bool:
    if before.closable is not None:
        brackets = scan(text, before.site.language)
        prose = before.site.language in PROSE
        if len(brackets.unopened) <= before.closable and (prose or not brackets.unclosed):
            return True
    return before.tree is not None and _adds_no_error(before.site, before.tree, text)


def _may_stand(before: _Before, text: str) -> bool:
    """Whether `text` breaks nothing, or would not if it went on."""
    if before.closable is not None and len(scan(text, before.site.language).unopened) <= before.closable:
        return True
    tree = before.tree
    if tree is None:
        return False
    tries = islice(ways_on(before.site, text), DIRTY_TRIES if tree.root_node.has_error else None)
    return any(_adds_no_error(before.site, tree, tried) for tried in tries)


def _adds_no_error(site: Site, tree: Tree, text: str) -> bool:
    """Where there were errors before, only those of the top-level nodes at the cursor count."""
    after = site.inserted(text).tree
    if after is None or not tree.root_node.has_error:
        return after is None or not after.root_node.has_error
    start, end = _top_level_span(tree, site.offset)
    return error_count(after, start, end + len(text.encode())) <= error_count(tree, start, end)


def _top_level_span(tree: Tree, offset: int) -> tuple[int, int]:
    """The bytes of the top-level nodes that the cursor is in or touches."""
    nodes = [node for node in tree.root_node.children if node.start_byte <= offset <= node.end_byte]
    if not nodes:
        return offset, offset
    return nodes[0].start_byte, nodes[-1].end_byte
