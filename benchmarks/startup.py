"""How long an editor waits for the answer to `initialize`, beside `python -c pass` and beside other checkouts.

    .venv/bin/python -m benchmarks.startup [--rounds 15] [--engine local|fake] [CHECKOUT ...]

Each round starts each of them once, in a new process, from the file cache: first Python alone, then this checkout, then
the others, all with this Python and its packages. Reported are the medians over the rounds of each round's ratio, with
their quartiles. With the local engine a model is being loaded at the same time, as in an editor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parents[1]
PARAMS: dict[str, object] = {
    "processId": None,
    "rootUri": None,
    "capabilities": {"textDocument": {"inlineCompletion": {}}},
}


def message() -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": PARAMS}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def bare() -> float:
    """Milliseconds until Python, with nothing to do, has ended."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (time.perf_counter() - begun) * 1000


def answered(checkout: Path, engine: str) -> float:
    """Milliseconds from before the process is started to the first byte of its answer."""
    command = [sys.executable, "-P", "-m", "copilot_lsp", "serve", "--engine", engine]
    runtime = tempfile.mkdtemp(prefix="run-")  # the engine of no other round and of no editor
    pipe, environment = subprocess.PIPE, {**os.environ, "PYTHONPATH": str(checkout), "XDG_RUNTIME_DIR": runtime}
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment) as server:
        assert server.stdin
        assert server.stdout
        server.stdin.write(message())
        server.stdin.flush()
        first = server.stdout.read(1)
        milliseconds = (time.perf_counter() - begun) * 1000
        server.stdin.close()
    shutil.rmtree(runtime, ignore_errors=True)
    if not first:
        raise SystemExit(f"the server of {checkout} ended without an answer")
    return milliseconds


def measure(checkouts: Sequence[Path], engine: str, rounds: int) -> list[list[float]]:
    """For each round: Python alone, then each checkout."""
    for checkout in checkouts:
        answered(checkout, engine)  # writes the byte code
    return [[bare(), *(answered(checkout, engine) for checkout in checkouts)] for _ in range(rounds)]


def ratio(rounds: Sequence[Sequence[float]], one: int, other: int) -> str:
    low, middle, high = statistics.quantiles((each[one] / each[other] for each in rounds), n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def report(checkouts: Sequence[Path], rounds: Sequence[Sequence[float]]) -> None:
    table = Table("", "median (ms)", "/ Python alone", "/ this checkout")
    for index, name in enumerate(["python -c pass", *map(str, checkouts)]):
        middle = statistics.median(each[index] for each in rounds)
        table.add_row(name, f"{middle:.0f}", ratio(rounds, index, 0), ratio(rounds, index, 1))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", metavar="CHECKOUT", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine", choices=("local", "fake"), default="local")
    arguments = parser.parse_args()
    checkouts = [HERE, *(path.resolve() for path in arguments.checkouts)]
    report(checkouts, measure(checkouts, arguments.engine, arguments.rounds))


if __name__ == "__main__":
    main()
