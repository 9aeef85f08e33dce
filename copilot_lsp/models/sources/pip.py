"""Downloads with the user's pip, which respects their index, proxy and certificates. No package code is run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from copilot_lsp.errors import DownloadFailed

POLL_SECONDS = 0.2

OPTIONS = (
    "download",
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--no-cache-dir",
)


def command() -> list[str]:
    """What runs pip. Raises DownloadFailed when there is none.

    This environment's; else the one that Python carries for `ensurepip`, run from its wheel (an environment of uv's
    has no pip); else uv's, in an environment of its own; else any on the path.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]  # -P: the current folder may be a project with a pip.py
    if wheel := _bundled():
        return [sys.executable, str(wheel / "pip")]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip]
    raise DownloadFailed("there is no pip: install it (`python -m ensurepip`, or your system's package), or uv")


def _bundled() -> Path | None:
    spec = importlib.util.find_spec("ensurepip")
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted(Path(spec.origin).parent.glob("_bundled/pip-*.whl"))), None)


def download(requirement: str, into: Path, grown: Callable[[int], None]) -> Path:
    """The wheel of `requirement` ("name==version"), in `into`, which holds nothing else afterwards.

    `grown` gets the bytes that are there, now and then. Raises DownloadFailed; OSError when the disk is full.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(into, grown, ended), daemon=True)
    watch.start()
    try:
        done = _run([*command(), *OPTIONS, "--dest", str(into), requirement], into)
    finally:
        ended.set()
        watch.join()
    if done.returncode != 0:
        raise _failure(requirement, done.stderr)
    return next(into.glob("*.whl"))


def _run(line: list[str], into: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TMPDIR": str(into), "TEMP": str(into), "TMP": str(into)}
    return subprocess.run(
        line, capture_output=True, text=True, errors="replace", env=environment, check=False, stdin=subprocess.DEVNULL
    )


def _watch(folder: Path, grown: Callable[[int], None], ended: threading.Event) -> None:
    while not ended.wait(POLL_SECONDS):
        with suppress(OSError):  # files come and go while they are counted
            grown(sum(path.stat().st_size for path in folder.rglob("*.whl")))


def _failure(requirement: str, stderr: str) -> Exception:
    if "No space left on device" in stderr:
        import errno

        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return DownloadFailed(f"pip could not download {requirement}: {_why(stderr)}")


def _why(stderr: str) -> str:
    """The last line that pip calls an error, else its last line."""
    if "ProxyError" in stderr or "Tunnel connection failed" in stderr:
        return "the proxy refuses: check HTTPS_PROXY and pip's option `proxy`"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it gave no reason"])[-1]
