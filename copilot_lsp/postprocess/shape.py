"""What a completion may be: the rest of a line, or a whole block."""

from __future__ import annotations

from enum import StrEnum


class Shape(StrEnum):
    """LINE ends at the end of the line; BLOCK ends with the body, the definition or the paragraph it is in."""

    LINE = "line"
    BLOCK = "block"
