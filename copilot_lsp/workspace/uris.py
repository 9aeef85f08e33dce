"""From a document's URI to what its user calls it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

URI = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)")
"""Scheme, authority and path, as RFC 3986 (appendix B) splits them: everything matches."""

DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


def name_of(uri: str, roots: Iterable[str] = ()) -> str:
    """The '/'-separated path of `uri`, relative to the deepest of the folders `roots` (URIs) around it."""
    path = path_of(uri)
    folders = [PurePosixPath(path_of(root)) for root in roots]
    holding = [folder for folder in folders if folder in PurePosixPath(path).parents]
    if not holding:
        return path
    return PurePosixPath(path).relative_to(max(holding, key=lambda folder: len(folder.parts))).as_posix()


def path_of(uri: str) -> str:
    """The path part, decoded; a Windows path keeps its drive (`c:/x`) or its server (`//server/share`).

    A fragment, which names the cell in URIs of notebook cells, is left out.
    """
    scheme, authority, encoded = URI.match(uri).groups("")  # type: ignore[union-attr]
    path = unquote(encoded)
    if DRIVE.match(path):
        return path[1].lower() + path[2:]
    return f"//{authority}{path}" if authority and scheme == "file" else path
