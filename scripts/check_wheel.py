"""Lets each CPU variant of our wheel decode: `.venv/bin/python scripts/check_wheel.py WHEEL [--emulate]`.

Each variant is put into a folder where it is the only one, and the engine's own code loads it from there, in a process
of its own: some code, and 8 tokens generated greedily where the model is sure of what follows. They have to be the ones
of the best variant of this CPU, and the logits close to its. Also: that the best one is chosen when all are there, that
an evaluation can be aborted, and safe mode.
`--emulate`: the ones that fit an old CPU once more under qemu-x86_64 (Debian: apt install qemu-user), which shows that
they need nothing that this CPU lacks. Exit code 1: one of them failed. The `.venv` must be set up (`make setup`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

GENERATED = 8
CODE = """\
    def get(self, x: int, y: int) -> int:
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise IndexError("out of bounds")
        return self.cells[y][x]

    def set(self, x: int, y: int, value: int) -> None:
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise Index"""
TOLERANCE = 1.5
"""Between two kernels' logits, at most: with int8 activations they differ by 0.6 on average (ARCHITECTURE.md)."""

CPUS = {
    "Penryn": "x64",
    "Nehalem": "sse42",
    "SandyBridge": "sandybridge",
    "IvyBridge": "ivybridge",
    "Haswell": "haswell",
}
"""What qemu calls a CPU, and the variant that has to be chosen on it.

Older CPUs do not run numpy; qemu emulates neither AVX-512 nor AMX.
"""


@dataclass(frozen=True)
class Decoded:
    """`variant`: the library that was loaded. `text`: what was generated. `logits`: some of the row before it.

    `features`: what llama.cpp says of the library.
    """

    variant: str
    text: str
    logits: list[float]
    aborted: bool
    features: str


def decode(safe: bool) -> Decoded:
    """In the process that has the library; the engine's code does the work."""
    from copilot_lsp import models
    from copilot_lsp.engine.local.llama import Aborted, Llama, ModelParams, silence_log
    from copilot_lsp.engine.local.vocabulary import LlamaVocabulary
    from copilot_lsp.settings import EngineSettings

    silence_log()
    engine = EngineSettings(threads=1, sequences=1, batch=256)
    llama = Llama(ModelParams(models.find("default").path, 256, engine, safe))
    vocabulary = LlamaVocabulary(llama.vocabulary)
    tokens = vocabulary.tokenize(CODE)
    rows = llama.evaluate(tokens, 0, 0, 1)
    first = [float(value) for value in rows[0][:500:5]]
    greedy: list[int] = []
    for position in range(len(tokens), len(tokens) + GENERATED):
        greedy.append(int(rows[-1].argmax()))
        rows = llama.evaluate(greedy[-1:], position, 0, 1)
    llama.abort()
    try:
        llama.evaluate(tokens[:32], len(tokens) + GENERATED, 0, 1)
    except Aborted:
        aborted = True
    else:
        aborted = False
    return Decoded(loaded(), vocabulary.shown(greedy), first, aborted, str(llama.describe()["llama_cpp"]))


def loaded() -> str:
    """The variant that this process has mapped."""
    found = re.findall(r"libggml-cpu-(\w+)\.so", Path("/proc/self/maps").read_text("utf-8"))
    return " ".join(sorted(set(found)))


def run(library: Path, *options: str, emulator: tuple[str, ...] = ()) -> Decoded | str:
    """What was decoded with the library in that folder, or why not."""
    command = [*emulator, sys.executable, __file__, "--decode", *options, "-"]
    environment = {**os.environ, "LLAMA_CPP_LIB_PATH": str(library), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [""]
        return f"exit code {done.returncode}: {lines[-1][:200]}"
    return Decoded(**json.loads(done.stdout.splitlines()[-1]))


def isolate(library: Path, variant: str, into: Path) -> Path:
    """A copy of the folder with one variant only; beside it what auditwheel put there."""
    shutil.copytree(library.parents[1], into)
    folder = into / library.relative_to(library.parents[1])
    for file in folder.glob("libggml-cpu-*.so"):
        if file.stem != f"libggml-cpu-{variant}":
            file.unlink()
    return folder


def verdict(found: Decoded | str, expected: Decoded, variant: str) -> str:
    """Empty when it is right."""
    if isinstance(found, str):
        return found
    if found.variant != variant:
        return f"loaded {found.variant or 'none'}"
    if not found.aborted:
        return "was not aborted"
    if found.text != expected.text:
        return f"wrote {found.text!r}"
    worst = max(abs(a - b) for a, b in zip(found.logits, expected.logits, strict=True))
    return f"logits differ by {worst:.2f}" if worst > TOLERANCE else ""


def check(wheel: Path, emulate: bool, only: list[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="copilot-lsp-wheel-") as temporary:
        work = Path(temporary)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(work / "all")
        library = work / "all" / "llama_cpp" / "lib"
        best = run(library)
        if isinstance(best, str):
            print(f"failed   all variants: {best}")
            return False
        print(f"chosen   {best.variant}: {best.features}\n         wrote {best.text!r}", flush=True)
        present = sorted(file.stem.removeprefix("libggml-cpu-") for file in library.glob("libggml-cpu-*.so"))
        names = [name for name in present if not only or name in only]
        right = [report(f"{best.variant}, safe mode", run(library, "--safe"), best, best.variant)]
        for name in names:
            folder = isolate(library, name, work / name)
            right.append(report(name, run(folder), best, name))
        if emulate:
            for cpu, name in ((cpu, name) for cpu, name in CPUS.items() if not only or name in only):
                emulator = ("qemu-x86_64", "-cpu", cpu)
                right.append(report(f"all, on {cpu}", run(library, emulator=emulator), best, name))
        return all(right)


def report(title: str, found: Decoded | str, expected: Decoded, variant: str) -> bool:
    wrong = verdict(found, expected, variant)
    if isinstance(found, str) and "no backends are loaded" in found:
        print(f"refused  {title}: this CPU lacks what it needs", flush=True)
        return True
    print(f"{'failed ' if wrong else 'right  '}  {title}{': ' + wrong if wrong else ''}", flush=True)
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--emulate", action="store_true")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="of variants, such as haswell")
    parser.add_argument("--decode", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--safe", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.decode:
        print(json.dumps(asdict(decode(arguments.safe))))
        return 0
    return 0 if check(arguments.wheel, arguments.emulate, arguments.only) else 1


if __name__ == "__main__":
    raise SystemExit(main())
