"""CPU time and memory of a process and its children, from Linux's /proc; nothing elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def tree_of(pid: int) -> list[int]:
    """The process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float | None:
    """Of the process and all below it, user and system; what ended before is not counted."""
    ticks = [int(fields[11]) + int(fields[12]) for each in tree_of(pid) if (fields := _stat(each))]
    return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None


def memory_bytes(pid: int) -> int | None:
    """Proportional set size: a page that several share counts once in all, a model file that is mapped too."""
    found = [size for each in tree_of(pid) if (size := _pss(each)) is not None]
    return sum(found) if found else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third, the state, on: the second, a name, may hold spaces."""
    try:
        return (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def _pss(pid: int) -> int | None:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)
