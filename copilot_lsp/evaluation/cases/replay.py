"""Cases from a folder: cursor positions drawn from its files with a seed, with a masked hole after each.

Each kind of hole is drawn for itself, so the cases of a smaller number are among those of a larger one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, zip_longest
from pathlib import Path

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.cases.holes import Hole, Kind, draw
from copilot_lsp.source.document import Document, Snapshot
from copilot_lsp.workspace.files import SourceFile, find

TRIES = 20
"""Draws for each case that is wanted, until a folder counts as exhausted."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What to draw: `count` cases, as many of each kind. No `languages`: those of `files.CODE`."""

    count: int
    seed: int
    kinds: Sequence[Kind] = tuple(Kind)
    languages: Sequence[str] = ()
    exclude: tuple[str, ...] = ()


def read(root: Path, wanted: Draw, max_parse_bytes: int) -> list[Case]:
    """The kinds take turns; a small folder has fewer cases than wanted. Raises UsageError when it has none."""
    found = find(root, wanted.languages, wanted.exclude)
    if not found.files:
        left = ", ".join(f"{number} {reason}" for reason, number in sorted(found.left_out.items()))
        raise UsageError(f"{root} has no source files to replay" + (f" (left out: {left})" if left else ""))

    @lru_cache(maxsize=256)
    def snapshot_of(file: SourceFile) -> Snapshot | None:
        text = file.read()
        return None if text is None else _snapshot(file, text, max_parse_bytes)

    kinds = wanted.kinds
    shares = [wanted.count // len(kinds) + (index < wanted.count % len(kinds)) for index in range(len(kinds))]
    drawn = [
        _drawn(found.files, snapshot_of, kind, share, random.Random(f"{wanted.seed}/{kind}"))
        for kind, share in zip(kinds, shares, strict=True)
    ]
    cases = [case for turn in zip_longest(*drawn) for case in turn if case is not None]
    if not cases:
        raise UsageError(f"{root} has no place for a hole of kind {' or '.join(kinds)}")
    return cases


def _snapshot(file: SourceFile, text: str, max_parse_bytes: int) -> Snapshot:
    return Document.open("", file.path, file.language, 0, text, max_parse_bytes).snapshot()


def _drawn(
    files: Sequence[SourceFile],
    snapshot_of: Callable[[SourceFile], Snapshot | None],
    kind: Kind,
    share: int,
    rng: random.Random,
) -> list[Case]:
    """A file is drawn as often as its size says."""
    weights = list(accumulate(file.size + 1 for file in files))
    cases: dict[str, Case] = {}
    for _ in range(share * TRIES):
        if len(cases) == share:
            break
        file = rng.choices(files, cum_weights=weights)[0]
        snapshot = snapshot_of(file)
        if snapshot and (hole := draw(snapshot, kind, rng)):
            case = replace(case_of(snapshot, kind, hole), file=file.file.resolve().as_posix())
            cases.setdefault(case.id, case)
    return list(cases.values())


def case_of(snapshot: Snapshot, kind: Kind, hole: Hole) -> Case:
    """The case of a hole; its id is the place as compilers print it."""
    data = snapshot.text.data
    line, column = snapshot.text.position_at(hole.start, "utf-32")
    return Case(
        id=f"{snapshot.path}:{line + 1}:{column + 1} {kind}",
        suite=Suite.REPLAY,
        kind=str(kind),
        language=snapshot.language,
        path=snapshot.path,
        prefix=data[: hole.start].decode(),
        truth=data[hole.start : hole.end].decode(),
        suffix=data[hole.end :].decode(),
    )
