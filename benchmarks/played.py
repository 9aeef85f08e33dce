"""Plays a trace to an assistant and measures each step's answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmarks.replay import Kind, Step
from copilot_lsp.evaluation.typing.assistant import Assistant, Offer, Usage
from copilot_lsp.evaluation.typing.places import Place

LONGEST_SECONDS = 30.0
"""After which a step counts as this long."""


@dataclass(frozen=True, slots=True)
class Answered:
    """`milliseconds` from the change to the first text, or to the answer that there is none. `evaluated`: tokens, from
    the change to the next one, in the background too.
    """

    kind: Kind
    milliseconds: float
    shown: bool
    evaluated: int | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a trace."""

    place: str
    language: str
    steps: Sequence[Answered]
    usage: Usage


@dataclass(slots=True)
class Ear:
    """Waits for the answer to one change."""

    change: int
    text: str = ""
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, offer: Offer) -> None:
        if offer.change == self.change and (offer.final or offer.text.strip()) and not self.heard.is_set():
            self.text = offer.text
            self.heard.set()

    async def wait(self) -> bool:
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self.heard.wait()
        except TimeoutError:
            return False
        return bool(self.text.strip())


async def play(place: Place, trace: Sequence[Step], assistant: Assistant, thought: float) -> Played:
    """`thought`: seconds between an answer and the next step. Raises EngineFailed."""
    answered: list[Answered] = []
    before: int | None = 0
    for step in trace:
        answer = await _ask(step, assistant)
        await asyncio.sleep(thought)
        spent = await assistant.evaluated()
        known = spent is not None and before is not None
        answered.append(replace(answer, evaluated=spent - before if known else None))  # type: ignore[operator]
        before = spent
    return Played(place.id, place.language, answered, await assistant.leave())


async def _ask(step: Step, assistant: Assistant) -> Answered:
    ear = Ear(step.scene.change)
    assistant.listen(ear.hear)
    begun = time.perf_counter()
    if step.kind is Kind.OPEN:
        await assistant.enter(step.scene)
    else:
        assistant.changed(step.scene)
    shown = await ear.wait()
    return Answered(step.kind, 1000 * (time.perf_counter() - begun), shown)
