"""Runs completed programs in a sandbox: a process with limited time and memory, without network."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from copilot_lsp.evaluation.cases.case import Test
from copilot_lsp.evaluation.run import guard

TAIL = 4000
"""Bytes of standard error that are looked at for the reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run; `memory`: address space in bytes; `output`: bytes of any one file that it writes, stdout too."""

    seconds: int = 10
    cpu_seconds: int = 5
    memory: int = 1 << 30
    output: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Ran:
    """`finished`: to its end, not by an exit before; `code` as a shell gives it; `error`: stderr's last line."""

    finished: bool
    code: int
    timed_out: bool
    output: str
    error: str

    @property
    def reason(self) -> str:
        """Why it did not finish, in a few words."""
        if self.timed_out:
            return "timed out"
        return self.error or f"exit code {self.code}"


def check(test: Test, completion: str, limits: Limits = Limits()) -> tuple[bool, str]:
    """Whether the completed program does what it should, and why not."""
    program = test.before + completion + test.after
    if not test.examples:
        ran = run(program, limits=limits)
        return ran.finished, "" if ran.finished else ran.reason
    for number, (given, wanted) in enumerate(test.examples, 1):
        ran = run(program, given, limits)
        if ran.timed_out or (ran.code and not ran.finished):
            return False, f"test {number}: {ran.reason}"
        if ran.output.split() not in [each.split() for each in wanted]:
            return False, f"test {number}: wrong output"
    return True, ""


def run(program: str, given: str = "", limits: Limits = Limits()) -> Ran:
    """Runs Python code with `given` as standard input; nothing of it is left running."""
    with tempfile.TemporaryDirectory(prefix="copilot-lsp-eval-", ignore_cleanup_errors=True) as outer:
        root = Path(outer, "work")
        root.mkdir()
        script = Path(outer, "program.py")
        script.write_bytes(program.encode("utf-8", "replace"))
        Path(outer, "in").write_bytes(given.encode("utf-8", "replace"))
        paths = [Path(outer, name) for name in ("in", "out", "err")]
        with paths[0].open("rb") as stdin, paths[1].open("w+b") as stdout, paths[2].open("w+b") as stderr:
            code = _wait(_start(script, root, limits, (stdin, stdout, stderr)), limits.seconds)
            output, error = _text(stdout, 0), _text(stderr, TAIL)
    last = error.strip().rpartition("\n")[2].strip()
    return Ran(code == guard.FINISHED, 0 if code is None else code, code is None, output, last)


def _start(
    script: Path, root: Path, limits: Limits, files: tuple[IO[bytes], IO[bytes], IO[bytes]]
) -> subprocess.Popen[bytes]:
    numbers = map(str, (limits.cpu_seconds, limits.memory, limits.output))
    command = [sys.executable, "-I", "-B", guard.__file__, str(script), str(root), *numbers]
    stdin, stdout, stderr = files
    return subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=root, env=_environment(root), start_new_session=True
    )


def _environment(root: Path) -> dict[str, str]:
    """Nothing of ours but what Python needs to start."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**kept, "HOME": str(root), "TMPDIR": str(root), "TEMP": str(root), "PYTHONIOENCODING": "utf-8"}


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code, None when it took too long; the whole process group is gone afterwards."""
    try:
        code = process.wait(seconds)
        return code if code >= 0 else 128 - code
    except subprocess.TimeoutExpired:
        return None
    finally:
        if sys.platform == "win32":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _text(file: IO[bytes], tail: int) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - tail) if tail else 0)
    return file.read().decode("utf-8", "replace")


@cache
def isolation() -> str:
    """What keeps programs from the network and from running on, on this machine: for the report."""
    if sys.platform == "win32":
        return "timeout and audit hook"
    if sys.platform != "linux":
        return "resource limits and audit hook"
    probe = [
        sys.executable,
        "-I",
        "-c",
        f"import ctypes,sys; sys.exit(ctypes.CDLL(None).unshare({guard.NEW_NAMESPACES}))",
    ]
    allowed = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    return "resource limits, audit hook" + (" and namespaces without network" if allowed else "")
