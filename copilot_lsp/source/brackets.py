"""Finds brackets, strings and comments in a piece of text that may begin and end anywhere.

A scan by regular expressions, without a tree, so it works on incomplete lines in any language while text streams in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache

from copilot_lsp.source.languages import language_of, line_comment
from copilot_lsp.source.strings import Quote, quotes_of

PAIRS = {"(": ")", "[": "]", "{": "}"}
OPENING = {closing: opening for opening, closing in PAIRS.items()}

_SCRIPTS = ("javascript", "javascriptreact", "typescript", "typescriptreact")

_ANGLED = frozenset(
    (*_SCRIPTS, "cpp", "csharp", "dart", "html", "java", "kotlin", "php", "rust", "scala", "swift", "xml")
)
"""Languages with tags or with types between angle brackets."""

_REGEX = r"(?<![\w)\]}$\"'`/<*] )(?<![\w)\]}$\"'`/<*])/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"
"""A whole regular expression, where nothing could be divided; half a one is scanned as code."""

_REGEX_LITERALS = frozenset((*_SCRIPTS, "ruby", "perl"))


class Kind(Enum):
    """LOOSE is a bracket that means nothing to a parser, but comes in pairs: in text, and `<` in code."""

    BRACKET = auto()
    STRING = auto()
    HOLE = auto()
    COMMENT = auto()
    LOOSE = auto()


HARD = frozenset({Kind.BRACKET, Kind.STRING, Kind.HOLE})
"""What a parser wants closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An open bracket, string or comment: what closes it, and the index (code points) where it was opened."""

    kind: Kind
    closing: str
    index: int
    quote: Quote | None = None
    """Of a string."""

    @property
    def is_text(self) -> bool:
        return self.kind in (Kind.STRING, Kind.COMMENT)


Frames = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Brackets:
    """What a text leaves unbalanced; indexes are code points into it.

    `frames` is what is open at its end, the outermost first; the first `kept` of them were open before it.
    `closings`: where the text closes what was open before it, and how many frames of that are left then.
    `unopened`: the closing brackets of code that close nothing in the text.
    """

    frames: Frames
    kept: int
    closings: tuple[tuple[int, int], ...]
    unopened: tuple[int, ...]

    @property
    def own(self) -> Frames:
        return self.frames[self.kept :]

    @property
    def unclosed(self) -> str:
        """The closing brackets missing for those opened in the text, in order."""
        hard = (frame for frame in reversed(self.own) if frame.kind in HARD and frame.kind is not Kind.STRING)
        return "".join(frame.closing for frame in hard)

    @property
    def comment(self) -> int | None:
        """Start of the comment that is open at the end."""
        return next((frame.index for frame in self.own if frame.kind is Kind.COMMENT), None)

    @property
    def open_at(self) -> int | None:
        """The first bracket or string of the text that is still open at the end."""
        return next((frame.index for frame in self.own if frame.kind in HARD), None)


def scan(text: str, language: str, start: Frames = ()) -> Brackets:
    """`start`: what is open where the text begins."""
    at = _Scan(text, language, list(start), len(start))
    while match := at.pattern().search(text, at.position):
        at.take(match)
    return Brackets(tuple(at.stack), at.kept, tuple(at.closings), tuple(at.unopened))


def text_frame(frames: Frames) -> Frame | None:
    """The string or comment whose text continues at the end of `frames`, None in code."""
    frame = next((frame for frame in reversed(frames) if frame.kind is not Kind.LOOSE), None)
    return frame if frame and frame.is_text else None


def code_part(line: str, language: str) -> str:
    """`line` without a comment at its end, and without white space there."""
    return line[: scan(line, language).comment].rstrip()


@dataclass(slots=True)
class _Scan:
    """The state of `scan`: a stack, and where in the text it is."""

    text: str
    language: str
    stack: list[Frame]
    kept: int
    position: int = 0
    closings: list[tuple[int, int]] = field(default_factory=list)
    unopened: list[int] = field(default_factory=list)

    def pattern(self) -> re.Pattern[str]:
        frame = text_frame(tuple(self.stack))
        if frame is not None:
            return _text_pattern(frame.closing, frame.quote)
        return _code_pattern(self.language, any(each.kind is Kind.HOLE for each in self.stack))

    def take(self, match: re.Match[str]) -> None:
        kind, token, index = match.lastgroup or "", match.group(), match.start()
        self.position = match.end()
        if kind.startswith("quote"):
            self._quote(quotes_of(self.language)[int(kind[5:])], token, index)
        elif kind.startswith("comment"):
            self._push(Kind.COMMENT, _comment_marks(self.language)[int(kind[7:])][1] or "\n", index)
        elif kind == "open":
            self._push(Kind.BRACKET, PAIRS[token], index)
        elif kind == "hole":
            self._push(Kind.HOLE, ")" if token.endswith("(") else "}", index)
        elif kind == "loose":
            self._push(Kind.LOOSE, ">" if token[0] == "<" else PAIRS[token], index)
        elif kind == "end":
            self._end_text(index)
        elif kind in ("close", "shut"):
            self._close(token[-1], index, Kind.LOOSE if kind == "shut" else Kind.BRACKET)

    def _push(self, kind: Kind, closing: str, index: int, quote: Quote | None = None) -> None:
        self.stack.append(Frame(kind, closing, index, quote))

    def _quote(self, quote: Quote, token: str, index: int) -> None:
        """Begins a string, or ends the one in whose hole the scan is."""
        closing = quote.end_of(token)
        if self._ends_outer(closing, index):
            self._pop_to(max(i for i, frame in enumerate(self.stack) if frame.kind is Kind.STRING), index)
        else:
            self._push(Kind.STRING, closing, index, quote)

    def _ends_outer(self, closing: str, index: int) -> bool:
        """Whether a quote in a hole ends the string around it: no string can begin after a word."""
        if len(self.stack) < 2 or self.stack[-1].kind is not Kind.HOLE or self.stack[-2].closing != closing:
            return False
        before = self.text[:index].rstrip()
        if not before or re.search(r"[\w)\]]\Z", before):
            return language_of(self.language).id != "shellscript" or not before
        return self.language == "python" and before.endswith("{")

    def _end_text(self, index: int) -> None:
        self._pop_to(max(i for i, frame in enumerate(self.stack) if frame.is_text), index)

    def _close(self, bracket: str, index: int, kind: Kind) -> None:
        """Inner brackets that were forgotten do not keep an outer one from being closed."""
        for depth in reversed(range(len(self.stack))):
            frame = self.stack[depth]
            loose = frame.kind is Kind.LOOSE
            if frame.closing == bracket and not frame.is_text and loose is (kind is Kind.LOOSE):
                return self._pop_to(depth, index)
            if frame.is_text or (kind is Kind.LOOSE and not loose):
                break
        if kind is Kind.BRACKET:
            self.unopened.append(index)
        return None

    def _pop_to(self, depth: int, index: int) -> None:
        if depth < self.kept:
            if self.stack[depth].kind in (Kind.BRACKET, Kind.HOLE):
                self.unopened.append(index)
            self.kept = depth
            self.closings.append((index, depth))
        del self.stack[depth:]


@cache
def _code_pattern(language: str, in_hole: bool) -> re.Pattern[str]:
    """No comment begins in a hole: `{number:#x}`."""
    parts = [r"'(?:\\[^\n]|[^\\'\n])'"]  # a character, also where an apostrophe is no quote: Rust's lifetimes
    if not in_hole:
        marks = enumerate(_comment_marks(language))
        parts = [*(f"(?P<comment{number}>{opening})" for number, (opening, _) in marks), *parts]
    if language_of(language).id in _REGEX_LITERALS:
        parts.append(_REGEX)
    parts += [f"(?P<quote{number}>{quote.opening})" for number, quote in enumerate(quotes_of(language))]
    if language_of(language).id in _ANGLED:
        parts.append(r"(?P<loose></?(?=[\w>]|\Z)|(?<=[\w:])<(?=[\w&'\[(:]))|(?P<shut>(?<![-=])/?>(?!=))")
    return re.compile("|".join([*parts, r"(?P<open>[(\[{])|(?P<close>[)\]}])"]))


@cache
def _text_pattern(closing: str, quote: Quote | None) -> re.Pattern[str]:
    """Of a string, or of a comment (no `quote`); `closing` is a regular expression for a comment."""
    end = (re.escape(closing) if quote else closing) or r"(?!)"
    if quote and not quote.spans:
        end += r"|\n"
    parts = [quote.skip] if quote and quote.skip else []
    parts.append(f"(?P<end>{end})")
    if quote and quote.hole:
        parts.append(f"(?P<hole>{quote.hole})")
    return re.compile("|".join([*parts, r"(?P<loose>[(\[{])|(?P<shut>[)\]}])"]))


@cache
def _comment_marks(language: str) -> tuple[tuple[str, str], ...]:
    """Regular expressions of what begins and ends a comment; "": the end of the line ends it."""
    return tuple(_marks(language))


def _marks(language: str) -> Iterator[tuple[str, str]]:
    grammar = language_of(language).grammar
    marks = [(a.decode(), b.decode()) for a, b in grammar.comment_marks] if grammar is not None else []
    if not marks and (prefix := line_comment(language)):
        marks = [(rf"(?<!\S){re.escape(prefix)}", "")]
    yield from marks
