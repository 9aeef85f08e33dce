"""From a document's URI to the name shown to the user."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

URI = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(.*)", re.DOTALL)
"""Scheme, authority, path and the rest, as RFC 3986 (appendix B) splits them: everything matches."""

NOTEBOOK = re.compile(r"\.ipynb$", re.IGNORECASE)

DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


def name_of(uri: str, roots: Iterable[str] = ()) -> str:
    """The '/'-separated path of `uri`, relative to the deepest of the folders `roots` (URIs) around it."""
    path = path_of(uri)
    folders = [PurePosixPath(path_of(root)) for root in roots]
    holding = [folder for folder in folders if folder in PurePosixPath(path).parents]
    if not holding:
        return path
    return PurePosixPath(path).relative_to(max(holding, key=lambda folder: len(folder.parts))).as_posix()


def file_of(uri: str) -> str:
    """The absolute path on this machine's disk, "" when `uri` names none.

    Bytes that are not UTF-8 are surrogates (PEP 383), as in all of Python's paths.
    """
    path = path_of(uri, "surrogateescape")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return ""
    return path if Path(path).is_absolute() and "\0" not in path else ""


def path_of(uri: str, errors: str = "replace") -> str:
    """The path part, decoded; a Windows path keeps its drive (`c:/x`) or its server (`//server/share`).

    A fragment, which names the cell in URIs of notebook cells, is left out. In a `file` URI a `#` or `?` belongs to
    the name: some clients do not escape it. `errors` is for bytes that are not UTF-8, as `bytes.decode` has it.
    """
    scheme, authority, encoded, rest = URI.match(uri).groups("")  # type: ignore[union-attr]
    is_file = scheme.lower() == "file" and not NOTEBOOK.search(encoded)
    path = unquote(encoded + rest if is_file else encoded, errors=errors)
    if DRIVE.match(path):
        return path[1].lower() + path[2:]
    return f"//{authority}{path}" if authority and scheme.lower() == "file" else path
