"""Copies what a GGUF file says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gguf import GGUFReader, GGUFValueType, GGUFWriter

_OWN = ("GGUF.", "general.architecture")
"""What the writer adds by itself."""


def copy(reader: GGUFReader, writer: GGUFWriter, changed: Mapping[str, Any], dropped: tuple[str, ...] = ()) -> None:
    """All fields in their order, with the values of `changed`, except those that begin with one of `dropped`."""
    for key, field in reader.fields.items():
        if key.startswith((*_OWN, *dropped)):
            continue
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(key, changed.get(key, field.contents()), field.types[0], sub_type=inner)
