"""Detects a hung engine process by counting pings and answers. Pure.

The server asks once a second while somebody waits for the engine. A thread of its own answers there, with the number
of evaluations so far: a process that is stopped gives no answer, one that is lost in a driver the same number for ever.
Turns are counted, not seconds: a server that was itself asleep (suspended, stopped) has missed none.
"""

from __future__ import annotations

from dataclasses import dataclass

PING_SECONDS = 1.0
MAX_UNANSWERED = 5
MAX_UNBORN = 60
"""Turns until the first message: Python imports modules, which a slow disk can make long."""

MAX_STILL = 120
"""Turns without an evaluation: long enough for a batch of 256 tokens at two a second."""

MAX_LOADING = 600
"""Turns without an evaluation or news of loading: a large model comes from a slow disk during the self-test."""


@dataclass(slots=True)
class Pulse:
    """Of one process. `evaluations` is the number in its latest answer, -1 before the first."""

    born: bool = False
    unanswered: int = 0
    still: int = 0
    evaluations: int = -1

    def heard(self) -> None:
        """Any message proves that the process is alive."""
        self.born, self.unanswered = True, 0

    def answered(self, evaluations: int) -> None:
        if evaluations != self.evaluations:
            self.still = 0
        self.evaluations = evaluations

    def progressed(self) -> None:
        self.still = 0

    def rest(self) -> None:
        """No request is waiting for the engine."""
        self.unanswered = self.still = 0

    def turn(self, ready: bool) -> str:
        """Count one more ping; returns why the process is considered dead, or ""."""
        self.unanswered += 1
        self.still += 1
        patience = MAX_UNANSWERED if self.born else MAX_UNBORN
        if self.unanswered > patience:
            return f"did not answer for {patience * PING_SECONDS:.0f} s"
        patience = MAX_STILL if ready else MAX_LOADING
        return f"made no progress for {patience * PING_SECONDS:.0f} s" if self.still > patience else ""
