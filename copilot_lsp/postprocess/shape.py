"""The shape of a completion: the rest of a line, or a block."""

from __future__ import annotations

from enum import StrEnum


class Shape(StrEnum):
    """LINE ends at the end of the line; BLOCK ends with the body, the definition or the paragraph it is in."""

    LINE = "line"
    BLOCK = "block"
