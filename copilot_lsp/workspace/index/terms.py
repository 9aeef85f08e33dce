"""The identifiers of a text, whole and split into words, and windows of lines as sets of identifiers."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

LINES = 20
STRIDE = 10
"""Of a window (arXiv 2403.10059: 20 and 10; chunk sizes matter little, arXiv 2605.04763)."""

IDENTIFIER = re.compile(r"[^\W\d]\w{2,}")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")

STOP = frozenset(
    """
    abstract and any args array as assert async auto await bool boolean break byte case catch char class cls console
    const constexpr continue data def default defer del delete dict do double elif else end ensure enum except export
    extends false final finally float fn for foreach from func function get global goto if impl implements import in
    include inline instanceof int interface is key kwargs lambda len let list local long loop match mod module mut
    name namespace new nil none nonlocal not null number object operator or override package pass print private
    property protected pub public raise readonly ref require rescue return self set short sizeof static std str
    string struct super switch template test then this throw throws trait true try tuple type typedef typename typeof
    undefined union unless unsafe unsigned until use using value var virtual void when where while with yield
    """.split()  # noqa: SIM905 -- a list would take a line a word
)
"""Keywords and the commonest names, in lower case: they tell nothing about what a place is about."""


@dataclass(frozen=True, slots=True)
class Window:
    """The lines [first, first + LINES), 0-based; `terms` are distinct hashes."""

    first: int
    terms: array[int]


def identifiers(text: str) -> Iterator[str]:
    """In order, with repetitions; no keywords, nothing shorter than three characters."""
    return (name for name in IDENTIFIER.findall(text) if name.lower() not in STOP)


@lru_cache(maxsize=50_000)
def parts(identifier: str) -> tuple[str, ...]:
    """The words that make it up, in lower case, if there are several: getUserName is get, user and name."""
    found = [part.lower() for part in _PART.findall(identifier) if len(part) > 2]
    return tuple(found) if len(found) > 1 else ()


@lru_cache(maxsize=100_000)
def term(name: str) -> int:
    """A name as a number of 32 bits: the index keeps no list of words."""
    return crc32(name.encode("utf-8", "replace"))


def terms_of(identifier: str) -> tuple[int, ...]:
    return (term(identifier), *map(term, parts(identifier)))


def windows(lines: Sequence[str]) -> Iterator[Window]:
    """Every STRIDE lines; the last one is not a part of the one before."""
    by_line = [frozenset(each for name in identifiers(line) for each in terms_of(name)) for line in lines]
    for first in range(0, max(len(lines) - (LINES - STRIDE), 1), STRIDE):
        found = frozenset[int]().union(*by_line[first : first + LINES])
        if found:
            yield Window(first, array("I", sorted(found)))
