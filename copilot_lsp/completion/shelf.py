"""Context from other files in a document's prompts: a list that is stable while the user types.

It comes first in the prompt, so any change invalidates the KV cache of everything after it. It therefore changes only
when the lines around the cursor's line mention other names, by one chunk at a time, the new one last; and the scheduler
lets it change only while no query waits.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from copilot_lsp.completion.chunks import CHARS, Picked, cost
from copilot_lsp.engine.base import Chunk
from copilot_lsp.source.document import Snapshot


class Others(Protocol):
    """A source of context from other files."""

    def choose(self, snapshot: Snapshot, offset: int) -> Awaitable[tuple[Picked, ...] | None]:
        """The chunks for a place, most relevant last; None: not known yet.

        Takes milliseconds; does not block the event loop.
        """

    def refuses(self, chunk: Chunk) -> bool:
        """Whether the chunk's file must no longer be read."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """`names`: those that the list was chosen for (`wanted.steady`), None while it is to change further."""

    names: frozenset[str] | None = None
    picked: tuple[Picked, ...] = ()

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        return tuple(each.chunk for each in self.picked)


EMPTY = Shelf()


def next_shelf(old: Shelf, names: frozenset[str], fresh: tuple[Picked, ...], tokens: int) -> Shelf:
    """`old` with at most one new chunk of `fresh`, at the end; all of `fresh` if `old` is empty.

    Chunks that are no longer wanted stay while there is room, because removing them costs more. A newer version of a
    chunk replaces the older one.
    """
    if not old.picked:
        return Shelf(names, fresh)
    there = set(old.chunks)
    new = [each for each in fresh if each.chunk not in there]
    if not new:
        return Shelf(names, old.picked)
    wanted = {each.chunk for each in fresh}
    kept = [each for each in old.picked if each.chunk in wanted or not _is_version(each, new[-1])]
    spare = [each for each in kept if each.chunk not in wanted]
    while spare and cost(new[-1]) + sum(map(cost, kept)) > tokens * CHARS:
        kept.remove(spare.pop())
    if cost(new[-1]) + sum(map(cost, kept)) > tokens * CHARS:
        return Shelf(names, old.picked)
    return Shelf(names if len(new) == 1 else None, (*kept, new[-1]))


def without(shelf: Shelf, others: Others | None) -> Shelf:
    """The shelf without chunks that must no longer be read."""
    kept = tuple(each for each in shelf.picked if others is not None and not others.refuses(each.chunk))
    return shelf if len(kept) == len(shelf.picked) else Shelf(None, kept)


def _is_version(old: Picked, new: Picked) -> bool:
    """Whether both are of the same definition (a skeleton begins with its signature)."""
    first, other = old.chunk.text.partition("\n")[0], new.chunk.text.partition("\n")[0]
    return old.chunk.source == new.chunk.source and first == other
