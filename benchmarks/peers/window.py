"""What llama.vim sends of a file, and what it shows of an answer. Pure.

Retold from its autoload/llama.vim (2026-01-31): `s:fim_ctx_local` and `s:fim_render`. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PREFIX_LINES = 256
SUFFIX_LINES = 64
LOOK_BACK = 128
"""Characters typed since an answer was asked for."""

SCROLLED = 3
"""An answer is kept for windows as well that begin up to so many lines later."""


@dataclass(frozen=True, slots=True)
class Window:
    """`middle` is the cursor's line up to the cursor; `indent` is its width."""

    prefix: str
    middle: str
    suffix: str
    indent: int

    @property
    def before(self) -> str:
        return self.prefix + self.middle

    def labels(self) -> Iterator[tuple[str, str]]:
        """What its answer is kept under."""
        lines = self.prefix.split("\n")
        for dropped in range(min(SCROLLED, len(lines) - 1) + 1):
            yield "\n".join(lines[dropped:]) + self.middle, self.suffix


@dataclass(frozen=True, slots=True)
class Spot:
    """The file around the cursor, as lines; `left` and `right` are the cursor's line."""

    above: Sequence[str]
    left: str
    right: str
    below: Sequence[str]

    @classmethod
    def of(cls, before: str, after: str) -> Spot:
        *above, left = before.split("\n")
        right, *below = after.split("\n")
        return cls(above, left, right, below)

    @property
    def is_blank(self) -> bool:
        return not (self.left + self.right).strip()

    def window(self) -> Window:
        """A line of white space is sent as an empty one."""
        left, right = ("", "") if self.is_blank else (self.left, self.right)
        return _window(self.above[-PREFIX_LINES:], left, right, self.below, len(left) - len(left.lstrip()))

    def ahead(self, shown: Sequence[str], indent: int) -> Window:
        """As if what is shown had been taken; its last line ends with the rest of the cursor's line."""
        above = list(self.above[-(PREFIX_LINES - len(shown) + 1) :])
        if len(shown) == 1:
            return _window(above, self.left + shown[0], "", self.below, indent)
        return _window([*above, self.left + shown[0], *shown[1:-1]], shown[-1], "", self.below, indent)

    def shown(self, content: str) -> list[str]:
        """The lines that are shown, the rest of the cursor's line included; none when nothing can be taken."""
        lines = content.rstrip("\n").split("\n")
        left = self.left
        if self.is_blank:
            lead = min(len(lines[0]) - len(lines[0].lstrip()), len(self.left))
            left, lines[0] = lines[0][:lead], lines[0][lead:]
        if self._repeats(lines, left):
            lines = [""]
        lines[-1] += self.right
        return lines if "\n".join(lines).strip() else []

    def _repeats(self, lines: Sequence[str], left: str) -> bool:
        """It is what stands right of the cursor or below it already."""
        count = len(lines)
        if count > 1 and not lines[0] and list(lines[1:]) == list(self.below[: count - 1]):
            return True
        if count == 1 and lines[0] == self.right:
            return True
        first = next((number for number, line in enumerate(self.below) if line.strip()), len(self.below))
        below = self.below[first:]
        if not below or left + lines[0] != below[0]:
            return False
        if count == 2:
            return len(below) > 1 and below[1].startswith(lines[1])
        return count == 1 or list(lines[1:]) == list(below[1:count])


def _window(above: Sequence[str], left: str, right: str, below: Sequence[str], indent: int) -> Window:
    suffix = right + "\n" + "\n".join(below[:SUFFIX_LINES]) + "\n"
    return Window("\n".join(above) + "\n", left, suffix, indent)
