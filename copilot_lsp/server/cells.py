"""The cells of a notebook, in order. The cells themselves are ordinary documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cells:
    """A cell's notebook, and the cells above and below it in order, as URIs."""

    notebook: str = ""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


class Notebooks:
    """Clients may send anything: a notebook that is not open has no cells, and a range that is not there is cut."""

    def __init__(self) -> None:
        self._cells: dict[str, list[str]] = {}
        self._home: dict[str, str] = {}

    def open(self, notebook: str, cells: Sequence[str]) -> None:
        self.close(notebook)
        self._cells[notebook] = list(cells)
        self._home |= dict.fromkeys(cells, notebook)

    def splice(self, notebook: str, start: int, deleted: int, cells: Sequence[str]) -> None:
        """As LSP's `NotebookCellArrayChange`: `deleted` cells from `start` on give way to `cells`."""
        if (old := self._cells.get(notebook)) is not None:
            start = max(start, 0)
            self.open(notebook, [*old[:start], *cells, *old[start + max(deleted, 0) :]])

    def close(self, notebook: str) -> None:
        for cell in self._cells.pop(notebook, ()):
            self._home.pop(cell, None)

    def around(self, cell: str) -> Cells:
        """Empty for a document that is no cell of an open notebook."""
        notebook = self._home.get(cell, "")
        if not notebook:
            return Cells()
        cells = self._cells[notebook]
        at = cells.index(cell)
        return Cells(notebook, tuple(cells[:at]), tuple(cells[at + 1 :]))


def above(sources: Iterable[bytes]) -> bytes:
    """Cells as the text before another one: each ends with an empty line, as paragraphs do in a file."""
    return b"".join(source.rstrip(b"\r\n") + b"\n\n" for source in sources if source.strip())


def below(sources: Iterable[bytes]) -> bytes:
    """Cells as the text after another one."""
    return b"".join(b"\n\n" + source.rstrip(b"\r\n") for source in sources if source.strip())
