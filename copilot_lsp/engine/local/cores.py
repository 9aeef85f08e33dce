"""The number of cores this process may use, considering affinity and quotas.

The kernel knows three limits: the affinity mask, the CPU quota of a container (cgroup, versions 1 and 2), and that two
hardware threads of one core share its arithmetic. More threads than that wait for each other at every barrier.
Files are read through `read`, which gives "" for one that is not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

Read = Callable[[str], str]


def default_threads() -> int:
    """On this machine, for this process. Where the kernel does not tell of cores: half of what is more than 4."""
    if hasattr(os, "sched_getaffinity"):
        return threads(os.sched_getaffinity(0), _read)
    return _half(os.cpu_count() or 1)


def threads(cpus: Collection[int], read: Read) -> int:
    """For a process that may run on `cpus` (numbers of logical CPUs)."""
    cores = physical_cores(cpus, read) or _half(len(cpus))
    return max(1, int(min(cores, quota(read))))


def physical_cores(cpus: Collection[int], read: Read) -> int:
    """0 when the kernel does not say."""
    topology = "/sys/devices/system/cpu/cpu{}/topology/{}"
    cores = {
        read(topology.format(cpu, "core_cpus_list")) or read(topology.format(cpu, "thread_siblings_list"))
        for cpu in cpus
    }
    return 0 if "" in cores else len(cores)


def quota(read: Read) -> float:
    """In CPUs, the least of what the process's control groups and those above them allow; infinity for no limit."""
    return min([*_quotas_v2(read), *_quotas_v1(read)], default=float("inf"))


def _quotas_v2(read: Read) -> Iterator[float]:
    for folder in _groups(read, "cgroup2", ""):
        limit, _, period = read(f"{folder}/cpu.max").strip().partition(" ")
        if limit.isdecimal() and period.isdecimal() and int(period):
            yield int(limit) / int(period)


def _quotas_v1(read: Read) -> Iterator[float]:
    for folder in _groups(read, "cgroup", "cpu"):
        limit = read(f"{folder}/cpu.cfs_quota_us").strip()
        period = read(f"{folder}/cpu.cfs_period_us").strip()
        if limit.isdecimal() and period.isdecimal() and int(period):  # -1: no limit
            yield int(limit) / int(period)


def _groups(read: Read, kind: str, controller: str) -> Iterator[str]:
    """The folders of this process's group and of those above it, as far as they can be seen from here."""
    path = _path(read, controller)
    for root, mounted in _mounts(read, kind, controller):
        # Without a namespace of its own a container sees the host's path, and only what is below `root` of it.
        below = path.removeprefix(root.rstrip("/")) if path.startswith(root) else path
        parts = [part for part in below.split("/") if part and part != ".."]
        for depth in range(len(parts), -1, -1):
            yield "/".join([mounted.rstrip("/"), *parts[:depth]])


def _path(read: Read, controller: str) -> str:
    """Of /proc/self/cgroup: lines are number:controllers:path, and those of version 2 have no controllers."""
    for line in read("/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(","):
            return path
    return "/"


def _mounts(read: Read, kind: str, controller: str) -> Iterator[tuple[str, str]]:
    """The root within the hierarchy and the mount point of each; proc(5) describes mountinfo's fields."""
    for line in read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, types = before.split(" "), after.split(" ")
        is_ours = len(fields) > 4 and len(types) > 2 and types[0] == kind
        if is_ours and (not controller or controller in types[2].split(",")):
            yield fields[3], fields[4]


def _half(cpus: int) -> int:
    return cpus if cpus <= 4 else max(4, cpus // 2)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
