"""Which files are never completed, read or logged: secrets, and what the user excludes."""

from __future__ import annotations

import re
from functools import lru_cache

from pathspec import GitIgnoreSpec

from copilot_lsp.settings import SECRET_GLOBS

SECRETS = GitIgnoreSpec.from_lines(SECRET_GLOBS)


def is_excluded(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether SECRET_GLOBS or the user's `patterns` (gitignore syntax, see `is_pattern`) match `path`.

    `path` is '/'-separated and relative to the workspace, or absolute. Secrets match in any case, since some
    file systems ignore it, and no negated pattern can bring them back.
    """
    relative = path.lstrip("/")
    return SECRETS.match_file(relative.lower()) or _compiled(patterns).match_file(relative)


def is_pattern(pattern: str) -> bool:
    """Whether it is gitignore syntax."""
    try:
        GitIgnoreSpec.from_lines([pattern])
    except (ValueError, re.error):
        return False
    return True


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
