"""lsprotocol, imported in half the time.

It defines 554 classes with attrs, which compiles each one's `__repr__` and `__eq__` while it is imported: half of its
import. Nothing here compares or prints those objects, and what a debug log would print is the text of documents.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs

MODULE = "lsprotocol.types"


def load() -> None:
    """Import lsprotocol's types without these methods. Does nothing if they are imported already."""
    define = attrs.define

    @functools.wraps(define)
    def lean(kind: type | None = None, **options: Any) -> type | Callable[[type], type]:  # noqa: ANN401
        """attrs' own for the classes of anybody else, who may be defining some in another thread."""
        if kind is None:
            return functools.partial(lean, **options)  # type: ignore[return-value]
        if kind.__module__ == MODULE:
            options = {"repr": False, "eq": False, **options}
        return define(kind, **options)

    attrs.define = lean  # type: ignore[assignment]
    try:
        import lsprotocol.types  # noqa: F401
    finally:
        attrs.define = define
