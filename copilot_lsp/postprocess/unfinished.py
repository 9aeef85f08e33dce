"""How a line that is not finished may go on.

A parser says whether a text is right, not whether it could become right. So a few continuations are tried; they
are parsed, and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot_lsp.source.brackets import SPANNING, scan
from copilot_lsp.source.languages import is_indented, language_of
from copilot_lsp.source.site import Site

_INDENTED = (
    (" x", ""),
    ("", ":"),
    (" x", ":"),
    (" in x", ""),
    (" in x", ":"),
    (" else x", ""),
    (" import x", ""),
    ("", "\ndef x(): pass"),
)
_BRACED = (
    ("", ";"),
    ("", ","),
    ("", " {}"),
    (" x", ""),
    (" x", ";"),
    (" x", " {}"),
    ("; x", " {}"),
    (" x", " x;"),
    (": x", ";"),
    (" => x", ";"),
    (" 'x'", ";"),
    ("", " from 'x';"),
    ("", " x() {}"),
)
_WORDED = (
    (" x", ""),
    ("", "\nend"),
    ("", " end"),
    (" x", "\nend"),
    (" end", ""),
    (" then", " end"),
    (" do", " end"),
    ("\nx", "\nfi"),
    ("; then x", "; fi"),
    ("\nx", "\ndone"),
    ("; do x", "; done"),
    ("\n", "\nesac"),
)
"""What may come before the brackets that the line leaves open are closed, and what after: where blocks are made by
indentation, by braces, and by words."""

_BY_WORDS = frozenset({"ruby", "lua", "shellscript"})

_MARKUP = frozenset({"html", "javascript", "javascriptreact", "typescriptreact", "php"})

_TAG = re.compile(r"<(/?)([A-Za-z][\w.:-]*)\b([^<>]*)(>|\Z)")


def ways_on(site: Site, text: str) -> Iterator[str]:
    """`text` as it is, with its brackets closed, and with what else may be missing; the likeliest first."""
    yield text
    left = scan(site.left, site.language)
    inside = scan(text, site.language, left.quote)
    taken = len(inside.unopened) + len(scan(site.right, site.language).unopened)
    # A string that ends with its line has to be closed there; one that began left of the cursor was open before.
    quote = inside.quote if inside.quote in (left.quote, *SPANNING) else ""
    closing = inside.unclosed + left.unclosed[taken:]
    tags = _closing_tags(text) if site.language in _MARKUP else ""
    text = text.removesuffix("\\") + quote
    if quote or closing:
        yield text + closing
    if tags:
        yield text + tags + closing
    for before, after in _continuations(site.language):
        if not (site.right.strip() and "\n" in before + after):
            yield text + before + closing + after


def _continuations(language: str) -> tuple[tuple[str, str], ...]:
    if is_indented(language):
        return _INDENTED
    return _WORDED if language_of(language).id in _BY_WORDS else _BRACED


def _closing_tags(text: str) -> str:
    """What closes the elements that `text` opens, the last of which may still lack its `>`."""
    waiting: list[str] = []
    tags = _TAG.findall(text)
    for closes, name, attributes, _ in tags:
        if closes and name in waiting:
            waiting.remove(name)
        elif not closes and not attributes.endswith("/"):
            waiting.append(name)
    closing = "".join(f"</{name}>" for name in reversed(waiting))
    return f">{closing}" if waiting and not tags[-1][-1] else closing
