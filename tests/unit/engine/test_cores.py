"""How many threads: told by given files of a kernel."""

from __future__ import annotations

import pytest

from copilot_lsp.engine.local import cores

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = """31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
"""
SELF = "/proc/self/cgroup"
MOUNTS = "/proc/self/mountinfo"


def files(**contents: str) -> cores.Read:
    return lambda path: contents.get(path, "")


def machine(siblings: list[str], contents: dict[str, str]) -> cores.Read:
    topology = {
        f"/sys/devices/system/cpu/cpu{cpu}/topology/core_cpus_list": f"{row}\n" for cpu, row in enumerate(siblings)
    }
    return files(**topology, **contents)


PLAIN = ["0", "1", "2", "3"]
HYPER = ["0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"]


@pytest.mark.parametrize(
    ("cpus", "siblings", "contents", "threads"),
    [
        (range(4), PLAIN, {}, 4),
        (range(8), HYPER, {}, 4),
        ([0, 4], HYPER, {}, 1),
        ([0, 1, 4], HYPER, {}, 2),
        ([2, 3], PLAIN, {}, 2),
        # Version 2: of the group itself, of one above it, and in a container, which sees itself as the root.
        (range(4), PLAIN, {SELF: "0::/\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1),
        (range(4), PLAIN, {SELF: "0::/\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "250000 100000\n"}, 2),
        (range(4), PLAIN, {SELF: "0::/\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (range(4), PLAIN, {SELF: "0::/\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "max 100000\n"}, 4),
        (range(4), PLAIN, {SELF: "0::/a/b\n", MOUNTS: V2, "/sys/fs/cgroup/a/b/cpu.max": "200000 100000"}, 2),
        (
            range(4),
            PLAIN,
            {
                SELF: "0::/a/b\n",
                MOUNTS: V2,
                "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
                "/sys/fs/cgroup/a/cpu.max": "300000 100000",
            },
            3,
        ),
        # Version 1: with a namespace, and without one, where the host's path is seen.
        (
            range(4),
            PLAIN,
            {
                SELF: "4:memory:/x\n2:cpu,cpuacct:/\n0::/\n",
                MOUNTS: V1.format(root="/"),
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "50000\n",
            },
            2,
        ),
        (
            range(4),
            PLAIN,
            {
                SELF: "2:cpu,cpuacct:/docker/c1\n",
                MOUNTS: V1.format(root="/docker/c1"),
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            range(4),
            PLAIN,
            {
                SELF: "2:cpu,cpuacct:/\n",
                MOUNTS: V1.format(root="/"),
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        # Nothing is known, or nonsense is told.
        (range(2), [], {}, 2),
        (range(16), [], {}, 8),
        (range(4), PLAIN, {SELF: "0::/\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "0 0\n"}, 4),
        (range(4), PLAIN, {SELF: "nonsense\n\n", MOUNTS: " - \nx - cgroup2\n"}, 4),
        (range(4), PLAIN, {SELF: "0::/../..\n", MOUNTS: V2, "/sys/fs/cgroup/cpu.max": "100000 100000"}, 1),
    ],
)
def test_threads(cpus: list[int], siblings: list[str], contents: dict[str, str], threads: int) -> None:
    assert cores.threads(cpus, machine(siblings, contents)) == threads


def test_this_machine_has_some() -> None:
    assert cores.default_threads() >= 1
