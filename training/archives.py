"""Reads the files in a package's archives without unpacking them: wheels, npm tarballs, Debian's three forms."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

Member = tuple[str, bytes]
Wanted = Callable[[str], bool]

MAX_MEMBER_BYTES = 400_000

BROKEN = (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error)
"""What reading a damaged archive, or one of an unknown form, may raise."""


def members(archive: Path, wanted: Wanted) -> Iterator[Member]:
    """(path, content) of every regular file that is `wanted` by its path and not huge.

    Raises one of BROKEN.
    """
    if archive.suffix == ".whl":
        yield from _zip(archive, wanted)
    elif archive.suffix == ".deb":
        with archive.open("rb") as file:
            yield from _tar(_deb_data(file), wanted)
    elif ".tar." in archive.name or archive.suffix == ".tgz":
        with archive.open("rb") as file:
            yield from _tar(file, wanted)
    else:
        raise ValueError(f"{archive.name}: not an archive of a known form")


def _zip(path: Path, wanted: Wanted) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and info.file_size <= MAX_MEMBER_BYTES and wanted(info.filename):
                yield info.filename, archive.read(info)


def _tar(file: IO[bytes], wanted: Wanted) -> Iterator[Member]:
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        for info in archive:
            if not (info.isfile() and info.size <= MAX_MEMBER_BYTES and wanted(info.name)):
                continue
            content = archive.extractfile(info)
            if content is not None:
                yield info.name.removeprefix("./"), content.read()


def _deb_data(file: IO[bytes]) -> IO[bytes]:
    """The `data.tar.*` member of a .deb, which is an `ar` archive (ar(5): a 60-byte header, even alignment)."""
    if file.read(8) != b"!<arch>\n":
        raise ValueError("not a Debian package")
    while header := file.read(60):
        name, size = header[:16].decode("ascii").strip(" /"), int(header[48:58])
        content = file.read(size + size % 2)
        if name.startswith("data.tar"):
            return io.BytesIO(content[:size])
    raise ValueError("a Debian package without data.tar")


_PACKAGING_ROOTS = ("gocode/src/", "cargo/registry/", "usr/lib/", "usr/share/")


def shorten(path: str, registry: str) -> str:
    """The path as the project itself would name it, without what packaging put before it."""
    if registry == "pypi":
        return path
    if registry == "debian-binary":
        root = next((root for root in _PACKAGING_ROOTS if root in path), "")
        return path.split(root, 1)[1] if root else path
    return path.split("/", 1)[-1]
