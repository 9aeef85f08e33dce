"""The record of finished cases as JSON lines, from which an interrupted run continues."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import cattrs

import copilot_lsp
from copilot_lsp.errors import RecordLost, UsageError
from copilot_lsp.evaluation.run.outcome import Outcome

CODE = ("source", "workspace", "completion", "postprocess", "engine")
"""Packages that decide what comes out."""


@cache
def code_digest() -> str:
    """Of the program itself: what an older version made does not count as done."""
    root = Path(copilot_lsp.__file__).parent
    digest = hashlib.sha256()
    for package in CODE:
        files = sorted((root / package).rglob("*.py"))
        assert files, f"{package} has moved"
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class Record:
    """Outcomes by key, in memory and, with a path, in a file that grows by a line for each.

    A line that was cut off in the middle is skipped, and failures are not read back: they are tried again.
    """

    def __init__(self, path: Path | None) -> None:
        """Raises UsageError for a file that is something else or cannot be written."""
        self._path = path
        self._done: dict[str, Outcome] = {}
        if path is None:
            return
        try:
            with path.open("a+", encoding="utf-8") as file:
                file.seek(0)
                self._read(file.read(), path)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be used as a record: {error}") from None

    def _read(self, text: str, path: Path) -> None:
        lines = [line for line in text.split("\n") if line.strip()]
        for line in lines:
            try:
                data = json.loads(line)
                outcome = cattrs.structure(data["outcome"], Outcome)
            except (ValueError, KeyError, TypeError, cattrs.BaseValidationError):
                continue
            if not outcome.failure:
                self._done[data["key"]] = outcome
        if lines and not self._done and '"outcome"' not in text:
            raise UsageError(f"{path} is not a record of `copilot-lsp eval`: it would be appended to; name another")

    def get(self, key: str) -> Outcome | None:
        return self._done.get(key)

    def put(self, key: str, model: str, outcome: Outcome) -> None:
        """Raises RecordLost when the file takes no more."""
        self._done[key] = outcome
        if self._path is None:
            return
        line = json.dumps({"key": key, "model": model, "outcome": asdict(outcome)}, ensure_ascii=False)
        try:
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                # Before it, for the case that the last line was cut off; blank lines are nothing.
                file.write(f"\n{line}\n" if file.tell() else f"{line}\n")
        except OSError as error:
            raise RecordLost(f"{self._path} cannot be written: {error.strerror}") from None
