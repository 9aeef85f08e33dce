"""Gitignore patterns, parsed as git does: invalid lines are skipped, never an error."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a file is excluded: the `pattern`, and where it is written."""

    pattern: str
    origin: str

    def __str__(self) -> str:
        return f"`{self.pattern}` in {self.origin}"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled lines; `origin` names them for people. `fold` is applied to paths (the lines have been folded)."""

    spec: GitIgnoreSpec
    lines: tuple[str, ...]
    origin: str
    fold: Callable[[str], str]

    def decide(self, path: str) -> Exclusion | bool:
        """What the last line says that matches `path` ('/'-separated, relative; a folder ends with '/').

        False: a negated line matches. True: none does.
        """
        result = self.spec.check_file(self.fold(path))
        if result.include is None or result.index is None:
            return True
        return Exclusion(self.lines[result.index], self.origin) if result.include else False

    def exclusion(self, path: str) -> Exclusion | None:
        decision = self.decide(path)
        return decision if isinstance(decision, Exclusion) else None

    def match(self, path: str) -> bool:
        """Whether `path` or a folder above it is matched."""
        return self.spec.match_file(self.fold(path))


def compiled(lines: Iterable[str], origin: str, fold: Callable[[str], str] = str) -> Patterns:
    specs = [(line, spec) for line in lines if (spec := _spec(fold(line))) is not None]
    found = [(line, pattern) for line, spec in specs for pattern in spec.patterns]
    return Patterns(GitIgnoreSpec([pattern for _, pattern in found]), tuple(line for line, _ in found), origin, fold)


def from_bytes(data: bytes, origin: str, fold: Callable[[str], str] = str) -> Patterns:
    """Of an ignore file: lines end with LF or CRLF, a byte-order mark is skipped, names need not be UTF-8."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return compiled((line.removesuffix("\r") for line in text.split("\n")), origin, fold)


def is_pattern(line: str) -> bool:
    """Whether `line` can match anything, or is a comment or blank."""
    return _spec(line) is not None


def first_excluded(path: str, judge: Callable[[str], Exclusion | None]) -> Exclusion | None:
    """As git does: folders are judged from the top down, and nothing below an excluded one is re-included.

    `judge` gets each folder on the way to `path` ('/'-separated) with a '/' at its end, and then `path`.
    """
    end = path.find("/")
    while 0 <= end < len(path) - 1:
        if found := judge(path[: end + 1]):
            return found
        end = path.find("/", end + 1)
    return judge(path)


def _spec(line: str) -> GitIgnoreSpec | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of `re`, for a `[` within brackets
            return GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return None
