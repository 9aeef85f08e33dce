"""Brackets, quotes and comments in a piece of text that may begin and end anywhere.

A scan by regular expression, not by tree: it works on half a line, in any language, while text streams in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from copilot_lsp.source.languages import language_of, line_comment

PAIRS = {"(": ")", "[": "]", "{": "}"}
OPENING = {closing: opening for opening, closing in PAIRS.items()}

PROSE = frozenset({"plaintext", "markdown", "latex", "restructuredtext", "asciidoc", "git-commit"})
"""Languages in which a bracket or an apostrophe may well stand alone."""

SPANNING = ('"""', "'''", "`")
"""Quotes whose strings go on over line ends."""


@dataclass(frozen=True, slots=True)
class Brackets:
    """What a text leaves unbalanced; indexes are code points into it.

    `unopened` has the closing brackets that close nothing in the text, `unclosed` those that its own opening ones
    still need, in the order in which they have to come. `quote` is that of a string still open at the end, and
    `quote_end` the place of the one that closes the string in which the text began.
    `comment` is where a comment begins that is still open at the end, and `open_at` the first bracket or string.
    """

    unopened: tuple[int, ...] = ()
    unclosed: str = ""
    quote: str = ""
    quote_end: int | None = None
    comment: int | None = None
    open_at: int | None = None


def scan(text: str, language: str, quote: str = "") -> Brackets:
    """`quote`: the text begins inside a string that this closes."""
    start, quote_end = 0, None
    if quote:
        quote_end = _string_end(text, quote)
        if quote_end is None:
            return Brackets(quote=quote)
        start = quote_end + len(quote)
    needed: list[tuple[str, int]] = []
    unopened: list[int] = []
    still_open, comment, string = "", None, []
    for match in _tokens(language).finditer(text, start):
        kind, token = match.lastgroup or "", match.group()
        if kind == "open":
            needed.append((PAIRS[token], match.start()))
        elif kind == "close":
            _close(token, match.start(), needed, unopened)
        elif kind.startswith("endless"):
            still_open, string = _quotes(language)[int(kind[7:])], [match.start()]
        elif kind == "comment" and match.end() == len(text):
            comment = match.start()
    unclosed = "".join(closing for closing, _ in reversed(needed))
    open_at = next(iter([*(start for _, start in needed), *string]), None)
    return Brackets(tuple(unopened), unclosed, still_open, quote_end, comment, open_at)


def code_part(line: str, language: str) -> str:
    """`line` without a comment at its end, and without white space there."""
    return line[: scan(line, language).comment].rstrip()


def _close(bracket: str, index: int, needed: list[tuple[str, int]], unopened: list[int]) -> None:
    """Inner brackets that were forgotten do not keep an outer one from being closed."""
    if all(closing != bracket for closing, _ in needed):
        unopened.append(index)
        return
    while needed.pop()[0] != bracket:
        pass


def _string_end(text: str, quote: str) -> int | None:
    """The index of the `quote` that ends the string in which `text` begins; a line end ends most strings too."""
    ending = re.escape(quote) if quote in SPANNING else rf"{re.escape(quote)}|\n"
    match = re.match(rf"(?:\\.|(?!{ending}).)*(?={re.escape(quote)})", text, re.DOTALL)
    return match.end() if match else None


@cache
def _quotes(language: str) -> tuple[str, ...]:
    grammar = language_of(language).grammar
    if grammar is not None:
        return tuple(quote.decode() for quote in grammar.quotes)
    return () if language in PROSE else ('"',)


@cache
def _tokens(language: str) -> re.Pattern[str]:
    """Named groups: `comment` is one without an end in the text, `endless<n>` marks a string like that."""
    strings = [_string_pattern(number, quote) for number, quote in enumerate(_quotes(language))]
    character = r"'(?:\\[^\n]|[^\\'\n])'"  # also where an apostrophe is no quote: Rust's lifetimes
    brackets = r"(?P<open>[(\[{])|(?P<close>[)\]}])"
    return re.compile("|".join([*_comment_patterns(language), *strings, character, brackets]))


def _comment_patterns(language: str) -> Iterator[str]:
    grammar = language_of(language).grammar
    marks = [(a.decode(), b.decode()) for a, b in grammar.comment_marks] if grammar is not None else []
    if not marks and (prefix := line_comment(language)):
        marks = [(rf"(?<!\S){re.escape(prefix)}", "")]
    whole = [f"{opening}(?s:.*?){closing}" for opening, closing in marks if closing]
    endless = [f"{opening}(?s:.*)" if closing else rf"{opening}[^\n]*" for opening, closing in marks]
    yield from whole
    if endless:
        yield f"(?P<comment>{'|'.join(endless)})"


def _string_pattern(number: int, quote: str) -> str:
    end = re.escape(quote)
    ending = end if quote in SPANNING else rf"{end}|\n"
    inside = rf"(?:\\(?s:.)?|(?!{ending})(?s:.))*"
    return rf"{end}{inside}(?:{end}|(?P<endless{number}>\Z)|(?=\n))"
