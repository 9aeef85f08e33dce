"""What many places in one call of `complete` cost beyond the engine's work on them.

    .venv/bin/python -m benchmarks.batch [--model NAME|PATH] [--places 100] [--rounds 3]

The engine's work is what it says of each place (prompt and decoding); the call's time is that of the whole process. A
call for one of the places, by turns, tells what start and end of a process take, the loading of the model included.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "copilot_lsp"


def places(count: int) -> list[str]:
    """Ends of lines of our own code, spread over files, as many in each."""
    found = []
    for path in sorted(EXAMPLES.rglob("*.py")):
        lines = path.read_text("utf-8").split("\n")
        ends = [
            (at + 1, len(line) + 1)
            for at, line in enumerate(lines)
            if line.rstrip().endswith(("=", "(", ":", "return"))
        ]
        found += [f"{path}:{line}:{column}" for line, column in ends[5:8]]
    return found[:: max(1, len(found) // count)][:count]


def call(model: str, wanted: Sequence[str]) -> tuple[float, float, float]:
    """Seconds: of the call, of the engine, and of the engine's decoding alone."""
    listed = b"".join(place.encode() + b"\0" for place in wanted)
    begun = time.perf_counter()
    command = [sys.executable, "-m", "copilot_lsp", "complete", "--stdin0", "--model", model]
    done = subprocess.run(command, input=listed, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - begun
    spent = [found for line in done.stdout.splitlines() if (found := json.loads(line)["milliseconds"])]
    total = sum(each["total"] for each in spent) / 1000
    return seconds, total, total - sum(each["prefill"] for each in spent) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--places", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    wanted = places(arguments.places)
    ratios = []
    for _ in range(arguments.rounds):
        once, own, _ = call(arguments.model, wanted[:1])
        seconds, engine, decoding = call(arguments.model, wanted)
        ratios.append((seconds - (once - own)) / engine)
        print(
            f"{len(wanted)} places: {seconds:.1f} s, of them {once - own:.1f} s to start and end; the engine worked"
            f" {engine:.1f} s, {decoding:.1f} s of that on decoding: {ratios[-1]:.3f} x the engine's time"
        )
    print(f"median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
