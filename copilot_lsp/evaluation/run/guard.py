"""Runs one program inside the sandbox: `python -I guard.py PROGRAM ROOT CPU MEMORY FILE`, started by sandbox.py alone.

Imports the standard library only. Limits come first (CPU seconds, bytes of memory, bytes of a file), then, on Linux
where the kernel lets ordinary users do that, namespaces of its own: no network at all, and no process that outlives
it. An audit hook refuses what no test needs: sockets, other programs, writing outside ROOT. It stops accidents, which
is what a bad completion is; it is no wall against somebody who means harm.

Exit code FINISHED: the program ran to its end; sys.exit(0) in the middle of it is not that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

FINISHED = 87
"""Any number that nothing else means."""

NEW_NAMESPACES = 0x10000000 | 0x40000000 | 0x20000000
"""CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWPID of <linux/sched.h>."""

PR_SET_PDEATHSIG = 1

OPEN_FILES = 32

REFUSED = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.kill",
)
"""Audit events that no program needs here; `os.fork` with `os.forkpty`, `os.kill` with `os.killpg`."""

WRITING = frozenset({"shutil.rmtree", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink"})
WRITING |= {"os.chmod", "os.chown", "os.truncate", "os.utime"}
"""Audit events whose first argument is a path that is changed; those of `os.rename` and `os.link` have two."""


def main() -> None:
    program, root, *limits = sys.argv[1:]
    isolate()
    limit(*map(int, limits))
    sys.argv = [program]
    run(compile(Path(program).read_bytes(), program, "exec"), os.path.realpath(root))


def isolate() -> None:
    """Goes on in a child that is alone in its namespaces, where that can be had."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NAMESPACES) != 0:
        return
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    _, status = os.waitpid(child, 0)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def limit(cpu: int, memory: int, size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of this
        return
    limits = {"RLIMIT_CPU": cpu, "RLIMIT_AS": memory, "RLIMIT_FSIZE": size, "RLIMIT_NOFILE": OPEN_FILES}
    limits |= {"RLIMIT_CORE": 0, "RLIMIT_NPROC": 0}
    for name, most in limits.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, OSError, ValueError):  # macOS knows RLIMIT_AS and refuses it
            continue


def run(code: CodeType, root: str) -> None:
    def check(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(f"{event} is not allowed here")
        if event in WRITING or (event == "open" and writes(arguments)):
            paths = arguments[:2] if event in ("os.rename", "os.link") else arguments[:1]
            outside = [path for path in paths if not is_inside(path, root)]
            if outside:
                raise PermissionError(f"{event} outside the temporary folder is not allowed here")

    names: Mapping[str, object] = {"__name__": "__main__", "__builtins__": __builtins__}
    sys.addaudithook(check)
    exec(code, dict(names))
    sys.stdout.flush()
    os._exit(FINISHED)


def writes(arguments: tuple[object, ...]) -> bool:
    """Of the event `open`: path, mode, flags."""
    mode, flags = (*arguments[1:], None, None)[:2]
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))


def is_inside(path: object, root: str) -> bool:
    if isinstance(path, int):  # a file that is open already
        return True
    if not isinstance(path, (str, bytes)):
        return False
    real = os.path.realpath(os.fsdecode(path))
    return real == root or real.startswith(root + os.sep) or real == os.devnull


if __name__ == "__main__":
    main()
