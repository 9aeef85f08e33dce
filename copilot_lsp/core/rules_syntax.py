"""A completion must not break the file: what makes a clean tree dirty, or a dirty one worse, is shortened or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tree_sitter import Tree

from copilot_lsp.core.brackets import PROSE, Brackets, scan
from copilot_lsp.core.document import snapshot_with
from copilot_lsp.core.languages import language_of
from copilot_lsp.core.passage import Passage
from copilot_lsp.core.site import Site
from copilot_lsp.core.syntax import error_count

_UNFINISHED_INDENTED = (("", " x", ":", " x:", " in x", " else x", " import x"), ("", ":", "\ndef x(): pass"))
_UNFINISHED = (("", " x", "; x", " 'x'", " from 'x'", ": x", " => x"), ("", ";", " {}", ";}", " x;", " x() {}"))
"""What may stand for the rest of a line that is not finished, in indented languages and in others: something before
the brackets that it leaves open are closed, and something after. The parser does not say whether a text could go on
well, so these are tried. They are never shown."""


def keeps_the_line_clean(passage: Passage) -> str:
    """For a line, which may well be the beginning of something that is not finished."""
    return next((text for text in _shorter_lines(passage) if _may_stand(passage.site, text)), "")


def keeps_the_block_clean(passage: Passage) -> str:
    """For a block, which has to be whole; of one that never is, the first line."""
    site = passage.site
    lines = passage.text.split("\n")
    for count in range(len(lines), 0, -1):
        text = "\n".join(lines[:count])
        if text.strip() and _is_whole(site, text):
            return text
    head = passage.text.lstrip("\n").partition("\n")[0] if site.starts_line else lines[0]
    return head if head.strip() and _may_stand(site, head) else ""


def _shorter_lines(passage: Passage) -> Iterator[str]:
    yield passage.text
    for index in reversed(scan(passage.text, passage.site.language).unopened):
        yield passage.text[:index].rstrip()


def _is_whole(site: Site, text: str) -> bool:
    if site.snapshot.tree is None:
        return not _closes_too_much(site, text) and not scan(text, site.language).unclosed
    return _adds_no_error(site, site.snapshot.tree, text)


def _may_stand(site: Site, text: str) -> bool:
    """Whether `text` breaks nothing, or would not if it went on."""
    tree = site.snapshot.tree
    if tree is None:
        return not _closes_too_much(site, text)
    return any(_adds_no_error(site, tree, tried) for tried in _tries(site, text))


def _adds_no_error(site: Site, tree: Tree, text: str) -> bool:
    """Where there were errors before, only those of the top-level node at the cursor count."""
    data = text.encode()
    after = snapshot_with(site.snapshot, site.offset, site.offset, data).tree
    if after is None or not tree.root_node.has_error:
        return after is None or not after.root_node.has_error
    start, end = _top_level_span(tree, site.offset)
    return error_count(after, start, end + len(data)) <= error_count(tree, start, end)


def _top_level_span(tree: Tree, offset: int) -> tuple[int, int]:
    """The bytes of the top-level nodes that the cursor is in or touches."""
    nodes = [node for node in tree.root_node.children if node.start_byte <= offset <= node.end_byte]
    if not nodes:
        return offset, offset
    return nodes[0].start_byte, nodes[-1].end_byte


def _tries(site: Site, text: str) -> Iterator[str]:
    """`text` as it is, with its brackets closed, and with what else may be missing."""
    yield text
    grammar = language_of(site.language).grammar
    left = scan(site.left, site.language)
    inside = scan(text, site.language, left.quote)
    closing = inside.quote + inside.unclosed + _still_open(site, left, inside)
    if closing:
        yield text + closing
    indented = grammar is not None and grammar.indented
    befores, afters = _UNFINISHED_INDENTED if indented else _UNFINISHED
    for before, after in product(befores, afters):
        if (before or after) and not (site.right.strip() and "\n" in after):
            yield text + inside.quote + before + closing[len(inside.quote) :] + after


def _still_open(site: Site, left: Brackets, inside: Brackets) -> str:
    """The closing brackets that what stands left of the cursor still needs, after the text and before the rest."""
    taken = len(inside.unopened) + len(scan(site.right, site.language).unopened)
    return left.unclosed[taken:]


def _closes_too_much(site: Site, text: str) -> bool:
    """Whether `text` closes a bracket that is not open at the cursor; in prose one may stand alone."""
    if site.language in PROSE:
        return False
    before = scan("\n".join((*site.above, site.left)), site.language).unclosed
    after = scan("\n".join((site.right, *site.below)), site.language).unopened
    return len(scan(text, site.language).unopened) > max(len(before) - len(after), 0)
