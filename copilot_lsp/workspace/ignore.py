"""The gate: which files may be completed and read. All text except the editor's passes through it.

Of a file both its name and, where that is a link, the name of its target are judged:

    completed     unless it is a secret, the user's `exclude` has it, or an ignore file of ours (IGNORE_FILES)
    read besides  unless, further, git ignores it, it belongs to somebody else (FOREIGN, submodules), is hidden
                  or lies outside the roots

The user's `include` brings files back from all of this but the last.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from copilot_lsp.workspace import repository
from copilot_lsp.workspace.patterns import Exclusion, Patterns, compiled, first_excluded, is_pattern
from copilot_lsp.workspace.repository import IgnoreFiles, around
from copilot_lsp.workspace.secrets import secret_pattern

__all__ = ["FOREIGN", "IGNORE_FILES", "Exclusion", "Gate", "is_pattern"]

IGNORE_FILES = (".copilotlspignore", ".aiignore")
"""Of gitignore syntax, in any folder: what no completion may touch. Other tools know the second name as well."""

FOREIGN = frozenset(
    {"node_modules", "bower_components", "vendor", "third_party", "site-packages", "dist", "build", "target", "venv"}
)
"""Folders with third-party or generated code."""

OUTSIDE = Exclusion("..", "the rule that nothing outside the workspace is read")


class Gate:
    """Holds the roots and the user's patterns; ignore files are checked for changes on each call."""

    def __init__(self, roots: Iterable[Path | str], exclude: Iterable[str] = (), include: Iterable[str] = ()) -> None:
        roots = list(roots)
        self._roots = [_absolute(root) for root in roots]
        self.roots = [_posix(os.path.realpath(root)) for root in roots]
        """With '/', links resolved."""
        self._exclude = compiled(exclude, "your exclude setting")
        self._include = compiled(include, "your include setting")
        self._openings = tuple(_openings(self._include.lines))
        self._files = IgnoreFiles()
        self._ignored_roots = {root for root in self.roots if self._git_ignores_root(root)}

    def refuses_name(self, name: str) -> Exclusion | None:
        """For a document that is not on a disk: `name` is what its user calls it, '/'-separated."""
        name = name.lstrip("/")
        return None if self._include.match(name) else first_excluded(name, self._refuses_anywhere)

    def refuses_completion(self, path: Path | str) -> Exclusion | None:
        """Why the file at `path` (absolute; need not exist) must not be completed."""
        return next((found for root, name in self._names(path) if (found := self._refuses(root, name, False))), None)

    def refuses_reading(self, path: Path | str) -> Exclusion | None:
        """Why no byte of the file at `path` may be used for another one."""
        names = self._names(path)
        if names[-1][0] is None:
            return OUTSIDE
        return next((found for root, name in names if (found := self._refuses(root, name, True))), None)

    def read(self, path: Path | str, most: int = 2**24) -> bytes | Exclusion:
        """The first `most` bytes, if that file may be read. Raises OSError; for what is no regular file as well.

        What is judged is what is read: a name that comes to mean another file in between is an error.
        """
        if found := self.refuses_reading(path):
            return found
        real = os.path.realpath(path)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(real, flags), "rb") as file:
            opened = os.fstat(file.fileno())
            if not stat.S_ISREG(opened.st_mode):
                raise OSError(f"{path} is no regular file")
            data = file.read(most)
        if found := self.refuses_reading(path):
            return found
        if not os.path.samestat(opened, Path(path).stat()) or os.path.realpath(path) != real:
            raise OSError(f"{path} has changed while it was read")
        return data

    def refuses_below(self, root: str, name: str) -> Exclusion | None:
        """As `refuses_reading` for what is no link, where the folders around it have been judged already.

        `root` is one of `roots`, `name` relative to it; that of a folder ends with '/'.
        """
        return None if self._include.match(name) else self._refuses_step(root, name)

    def may_hold_included(self, name: str) -> bool:
        """Whether `include` may bring something back from the folder `name` ("a/b/") though that is excluded."""
        depth = name.count("/")
        return any(
            opening.decide(name) is not True for least, most, opening in self._openings if least <= depth <= most
        )

    def _names(self, path: Path | str) -> list[tuple[str | None, str]]:
        """The root around it and the name below that: as it was given, and with links resolved."""
        given = _within(_absolute(path), self._roots, self.roots)
        real = _within(_posix(os.path.realpath(path)), self.roots, self.roots)
        return [real] if given == real else [given, real]

    def _refuses(self, root: str | None, name: str, reading: bool) -> Exclusion | None:
        if self._include.match(name):
            return None

        def judge(part: str) -> Exclusion | None:
            if root is None:
                return self._refuses_anywhere(part)
            return self._refuses_step(root, part) if reading else self._refuses_in(root, part)

        return first_excluded(name, judge)

    def _refuses_anywhere(self, name: str, root: str = "") -> Exclusion | None:
        return secret_pattern(name, root) or self._exclude.exclusion(name)

    def _refuses_in(self, root: str, name: str) -> Exclusion | None:
        if found := self._refuses_anywhere(name, root):
            return found
        path = f"{root}/{name}"
        for file in IGNORE_FILES:
            decision = self._files.decide(path, around(path, root), file)
            if isinstance(decision, Exclusion):
                return decision
        return None

    def _refuses_step(self, root: str, name: str) -> Exclusion | None:
        path = f"{root}/{name}"
        return _refuses_foreign(root, name) or self._refuses_in(root, name) or self._git_ignores(root, path)

    def _git_ignores(self, root: str, path: str) -> Exclusion | None:
        top = repository.repository_of(path)
        if top is None or root in self._ignored_roots:
            top = root
        return repository.ignored(path, top, self._files)

    def _git_ignores_root(self, root: str) -> bool:
        """Whether git ignores the opened folder itself; then rules above it are disregarded."""
        top = repository.repository_of(root)
        if top is None:
            return False
        return (
            first_excluded(
                f"{root[len(top) + 1 :]}/", lambda name: repository.ignored(f"{top}/{name}", top, self._files)
            )
            is not None
        )


