"""From paths on the command line to the cases of a run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases import replay, suites
from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.settings import Settings
from copilot_lsp.source.languages import LANGUAGES, UNKNOWN, language_of
from copilot_lsp.workspace.ignore import is_pattern


@dataclass(frozen=True, slots=True)
class Wanted:
    """`count` cases of each path; None: `replayed` of a folder, all of a suite. Empty tuples do not restrict."""

    suite: str = "auto"
    count: int | None = None
    replayed: int = 300
    seed: int = 0
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def cases(paths: Sequence[Path], wanted: Wanted) -> dict[str, Case]:
    """By id, in their order; the same case twice is one. Raises UsageError."""
    wanted = _checked(wanted)
    found: dict[str, Case] = {}
    seen: set[str] = set()
    for path in paths:
        for case in _of_path(path, wanted):
            if case.digest not in seen:
                seen.add(case.digest)
                id = case.id if case.id not in found else f"{case.id} ({case.digest[:6]})"
                found[id] = replace(case, id=id)
    return found


def _checked(wanted: Wanted) -> Wanted:
    """With the identifiers of the languages, which people call by other names as well."""
    languages = [language_of(name) for name in wanted.languages]
    for name, language in zip(wanted.languages, languages, strict=True):
        if language is UNKNOWN:
            known = ", ".join(row.id for row in LANGUAGES if row.grammar)
            raise UsageError(f"there is no language {name!r}: there are {known}, and others without a syntax tree")
    for pattern in wanted.exclude:
        if not is_pattern(pattern):
            raise UsageError(f"--exclude {pattern!r} is no pattern of gitignore syntax")
    return replace(wanted, languages=tuple(language.id for language in languages))


def _of_path(path: Path, wanted: Wanted) -> list[Case]:
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}")
    if path.is_file() and (suites.is_suite(path) or wanted.suite in (Suite.INFILLING, Suite.SAFIM)):
        return _of_suite(path, wanted)
    if wanted.suite not in ("auto", Suite.REPLAY):
        raise UsageError(f"{path} is a folder, and a suite is a file (.jsonl, .jsonl.gz)")
    return _of_folder(path, wanted)


def _of_folder(path: Path, wanted: Wanted) -> list[Case]:
    unknown = set(wanted.kinds) - set(Kind)
    if unknown:
        raise UsageError(f"there is no kind {min(unknown)!r} in a folder: there are {', '.join(Kind)}")
    kinds = [kind for kind in Kind if kind in wanted.kinds] or list(Kind)
    count = wanted.count or wanted.replayed
    draw = replay.Draw(count, wanted.seed, kinds, wanted.languages, wanted.exclude)
    return replay.read(path, draw, Settings().max_parse_bytes)


def _of_suite(path: Path, wanted: Wanted) -> list[Case]:
    """A sample keeps the file's order."""
    found = suites.read(path, None if wanted.suite == "auto" else Suite(wanted.suite))
    chosen = [case for case in found if not wanted.languages or case.language in wanted.languages]
    chosen = [case for case in chosen if not wanted.kinds or case.kind in wanted.kinds]
    if not chosen:
        there = sorted({f"{case.kind} in {case.language or 'no known language'}" for case in found})
        raise UsageError(f"{path} has none of those cases: there are {', '.join(there)}")
    if wanted.count is not None and wanted.count < len(chosen):
        order = list(range(len(chosen)))
        random.Random(wanted.seed).shuffle(order)
        chosen = [chosen[index] for index in sorted(order[: wanted.count])]
    return chosen
