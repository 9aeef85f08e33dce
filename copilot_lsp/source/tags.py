"""The tags of markup in a piece of text that may begin and end anywhere, as far as lines tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKUP = frozenset({"html", "xml", "javascript", "javascriptreact", "typescriptreact", "php"})

_TAG = re.compile(r"<(/?)([A-Za-z][\w.:-]*\b|(?=>))((?:=>|[^<>])*)(>|\Z)")


@dataclass(frozen=True, slots=True)
class Tags:
    """`unopened`: index (code points) and name of each closing tag whose element began before the text.

    `unclosed`: the names of the elements that the text leaves open, the outermost first. `cut`: its last tag still
    lacks the `>`.
    """

    unopened: tuple[tuple[int, str], ...]
    unclosed: tuple[str, ...]
    cut: bool


def tags_of(text: str) -> Tags:
    """Elements that may lack their end, such as `<br>`, count as open; a closing tag forgets those inside its own."""
    waiting: list[str] = []
    unopened: list[tuple[int, str]] = []
    end = ">"
    for match in _TAG.finditer(text):
        closes, name, attributes, end = match.groups()
        if not closes:
            waiting += [] if attributes.endswith("/") else [name]
        elif name in waiting:
            del waiting[len(waiting) - 1 - waiting[::-1].index(name) :]
        else:
            unopened.append((match.start(), name))
    return Tags(tuple(unopened), tuple(waiting), not end)
