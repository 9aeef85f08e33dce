"""The text being typed, and the effect of each key in an editor with automatic indentation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from copilot_lsp.evaluation.typing.pairs import Pair
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.source.blocks import opens_block
from copilot_lsp.source.site import indentation

CLOSERS = ")]}"


class Key(StrEnum):
    """CHAR writes what comes next. OVER passes what the editor closed already. The last three take a suggestion."""

    CHAR = "character"
    ENTER = "enter"
    TAB = "tab"
    BACKSPACE = "backspace"
    OVER = "over"
    ALL = "all"
    LINE = "line"
    WORD = "word"


TAKING = frozenset({Key.ALL, Key.LINE, Key.WORD})


@dataclass(frozen=True, slots=True)
class Closer:
    """`text` stands right of the cursor; it is `Place.text[start:start + len(text)]`."""

    start: int
    text: str


@dataclass(frozen=True)
class Page:
    """The file is `before + left + right + after`, the cursor between `left` and `right`.

    `at`: how much of the place's text is left of the cursor. `excess`: indentation that the editor gave and the text
    does not have. `closers`: what the editor closed, innermost first; empty where it does not (`closes` False).
    """

    place: Place
    closes: bool = True
    at: int = 0
    excess: str = ""
    closers: tuple[Closer, ...] = ()

    @property
    def left(self) -> str:
        return self.place.text[: self.at] + self.excess

    @property
    def right(self) -> str:
        return "".join(closer.text for closer in self.closers)

    @property
    def limit(self) -> int:
        """How far into the text a suggestion can be right: what stands right of the cursor is written already."""
        return self.closers[0].start if self.closers else len(self.place.text)

    @property
    def is_done(self) -> bool:
        return self.at == len(self.place.text) and not self.excess

    @cached_property
    def key(self) -> Key:
        """The key that comes next for somebody who types; the page is not done."""
        text, at = self.place.text, self.at
        if self.closers and self.closers[0].start == at:
            return Key.OVER
        if text[at] == "\n":
            return Key.ENTER
        if self.excess and text[at] not in CLOSERS:
            return Key.BACKSPACE
        if text[at] in " \t" and not self._line.strip():
            return Key.TAB
        return Key.CHAR

    @property
    def _line(self) -> str:
        """The cursor's line left of it."""
        return (self.place.before + self.left).rpartition("\n")[2]

    def typed(self) -> Page:
        """After `key`."""
        key = self.key
        if key is Key.OVER:
            closer, *others = self.closers
            return replace(self, at=closer.start + len(closer.text), excess="", closers=tuple(others))
        if key is Key.BACKSPACE:
            unit = len(self.place.unit)
            return replace(self, excess=self.excess[:-unit])
        if key is Key.ENTER:
            return self._entered()
        if key is Key.TAB:
            return replace(self, at=self.at + max(1, common(self.place.unit, self.place.text[self.at :])))
        return self._character()

    def _character(self) -> Page:
        """An opening bracket or quote gets its other half; a closing one takes the excess indentation away."""
        pair = next((pair for pair in self.place.pairs if pair.start == self.at), None)
        closers = self.closers
        if self.closes and pair is not None:
            closers = (Closer(pair.end, self.place.text[pair.end]), *closers)
        return replace(self, at=self.at + 1, excess="", closers=closers)

    def _entered(self) -> Page:
        """A new line with the indentation that the lines above call for; a line of white space alone is emptied."""
        text, at = self.place.text, self.at + 1
        given = self._indentation()
        end = at + len(text[at:]) - len(text[at:].lstrip(" \t"))
        fits = common(given, text[at:end])
        excess = given[fits:] if at + fits == end else ""
        closers = self.closers
        if closers and (own := self._own_line(closers[0])):
            closers = (own, *closers[1:])
        return replace(self, at=at + fits, excess=excess, closers=closers)

    def _own_line(self, closer: Closer) -> Closer | None:
        """Enter between two brackets puts the second one on a line of its own, where the text has it."""
        text = self.place.text
        opened = any(pair == Pair(self.at - 1, closer.start) for pair in self.place.pairs)
        start = text.rfind("\n", 0, closer.start)
        if not opened or len(closer.text) > 1 or start <= self.at or text[start : closer.start].strip():
            return None
        return Closer(start, text[start : closer.start + 1])

    def _indentation(self) -> str:
        """What an editor indents a new line with: as the last line above, deeper after one that opens a block."""
        lines = (self.place.before + self.place.text[: self.at]).split("\n")[-50:]
        line = next((line for line in reversed(lines) if line.strip()), "")
        deeper = self.place.unit if opens_block(line, self.place.language) else ""
        return indentation(line) + deeper

    def taken(self, length: int) -> Page:
        """After so many characters of a suggestion were taken; they are those of the text."""
        return replace(self, at=self.at + length)


def common(first: str, second: str) -> int:
    """The length of what both begin with."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def keys_by_hand(place: Place, closes: bool) -> int:
    """Keys that the place takes without any suggestion."""
    page, count = Page(place, closes), 0
    while not page.is_done:
        page, count = page.typed(), count + 1
    return count
