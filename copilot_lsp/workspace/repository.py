"""What git ignores: .gitignore at every level, .git/info/exclude, the user's own file.

git itself is asked for one thing only, where the user's file is. Paths are absolute strings with '/'.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from copilot_lsp.workspace.patterns import Exclusion, Patterns, from_bytes

GITIGNORE = ".gitignore"

FOLD: Callable[[str], str] = str.lower if sys.platform in ("win32", "darwin") else str
"""On case-insensitive file systems git ignores case (core.ignoreCase)."""


class IgnoreFiles:
    """Ignore files as they are now: each is compiled once, and again when it has changed."""

    def __init__(self) -> None:
        self._compiled: dict[str, tuple[tuple[int, int, int], Patterns]] = {}

    def at(self, file: str) -> Patterns | None:
        """None where there is no such file."""
        try:
            found = Path(file).stat()
            if not stat.S_ISREG(found.st_mode):
                return None
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            known = self._compiled.get(file)
            if known is None or known[0] != version:
                known = self._compiled[file] = version, from_bytes(Path(file).read_bytes(), file, FOLD)
            return known[1]
        except OSError:  # git goes on without a file that it cannot read
            return None

    def decide(self, name: str, folders: Iterator[str], file: str) -> Exclusion | bool:
        """What the `file`s of `folders` (around `name`, the deepest first) say of it; as `Patterns.decide`."""
        for folder in folders:
            patterns = self.at(f"{folder}/{file}")
            decision = True if patterns is None else patterns.decide(name[len(folder) + 1 :])
            if decision is not True:
                return decision
        return True


def around(name: str, last: str) -> Iterator[str]:
    """The folders that hold `name`, the deepest first, up to `last`."""
    folder = name.rstrip("/")
    while len(folder) > len(last):
        folder = folder.rpartition("/")[0]
        yield folder


def repository_of(name: str) -> str | None:
    """The deepest folder around `name` that is a working tree of git."""
    return next((folder for folder in around(name, "") if has_git(folder)), None)


def has_git(folder: str) -> bool:
    return os.path.lexists(f"{folder}/.git")


def is_nested(folder: str, root: str) -> bool:
    """Whether `folder`, below `root`, is a submodule, a linked working tree, or a clone within a repository."""
    if not has_git(folder):
        return False
    return Path(folder, ".git").is_file() or any(has_git(each) for each in around(folder, root))


def ignored(name: str, top: str, files: IgnoreFiles) -> Exclusion | None:
    """Whether git, in the working tree `top`, would ignore `name` (a folder ends with '/') for its own sake."""
    decision = files.decide(name, around(name, top), GITIGNORE)
    for file in (info_exclude(top), global_file(top)):
        if decision is True and (patterns := files.at(file)) is not None:
            decision = patterns.decide(name[len(top) + 1 :])
    return decision if isinstance(decision, Exclusion) else None


def info_exclude(top: str) -> str:
    """A linked working tree has a file `.git` that says where its folder is, and that where the shared one is."""
    git = Path(top, ".git")
    try:
        if git.is_file():
            git = git.parent / git.read_text("utf-8").removeprefix("gitdir:").strip()
            common = git / "commondir"
            git = git / common.read_text("utf-8").strip() if common.is_file() else git
    except (OSError, ValueError):
        pass
    return f"{git.as_posix()}/info/exclude"


@lru_cache(maxsize=64)
def global_file(top: str) -> str:
    """core.excludesFile, or git's default; asked once a process."""
    command = ("git", "-C", top or "/", "config", "--type=path", "--get", "core.excludesFile")
    environment = {key: value for key, value in os.environ.items() if key not in ("GIT_DIR", "GIT_WORK_TREE")}
    try:
        run = subprocess.run(command, capture_output=True, env=environment, timeout=5, check=False)
        configured = os.fsdecode(run.stdout.rstrip(b"\n"))
    except (OSError, subprocess.SubprocessError):
        configured = ""
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser().as_posix()
    return configured or f"{home}/git/ignore"
