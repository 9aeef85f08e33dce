"""A copy of the folder without the code still to be typed, so that no server finds it on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.workspace.files import CODE, find


class Workspace:
    """`root` has the source files of `source`, without what git ignores; one of them at a time without its place."""

    def __init__(self, source: Path, root: Path, exclude: tuple[str, ...] = ()) -> None:
        self.root = root
        self._masked: tuple[Path, bytes] | None = None
        for file in find(source, CODE, exclude).files:
            target = root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.file, target)

    def mask(self, place: Place) -> Path:
        """The place's file, without its text."""
        self.restore()
        path = self.root / place.path
        self._masked = path, path.read_bytes()
        path.write_bytes(place.masked.encode())
        return path

    def restore(self) -> None:
        if self._masked is not None:
            path, data = self._masked
            path.write_bytes(data)
            self._masked = None
