"""Places of several projects at which other files may matter. No model is needed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from copilot_lsp.cli.knowing import opened
from copilot_lsp.completion.chunks import FEW, Cursor, Options, select
from copilot_lsp.engine.base import Chunk
from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.settings import Settings
from copilot_lsp.workspace.index.library import Library

Group = Literal["new", "known", "none"]
"""What the right answer names of other files: something that the rest of its own file does not mention, something that
it mentions, nothing.
"""

NAME = re.compile(r"[^\W\d]\w{2,}")
TRIES = 40
"""Holes drawn in each project for each that is wanted: most name nothing of another file."""


@dataclass(frozen=True, slots=True)
class Placed:
    """`names`: those in the right answer that one to three other files define and this one does not."""

    case: Case
    group: Group
    random: bool
    names: frozenset[str]
    chunks: tuple[Chunk, ...]

    @property
    def is_named(self) -> bool:
        """Whether the context has one of the names."""
        return any(self.names & set(NAME.findall(chunk.text)) for chunk in self.chunks)


def draw(folder: Path, language: str, count: int, seed: int, tokens: int) -> list[Placed]:
    """Up to `count` of each group that names something of another file, and as many at random; each project below
    `folder` is a workspace of its own, and they take turns. `tokens` of chunks at most.
    """
    projects = sorted(path for path in folder.iterdir() if path.is_dir())
    turns = [_of(project, language, count, seed, tokens) for project in projects]
    mixed = [placed for turn in _in_turn(turns) for placed in turn]
    groups: Sequence[Group] = ("new", "known")
    wanted = [placed for group in groups for placed in [each for each in mixed if each.group == group][:count]]
    random = [replace(placed, random=True) for placed in mixed[:count]]
    return list({placed.case.id: placed for placed in [*wanted, *random]}.values())


def _in_turn(turns: Sequence[Sequence[Placed]]) -> Iterator[list[Placed]]:
    for index in range(max(map(len, turns), default=0)):
        yield [placed[index] for placed in turns if index < len(placed)]


def _of(project: Path, language: str, count: int, seed: int, tokens: int) -> list[Placed]:
    settings = Settings()
    wanted = replay.Draw(TRIES * count, seed, (Kind.LINE, Kind.MID), (language,))
    try:
        cases = replay.read(project, wanted, settings.max_parse_bytes)
    except UsageError:
        return []
    with closing(opened((project.resolve().as_posix(),), settings)) as library:
        return [_placed(library, case, tokens, settings) for case in cases]


def _placed(library: Library, case: Case, tokens: int, settings: Settings) -> Placed:
    names = frozenset(name for name in NAME.findall(case.hole) if _is_elsewhere(library, name, case))
    around = set(NAME.findall(case.prefix)) | set(NAME.findall(case.suffix))
    group: Group = "none" if not names else "known" if names <= around else "new"
    cursor = Cursor(case.snapshot(settings.max_parse_bytes), case.offset, case.file)
    chunks = tuple(picked.chunk for picked in select(library, cursor, Options(tokens)))
    return Placed(case, group, False, names, chunks)


def _is_elsewhere(library: Library, name: str, case: Case) -> bool:
    files = {definition.path for definition in library.definitions(name, case.language)}
    return case.file not in files and 1 <= len(files) <= FEW
