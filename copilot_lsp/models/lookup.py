"""From a name or a path to a GGUF file that is on this machine."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp.errors import ModelCorrupt, ModelMissing
from copilot_lsp.models import gguf
from copilot_lsp.models.header import shown
from copilot_lsp.models.progress import Progress, Report, silent
from copilot_lsp.models.registry import Copy, Entry, File, Shipped, load

VERIFYING = "verifying"
"""The step of a pull that follows the download."""

BLOCK = 1 << 24
"""Bytes hashed between two reports of progress."""


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    name: str
    path: Path


def find(name_or_path: str) -> ResolvedModel:
    """The model of that registry name ("default" included), or the GGUF file at that path.

    Looks at the size and the header only: cheap enough for every start. Raises ModelMissing, ModelCorrupt.
    """
    if is_path(name_or_path):
        path = _file(name_or_path)
        gguf.check_start(path)
        return ResolvedModel(path.stem, path)
    entry = load().get(name_or_path)
    check_present(entry)
    return ResolvedModel(entry.name, entry.path)


def _file(given: str) -> Path:
    """The absolute path of an ordinary file, `~` resolved. Raises ModelMissing whatever is wrong with it."""
    named = shown(given)
    try:
        path = Path(given).expanduser().absolute()
        named = shown(path)
        mode = path.stat().st_mode
    except RuntimeError:  # of expanduser
        raise ModelMissing(f"{named} names the folder of a user who does not exist: write the whole path") from None
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: NUL, or letters that no name can have
        raise ModelMissing(
            f"there is no model file {named}: give the path of a .gguf file, or a name of `copilot-lsp models list`"
        ) from None
    except OSError as error:
        raise ModelMissing(f"the model file {named} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise ModelMissing(f"{named} is {what}: give the path of a .gguf file")
    return path


def is_path(name_or_path: str) -> bool:
    """Registry names have no folder and no ending."""
    return name_or_path.endswith(".gguf") or "/" in name_or_path or "\\" in name_or_path


def verify(name_or_path: str, report: Report = silent) -> ResolvedModel:
    """As `find`; of a model that has a name also the checksum. Raises ModelMissing, ModelCorrupt."""
    model = find(name_or_path)
    if not is_path(name_or_path):
        check_sum(model.path, load().get(name_or_path), report)
    return model


def check_present(entry: Entry) -> None:
    """Raises ModelMissing, or ModelCorrupt for a wrong size or header."""
    if not entry.path.is_file():
        raise ModelMissing(f"the model {entry.name} is not on this machine: {remedy(entry)}")
    size = entry.path.stat().st_size
    if entry.size and size != entry.size:
        raise ModelCorrupt(_damaged(entry.path, f"{size} bytes, not {entry.size}", entry))
    gguf.check_start(entry.path)


def check_sum(path: Path, entry: Entry, report: Report = silent) -> None:
    """Raises ModelCorrupt when the SHA-256 of `path` is not the entry's, if it has one."""
    if not entry.sha256:
        return
    found = checksum(path, report)
    if found != entry.sha256:
        raise ModelCorrupt(_damaged(path, f"its SHA-256 is {found[:12]}..., not {entry.sha256[:12]}...", entry))


def checksum(path: Path, report: Report = silent) -> str:
    """SHA-256 in lower-case hex digits."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            report(Progress(VERIFYING, done, size))
    return digest.hexdigest()


def _damaged(path: Path, how: str, entry: Entry) -> str:
    return f"{path} is damaged ({how}): {remedy(entry)}"


def remedy(entry: Entry) -> str:
    """What gets the file of `entry`."""
    for source in entry.sources:
        if isinstance(source, Shipped):
            return "it is a part of copilot-lsp: install that again (in a clone: `git checkout models`)"
        if isinstance(source, Copy):
            return f"make it again: `copilot-lsp models rm {entry.name}`, then `copilot-lsp {source.command}`"
        if isinstance(source, File):
            return f"put the file back, or `copilot-lsp models rm {entry.name}`"
    return f"run `copilot-lsp models pull {entry.name}`"
