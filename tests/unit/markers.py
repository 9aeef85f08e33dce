"""Fixtures with a cursor in them: `x = fo‸(1)`."""

from __future__ import annotations

CURSOR = "‸"


def cursor(source: str) -> tuple[str, int]:
    """`source` without its one cursor mark, and the byte offset where it was."""
    before, mark, after = source.partition(CURSOR)
    assert mark, f"no {CURSOR} in {source!r}"
    assert CURSOR not in after, f"more than one {CURSOR} in {source!r}"
    return before + after, len(before.encode())
