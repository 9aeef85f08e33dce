"""How an incomplete line may continue.

A parser says whether a text is right, not whether it could become right. So a few continuations are tried; they
are parsed, and never shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from copilot_lsp.source.brackets import HARD, scan
from copilot_lsp.source.enclosing import closed_by, frames_at
from copilot_lsp.source.languages import is_indented, language_of
from copilot_lsp.source.site import Site
from copilot_lsp.source.tags import MARKUP, tags_of

_INDENTED = (
    (" x", ""),
    ("", ":"),
    (" x", ":"),
    (" in x", ""),
    (" in x", ":"),
    (" x in x", ":"),
    (" else x", ""),
    (" import x", ""),
    (" x import x", ""),
    ("", "\ndef x(): pass"),
    (" x():", " pass"),
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
    (" x()", " end"),
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


def ways_on(site: Site, text: str) -> Iterator[str]:
    """`text` as it is, with its brackets closed, and with what else may be missing; the likeliest first."""
    yield text
    closing = _closing(site, text)
    tags = _closing_tags(text) if site.language in MARKUP else ""
    text = text.removesuffix("\\")
    if closing:
        yield text + closing
    if tags:
        yield text + tags + closing
    for before, after in _continuations(site.language):
        if not (site.right.strip() and "\n" in before + after):
            yield text + before + closing + after


def _closing(site: Site, text: str) -> str:
    """What has to close what `text` leaves open, less what is closed right of the cursor.

    A string that ends with its line has to be closed there; one that began left of the cursor was open before.
    """
    inside = scan(text, site.language, frames_at(site))
    around = inside.frames[: inside.kept]
    closed = sum(frame.kind in HARD for frame in closed_by(site.right, site.language, around))
    own = (frame for frame in reversed(inside.own) if not (frame.quote and not frame.quote.spans))
    others = [frame for frame in reversed(around) if frame.kind in HARD][closed:]
    return "".join(frame.closing for frame in (*own, *others) if frame.kind in HARD)


def _continuations(language: str) -> tuple[tuple[str, str], ...]:
    if is_indented(language):
        return _INDENTED
    return _WORDED if language_of(language).id in _BY_WORDS else _BRACED


def _closing_tags(text: str) -> str:
    """What closes the elements that `text` opens, the last of which may still lack its `>`."""
    tags = tags_of(text)
    closing = "".join(f"</{name}>" for name in reversed(tags.unclosed))
    return f">{closing}" if closing and tags.cut else closing
