"""How fast one build of llama.cpp is beside another: the same evaluations, the processes taking turns, as ratios.

    .venv/bin/python benchmarks/llama_builds.py NATIVE.whl OURS.whl [--model NAME|PATH] [--rounds 9]

Two wheels of llama-cpp-python; `OURS.whl#haswell` forces one CPU variant of a wheel that has several. In each round
each build loads the model in a new process and measures; a round gives one ratio for each evaluation. Reported are the
median of the rounds' ratios and their quartiles: above 1 the second is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from copilot_lsp import models

Times = dict[str, float]

REPEATS = 5


def measure(model: Path) -> Times:
    """Milliseconds, the best of a few: of the process that runs this, whose library LLAMA_CPP_LIB_PATH names."""
    from copilot_lsp.engine.local.llama import Llama, ModelParams, silence_log
    from copilot_lsp.settings import EngineSettings

    silence_log()
    llama = Llama(ModelParams(model, 1024, EngineSettings(sequences=1)))
    llama.self_test()
    tokens = [token % llama.vocabulary_size for token in range(100, 612)]

    def prompt(length: int) -> None:
        for start in range(0, length, 256):
            llama.evaluate(tokens[start : min(length, start + 256)], start, 0, 0)

    def further(length: int) -> None:
        llama.evaluate(tokens[:length], 512, 0, length)

    found = {f"prompt of {length}": _best(partial(prompt, length), llama.forget) for length in (128, 512)}
    steps = {"one token": 1, "batch of 8": 8}
    return found | {name: _best(partial(further, n), lambda *_: llama.forget(0, 512)) for name, n in steps.items()}


def _best(evaluate: Callable[[], None], forget: Callable[[int, int], object]) -> float:
    times = []
    for _ in range(REPEATS):
        forget(0, 0)
        started = time.perf_counter()
        evaluate()
        times.append((time.perf_counter() - started) * 1000)
    return min(times)


def unpack(wheel: str, into: Path) -> Path:
    """The folder with the wheel's libraries, after `#` with that variant alone."""
    file, _, variant = wheel.partition("#")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(into)
    library = into / "llama_cpp" / "lib"
    for each in library.glob("libggml-cpu-*.so") if variant else ():
        if each.stem != f"libggml-cpu-{variant}":
            each.unlink()
    return library


def in_turn(library: Path, model: Path) -> Times:
    environment = {**os.environ, "LLAMA_CPP_LIB_PATH": str(library), "GOMP_SPINCOUNT": "300"}
    command = [sys.executable, __file__, "--measure", str(model)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True).stdout
    times: Times = json.loads(printed.splitlines()[-1])
    return times


def compare(wheels: list[str], model: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="copilot-lsp-builds-") as folder:
        libraries = [unpack(wheel, Path(folder, str(index))) for index, wheel in enumerate(wheels)]
        found: list[tuple[Times, Times]] = []
        for number in range(rounds):
            order = (0, 1) if number % 2 == 0 else (1, 0)
            times = {index: in_turn(libraries[index], model) for index in order}
            found.append((times[0], times[1]))
    for name in found[0][0]:
        ratios = [first[name] / second[name] for first, second in found]
        low, middle, high = statistics.quantiles(ratios, n=4)
        medians = [statistics.median(each[side][name] for each in found) for side in (0, 1)]
        shown = f"{middle:.2f} (quartiles {low:.2f} to {high:.2f}, n={rounds})"
        print(f"{name:14} {shown}; medians {medians[0]:.1f} and {medians[1]:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", nargs="*", metavar="WHEEL[#VARIANT]")
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    if len(arguments.wheels) != 2 or arguments.rounds < 2:
        parser.error("two wheels and at least two rounds")
    compare(arguments.wheels, models.find(arguments.model).path, arguments.rounds)


if __name__ == "__main__":
    main()
