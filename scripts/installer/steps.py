"""Runs the steps of an installation: says that they go on, keeps all of their output, shows its end on failure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

TICK_SECONDS = 10
TAIL_LINES = 25

Command = list[str | Path]


class Failed(Exception):
    """One line for the user. `tail`: the end of the step's output."""

    def __init__(self, line: str, tail: str = "") -> None:
        super().__init__(line)
        self.tail = tail


def end(program: str, failure: Failed | OSError) -> NoReturn:
    """Ends the program: the output's last lines, and what failed."""
    if isinstance(failure, Failed) and failure.tail:
        print(failure.tail, file=sys.stderr)
    raise SystemExit(f"{program}: {failure}")


def say(message: str) -> None:
    print(message, flush=True)


def run(title: str, command: Command, log: Path, env: Mapping[str, str] | None = None) -> None:
    """Runs `command` with `env` added to the environment and its output in `log`. Raises Failed."""
    say(title)
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        try:
            code = _wait(process, log, started)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        raise Failed(f"{title!r} failed with exit code {code}; all of its output is in {log}", tail(log))
    say(f"  done in {elapsed(time.monotonic() - started)}")


def _wait(process: subprocess.Popen[bytes], log: Path, started: float) -> int:
    while True:
        try:
            return process.wait(timeout=TICK_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"  {elapsed(time.monotonic() - started)} {ninja_progress(log)}".rstrip())


def elapsed(seconds: float) -> str:
    """Such as `9 s` and `2 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def ninja_progress(log: Path) -> str:
    """The last `[done/all]` that Ninja wrote, if it did."""
    counts = re.findall(r"\[\d+/\d+\]", _end(log, 1 << 20))
    return counts[-1] if counts else ""


def tail(log: Path) -> str:
    """Its last lines, each cut to a readable length (compiler commands have thousands of characters)."""
    return "\n".join(line[:400] for line in _end(log, 65536).splitlines()[-TAIL_LINES:])


def _end(log: Path, size: int) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode("utf-8", "replace")
