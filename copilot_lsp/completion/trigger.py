"""Whether to ask the model at all, and for a line or for a block.

Completions while typing must not disturb: none inside a word, none where code follows on the line. A block is requested
where a body is missing, otherwise a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node

from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import CompletionSettings, Multiline
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.blocks import CLOSER, DEFINITION, opens_block
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import language_of, line_comment
from copilot_lsp.source.regions import Region, region_at
from copilot_lsp.source.site import Site, width
from copilot_lsp.source.syntax import ancestors

FEW = 2
"""Characters after the cursor that may be more than closing ones: `{` or `=>` after `)`."""

_CLOSING = re.compile(r"</[\w.:-]*>|/>|\*/|-->|[\s)\]}>\"'`;,:]")
"""What editors insert after the cursor automatically, or what ends a statement (Copilot's middle-of-line rule)."""

_OPENERS = frozenset({"{", "(", "[", ":", "=>", "->", "do", "then", "else", "begin", "repeat"})
_NO_BODY = frozenset({"pair", "slice", "type_annotation", "typed_parameter", "conditional_expression", "ERROR"})
"""Owners of a colon that begins no body."""

_DECORATOR = re.compile(r"\s*(?:@\w|#\[)")


class Trigger(StrEnum):
    """AUTOMATIC: the user is typing. INVOKED: requested by key."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


@dataclass(frozen=True, slots=True)
class Ask:
    shape: Shape


def decide(snapshot: Snapshot, offset: int, trigger: Trigger, settings: CompletionSettings) -> Ask | Silence:
    """Whether a completion is wanted at the byte `offset`; an invoked one always is."""
    site = Site.of(snapshot, offset)
    if trigger is Trigger.AUTOMATIC and (silence := _disturbs(site) or _turned_off(site, settings)):
        return silence
    return Ask(_shape(site, settings.multiline))


def _disturbs(site: Site) -> Silence | None:
    if re.match(r"\w", site.right):
        return Silence(Reason.MID_WORD)
    if len(_CLOSING.sub("", _without_comment(site))) > FEW:
        return Silence(Reason.TEXT_TO_THE_RIGHT)
    return None


def _turned_off(site: Site, settings: CompletionSettings) -> Silence | None:
    if settings.in_comments and settings.in_strings:
        return None
    match _region(site):
        case Region.COMMENT if not settings.in_comments:
            return Silence(Reason.IN_COMMENT)
        case Region.STRING if not settings.in_strings:
            return Silence(Reason.IN_STRING)
    return None


def _without_comment(site: Site) -> str:
    prefix = line_comment(site.language)
    return re.split(rf"(?<!\S){re.escape(prefix)}", site.right, maxsplit=1)[0] if prefix else site.right


def _shape(site: Site, multiline: Multiline) -> Shape:
    if multiline != "auto":
        return Shape.BLOCK if multiline == "always" else Shape.LINE
    if site.right.strip() or _region(site) is not Region.CODE:
        return Shape.LINE
    return Shape.BLOCK if _begins_body(site) or _follows_announcement(site) else Shape.LINE


def _region(site: Site) -> Region:
    tree = site.snapshot.tree
    if tree is not None:
        return region_at(tree, site.language, site.offset)
    prefix = line_comment(site.language)
    return Region.COMMENT if prefix and site.left.lstrip().startswith(prefix) else Region.CODE


def _begins_body(site: Site) -> bool:
    """Whether the cursor is at the end of a header, or on a line below it, and nothing of its body is there."""
    header = _header_indent(site)
    following = site.next_line
    return header is not None and (not following or width(following) <= header)


def _header_indent(site: Site) -> int | None:
    """Columns that the header before the cursor is indented; None when the code before it is no header."""
    leaf = _last_code(site)
    if leaf is None or (owner := _owner(leaf)).type == "ERROR":
        return _header_indent_by_lines(site)
    if leaf.type not in _OPENERS or owner.type in _NO_BODY:
        return _header_indent_by_lines(site) if leaf.type != ":" else None
    if not site.starts_line and leaf.type in "([":
        return None
    text = site.snapshot.text
    start, end = text.line_span(text.line_at(owner.start_byte))
    return width(text.data[start:end].decode("utf-8", "ignore"))


def _owner(leaf: Node) -> Node:
    """The statement whose body `leaf` opens: the nearest node around it that begins before it."""
    return next((node for node in ancestors(leaf) if node.start_byte < leaf.start_byte), leaf)


def _last_code(site: Site) -> Node | None:
    """The last token before the cursor that is neither in a comment nor in the docstring of an empty body."""
    tree = site.snapshot.tree
    grammar = language_of(site.language).grammar
    if tree is None or grammar is None:
        return None
    end = site.offset
    while code := site.snapshot.text.data[:end].rstrip():
        leaf = tree.root_node.descendant_for_byte_range(len(code) - 1, len(code))
        if leaf is None:
            return None
        skipped = next((node for node in ancestors(leaf) if node.type in grammar.comments or _is_docstring(node)), None)
        if skipped is None:
            return leaf
        end = skipped.start_byte
    return None


def _is_docstring(node: Node) -> bool:
    statement = node.parent
    if node.type != "string" or statement is None or statement.type != "expression_statement":
        return False
    body = statement.parent
    return body is not None and body.type == "block" and statement.start_byte == body.start_byte


def _header_indent_by_lines(site: Site) -> int | None:
    header = site.left if not site.starts_line else _last_code_line(site)
    if not opens_block(header, site.language) or (not site.starts_line and header.rstrip().endswith(("(", "["))):
        return None
    return width(header)


def _last_code_line(site: Site) -> str:
    prefix = line_comment(site.language)
    lines = (line for line in reversed(site.above) if line.strip())
    return next((line for line in lines if not (prefix and line.lstrip().startswith(prefix))), "")


def _follows_announcement(site: Site) -> bool:
    """Whether the line above is a comment or a decorator and the code that it announces is not there yet."""
    above = site.above[-1] if site.above else ""
    decorator = _DECORATOR.match(above) is not None
    if not site.starts_line or not (decorator or _is_comment(above, site.language)):
        return False
    if site.below and site.below[0].strip():
        return CLOSER.match(site.below[0]) is not None
    following = site.next_line
    elsewhere = not following or width(following) < width(site.left)
    return decorator or elsewhere or DEFINITION.match(following) is not None


def _is_comment(line: str, language: str) -> bool:
    head = line.strip()
    prefix = line_comment(language)
    return head.endswith("*/") or (bool(prefix) and head.startswith(prefix) and len(head) > len(prefix))
