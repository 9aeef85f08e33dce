"""The default run in a network namespace without any network: everything works, and no connection is tried.

The kernel counts there what cannot be sent, of every process and library in the namespace.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaign import Campaign

EXAMPLE = Path(__file__).parents[2] / "examples/grid.py"
COUNTERS = "cat /proc/net/snmp /proc/net/snmp6"
SENT = {"OutRequests", "OutNoRoutes", "ActiveOpens", "OutDatagrams", "Ip6OutRequests", "Ip6OutNoRoutes"}
TRIES = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 9))"

ALONE = ["unshare", "-rn"]
HAS_NAMESPACES = shutil.which("unshare") and subprocess.run([*ALONE, "true"], check=False).returncode == 0
pytestmark = pytest.mark.skipif(not HAS_NAMESPACES, reason="no network namespaces here")


def run(*arguments: str) -> tuple[str, int]:
    """What a Python without a network prints, and how often something was sent or tried."""
    script = f'"$@" || exit; echo; echo @@@; {COUNTERS}'
    command = [*ALONE, "sh", "-c", script, "sh", sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    printed, _, counters = done.stdout.partition("\n@@@\n")
    return printed, sum(count for name, count in read(counters) if name in SENT)


def read(counters: str) -> list[tuple[str, int]]:
    """snmp has a line of names before each line of numbers, snmp6 a name and a number a line."""
    rows = [line.split() for line in counters.splitlines()]
    pairs = [(row[0], int(row[1])) for row in rows if len(row) == 2]
    for names, numbers in itertools.pairwise(rows):
        if names[0] == numbers[0] and not names[1].lstrip("-").isdigit():
            pairs += zip(names[1:], map(int, numbers[1:]), strict=True)
    return pairs


def test_no_network(campaign: Campaign) -> None:
    assert run("-c", TRIES)[1] > 0, "the counters see what is tried"
    printed, tried = run("-m", "copilot_lsp", "complete", "--json", f"{EXAMPLE}:18:1")
    assert json.loads(printed)["insert"], printed
    _, by_doctor = run("-m", "copilot_lsp", "doctor")
    campaign.report(
        "default run without a network", f"completes and passes its checks; {tried + by_doctor} connections tried"
    )
    assert tried + by_doctor == 0