def _refuses_foreign(root: str, name: str) -> Exclusion | None:
    last = name.rstrip("/").rpartition("/")[2]
    if last == ".git":
        return Exclusion(last, "the folders of git")
    if not name.endswith("/"):
        return None
    if last in FOREIGN:
        return Exclusion(f"{last}/", "the folders of other people's code")
    if last.startswith("."):
        return Exclusion(".*/", "the hidden folders")
    if repository.is_nested(f"{root}/{name.rstrip('/')}", root):
        return Exclusion(name, "the submodules and repositories in this one")
    return None


def _openings(include: Iterable[str]) -> Iterator[tuple[int, int, Patterns]]:
    """The folders on the way to what a pattern with a '/' means: of a depth from the first to the second number."""
    for line in include:
        parts = line.removeprefix("!").strip("/").split("/")
        for depth in range(1, len(parts)):
            if parts[:depth] != ["**"]:
                most = sys.maxsize if "**" in parts[:depth] else depth
                yield depth, most, compiled([f"/{'/'.join(parts[:depth])}/"], "")


def _within(path: str, roots: list[str], named: list[str]) -> tuple[str | None, str]:
    """The deepest of `roots` around `path`, as `named`, and the rest of `path`."""
    holding = [index for index, root in enumerate(roots) if path.startswith(f"{root}/")]
    if not holding:
        return None, path.lstrip("/")
    deepest = max(holding, key=lambda index: len(roots[index]))
    return named[deepest], path[len(roots[deepest]) + 1 :]


def _absolute(path: Path | str) -> str:
    """Without `.` and `..`, links not resolved."""
    return _posix(os.path.normpath(Path(path).absolute()))


def _posix(path: str) -> str:
    return path.replace(os.sep, "/").rstrip("/")
