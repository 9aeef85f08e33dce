"""One case: a text with a hole, and the right answer."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.source.document import Document, Snapshot

LINE_END = re.compile(r"\r\n?")


class Suite(StrEnum):
    INFILLING = "infilling"
    SAFIM = "safim"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Test:
    """How a completed program is checked: `before`, the completion and `after` are run.

    `examples`: pairs of standard input and the outputs that are right; without any, the program checks itself: it
    passes when it runs to its end.
    """

    before: str
    after: str
    examples: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """`prefix + truth + suffix` is the file. `id` is unique in a run and readable.

    `kind` is the sort of hole: `line`, `mid`, `pair` and `block` in a replay, the suite's own name otherwise.
    `file`: the absolute '/'-separated path that a replay drew it from, else "".
    """

    id: str
    suite: Suite
    kind: str
    language: str
    path: str
    prefix: str
    truth: str
    suffix: str
    test: Test | None = None
    file: str = ""

    @property
    def offset(self) -> int:
        """Of the hole, in bytes of UTF-8."""
        return len(self.prefix.encode("utf-8", "replace"))

    @property
    def hole(self) -> str:
        """What is to be written: the truth without a line end at its end, which is in the file already."""
        return unified(self.truth).removesuffix("\n")

    @property
    def line_end(self) -> str:
        """What `hole` is short of."""
        return "\r\n" if self.truth.endswith("\r\n") else self.truth[-1:] if self.truth.endswith(("\n", "\r")) else ""

    @property
    def masked(self) -> str:
        """The file as if the hole were not written yet; the cursor is at `len(prefix)`."""
        return self.prefix + self.line_end + self.suffix

    @property
    def shape(self) -> Shape | None:
        """What a suite asks for, as published; in a replay the trigger decides."""
        if self.suite is Suite.REPLAY:
            return None
        return Shape.BLOCK if "\n" in self.hole else Shape.LINE

    @property
    def digest(self) -> str:
        """Tells cases apart by what they are, not by their names."""
        parts = (self.suite, self.kind, self.language, self.path, self.prefix, self.truth, self.suffix, repr(self.test))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:20]

    def snapshot(self, max_parse_bytes: int) -> Snapshot:
        uri = f"file:///eval/{self.digest}/{self.path}"
        return Document.open(uri, self.path, self.language, 0, self.masked, max_parse_bytes).snapshot()


def unified(text: str) -> str:
    """`text` with \\n as its only line end."""
    return LINE_END.sub("\n", text)
