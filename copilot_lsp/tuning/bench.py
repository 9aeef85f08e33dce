"""Engine processes for measuring: a crash becomes a one-line error, and no process is left behind."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from copilot_lsp import launch
from copilot_lsp.engine.local.supervisor import environment
from copilot_lsp.errors import EngineDied, EngineFailed
from copilot_lsp.tuning.speed import Config

PREFIX, SUFFIX, TRUTH = 500, 150, 240
"""Characters around a hole that are sent, about what the engine's smallest window holds; and of the hole."""


@dataclass(frozen=True, slots=True)
class Hole:
    prefix: str
    suffix: str
    truth: str


@dataclass(frozen=True, slots=True)
class Filled:
    """`nats`: how surprised the model is by the `tokens` of the truth (at most 5 by each); `exact`: greedily, it would
    have written it.
    """

    nats: float
    tokens: int
    exact: bool


class Bench(Protocol):
    """One model, loaded. Each method raises EngineFailed."""

    safe: bool

    def speed(self, config: Config, batches: Sequence[int], filled: int) -> dict[int, float]:
        """Milliseconds of one evaluation of each batch, behind `filled` tokens of context."""

    def fill(self, holes: Sequence[Hole]) -> list[Filled]: ...

    def tokens(self, holes: Sequence[Hole]) -> list[list[int]]:
        """Of each hole: the prompt, and what belongs there."""


class LocalBench:
    """`Bench`, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], name: str, safe: bool) -> None:
        self.safe = safe
        self._process = process
        self._name = name

    def speed(self, config: Config, batches: Sequence[int], filled: int) -> dict[int, float]:
        job = {"job": "speed", "config": config.plain(), "batches": batches, "filled": filled}
        return {result["batch"]: result["ms"] for result in self.ask(job)}

    def fill(self, holes: Sequence[Hole]) -> list[Filled]:
        return [Filled(**result) for result in self.ask({"job": "fill", "holes": _plain(holes)})]

    def tokens(self, holes: Sequence[Hole]) -> list[list[int]]:
        return [result["tokens"] for result in self.ask({"job": "tokens", "holes": _plain(holes)})]

    def ask(self, job: Mapping[str, object]) -> list[dict[str, Any]]:
        """The results of one job. Raises EngineFailed; EngineDied when the process ends instead."""
        sending, receiving = _pipes(self._process)
        results: list[dict[str, Any]] = []
        try:
            sending.write(json.dumps(job) + "\n")
            sending.flush()
            for line in receiving:
                message = json.loads(line)
                if "error" in message:
                    raise EngineFailed(f"{self._name}: {message['error']}")
                if "end" in message:
                    return results
                results.append(message)
        except BrokenPipeError:
            pass
        code = self._process.wait()
        raise EngineDied(f"{self._name}: llama.cpp ended with {code}: run `copilot-lsp doctor`")

    def close(self) -> None:
        """Whatever it is doing."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def opened(path: Path) -> Iterator[LocalBench]:
    """With the model loaded; in safe mode where llama.cpp crashes without it. Raises EngineFailed, EngineDied."""
    try:
        bench = _loaded(path, safe=False)
    except EngineDied:
        bench = _loaded(path, safe=True)
    try:
        yield bench
    finally:
        bench.close()


def quantize(source: Path, target: Path, kind: str, threads: int) -> None:
    """`kind`: Q4_0 or IQ4_NL. Raises EngineFailed, EngineDied; a part of `target` may be there then."""
    bench = LocalBench(_process(), source.name, False)
    try:
        bench.ask({"job": "load", "model": "", "safe": False})
        job = {"job": "quantize", "source": str(source), "target": str(target), "type": kind, "threads": threads}
        bench.ask(job)
    finally:
        bench.close()


def _loaded(path: Path, safe: bool) -> LocalBench:
    """With its kernels tried: those for one token, and those for a prompt."""
    bench = LocalBench(_process(), path.name, safe)
    try:
        bench.ask({"job": "load", "model": str(path), "safe": safe})
        bench.speed(Config(0), (1, 32), 0)
    except BaseException:
        bench.close()
        raise
    return bench


def _process() -> subprocess.Popen[str]:
    command = launch.command("copilot_lsp.engine.local.measure")
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, text=True, env=environment())


def _plain(holes: Sequence[Hole]) -> list[dict[str, str]]:
    return [{"prefix": hole.prefix, "suffix": hole.suffix, "truth": hole.truth} for hole in holes]


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
