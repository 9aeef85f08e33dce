"""Decides whether, when and how to restart the engine process after it died. Pure.

The only file that knows what a process's exit code means on Unix and on Windows.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

MAX_DEATHS = 5
WINDOW_SECONDS = 60.0
FIRST_DELAY_SECONDS = 0.1

_CRASH_SIGNALS = {"SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE", "SIGABRT"}
_WINDOWS_CRASHES = {
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC0000409: "stack overrun",
}


@dataclass(frozen=True, slots=True)
class Death:
    """`at` in seconds of a monotonic clock; `ready`: it had loaded and passed its test before.

    `hung`: what it did before the server killed it, "" when it ended by itself.
    """

    at: float
    exit_code: int
    ready: bool
    safe: bool
    hung: str = ""

    @property
    def cause(self) -> str:
        """For the user: the name of the signal, or the exit code."""
        if self.exit_code < 0:
            try:
                return signal.Signals(-self.exit_code).name
            except ValueError:
                return f"signal {-self.exit_code}"
        return _WINDOWS_CRASHES.get(self.exit_code & 0xFFFFFFFF, f"exit code {self.exit_code}")

    @property
    def end(self) -> str:
        return self.hung or f"ended by {self.cause}"

    @property
    def crashed(self) -> bool:
        """Whether native code failed, rather than somebody ending the process."""
        return not self.hung and (self.cause in _CRASH_SIGNALS or self.cause in _WINDOWS_CRASHES.values())


@dataclass(frozen=True, slots=True)
class Again:
    delay: float
    safe: bool
    message: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    message: str


def decide(deaths: list[Death], now: float, mode: str) -> Again | GiveUp:
    """What to do after the last of `deaths`. `mode` is the setting engine.safeMode: auto, on or off.

    A native crash before the engine was ready, or a second one later, turns the safe mode on where that is auto.
    """
    last = deaths[-1]
    recent = [death for death in deaths if now - death.at < WINDOW_SECONDS]
    crashes = [death for death in deaths if death.crashed and not death.safe]
    safe = last.safe or (mode == "auto" and last.crashed and (not last.ready or len(crashes) > 1))
    if len(recent) > MAX_DEATHS or (last.safe and last.crashed and not last.ready):
        return GiveUp(
            f"the engine failed {len(recent)} times within a minute; the last time it {last.end}; "
            "restart it, or run `copilot-lsp doctor`"
        )
    how = " in safe mode (slower, without the kernels that crash on this machine)" if safe else ""
    delay = FIRST_DELAY_SECONDS * 2 ** (len(recent) - 1)
    return Again(delay, safe, f"the engine {last.end}; starting it again{how}")
