"""The order of requests: the focused window first, background work last, no starvation. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from copilot_lsp.engine.base import InfillRequest

PATIENCE = 3
"""Younger requests that may go before one that somebody waits for."""


@dataclass(eq=False, slots=True)
class Turn:
    """A client's request `id`. `asked`: its number in the engine, None as long as it waits."""

    client: int
    id: int
    request: InfillRequest
    passed: int = 0
    asked: int | None = None


@dataclass(slots=True)
class Turns:
    """`waiting`: oldest first. `focused`: the client that asked last while somebody waits there."""

    waiting: list[Turn] = field(default_factory=list)
    working: list[Turn] = field(default_factory=list)
    focused: int = 0

    def add(self, turn: Turn) -> None:
        self.waiting.append(turn)
        if not turn.request.background:
            self.focused = turn.client

    def next(self) -> Turn | None:
        """The turn that the engine may begin with now.

        It gets one request at a time, and one more where it works in the background: that gives way to it.
        """
        chosen = self._choose()
        if chosen is not None:
            for turn in self.waiting[: self.waiting.index(chosen)]:
                turn.passed += 1
            self.waiting.remove(chosen)
            self.working.append(chosen)
        return chosen

    def find(self, client: int, id: int) -> Turn | None:
        return next((turn for turn in self._all() if (turn.client, turn.id) == (client, id)), None)

    def of(self, client: int) -> list[Turn]:
        return [turn for turn in self._all() if turn.client == client]

    def end(self, turn: Turn) -> None:
        """It was answered, or nobody wants the answer any more."""
        for turns in (self.waiting, self.working):
            if turn in turns:
                turns.remove(turn)

    def _all(self) -> list[Turn]:
        return [*self.waiting, *self.working]

    def _choose(self) -> Turn | None:
        if any(not turn.request.background for turn in self.working):
            return None
        asked = [turn for turn in self.waiting if not turn.request.background]
        if not asked:
            return self.waiting[0] if self.waiting and not self.working else None
        overdue = [turn for turn in asked if turn.passed >= PATIENCE]
        focused = [turn for turn in asked if turn.client == self.focused]
        return (overdue or focused or asked)[0]
