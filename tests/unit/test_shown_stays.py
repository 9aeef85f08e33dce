"""What is on the screen stays while the user types it, whatever the engine says then, whenever the next key comes.

Somebody types code in an editor that closes brackets. The engine answers every request anew, in part with the code and
in part with other lines, so that a suggestion lasts only where the pipeline makes it last.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from typed_places import ALL

from copilot_lsp.completion.completer import Completer, Query
from copilot_lsp.completion.query import Completion
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.fake import FakeEngine, limit
from copilot_lsp.evaluation.typing.assistant import Offer
from copilot_lsp.evaluation.typing.page import Page
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.screen import Fate, Screen, Seen
from copilot_lsp.evaluation.typing.session import closed, inserted
from copilot_lsp.settings import CompletionSettings, Settings
from copilot_lsp.source.document import Document, Edit

TURNS = (1, 3, 5, 10, 20, 60, 200)
"""Of the event loop, between two keys: a key may come before, in the middle of or after the answer."""


class Moody(FakeEngine):
    """So many characters of what comes next, and then of something else; less and less sure."""

    def __init__(self, rng: random.Random, place: Place) -> None:
        super().__init__()
        self.rng = rng
        self.place = place
        self.lines = [line.strip() for line in (place.before + place.text + place.after).split("\n") if line.strip()]

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        text, end = limit(self._text(request), request)
        probability, count, at = 1.0, 0, 0
        while at < len(text):
            await asyncio.sleep(0)
            piece = text[at : at + self.rng.randint(1, 5)]
            at, count = at + len(piece), count + 1
            probability *= self.rng.choice((1, 1, 1, 1, 0.98, 0.9, 0.7))
            yield Piece(piece, Done(FinishReason.CANCELLED, 1, generated=count, confidence=probability))
        end = FinishReason.TIME if self.rng.random() < 0.1 else end
        yield Done(end, 1, generated=count, confidence=probability)

    def _text(self, request: InfillRequest) -> str:
        whole = self.place.before + self.place.text
        ends = range(len(self.place.before), len(whole) + 1)
        at = max((end for end in ends if whole[:end].endswith(request.prefix[-300:])), default=len(whole))
        line, other = self.rng.choice(self.lines), self.rng.choice(self.lines)
        right = (whole + self.place.after)[at:][: self.rng.choice((0, 3, 8, 15, 40, 100))]
        return right + self.rng.choice(("", "\n", f"{line}\n", f"{line[self.rng.randrange(len(line)) :]}\n{other}"))


@dataclass
class Desk:
    """A file that is being typed, and what its editor shows. `streams`: it takes growing answers."""

    place: Place
    completer: Completer
    rng: random.Random
    closes: bool
    streams: bool
    screen: Screen = field(default_factory=Screen)
    keys: int = 0

    def __post_init__(self) -> None:
        self.page = Page(self.place, self.closes)
        self.document = Document.open("file:///a", "a", self.place.language, 1, self.place.masked.encode(), 500_000)

    async def key(self) -> None:
        """Asks, hears what comes before the next key, and types that."""
        number = self.keys
        offset = len((self.place.before + self.page.left).encode())
        query = Query(self.document.snapshot(), offset, Trigger.AUTOMATIC, wait_for_all=self.streams)

        def hear(part: Completion) -> None:
            if self.keys == number:
                self.screen.offered(Offer(number, part.text, final=False), self.page, 0.0, 0.0)

        asked = asyncio.create_task(self.completer.complete(query, hear if self.streams else None))
        for _ in range(self.rng.choice(TURNS)):
            await asyncio.sleep(0)
        if asked.done():
            found = asked.result().completions
            self.screen.offered(Offer(number, found[0].text if found else ""), self.page, 0.0, 0.0)
        elif self.rng.random() < 0.5:
            asked.cancel()
        self._type()

    def _type(self) -> None:
        old, new = self.page, self.page.typed()
        self.screen.typed(inserted(old, new), closed(old, new))
        begin = len(self.place.before.encode())
        start, end = (
            self.document.text.position_at(at, "utf-8") for at in (begin, begin + len((old.left + old.right).encode()))
        )
        self.document.apply([Edit(start, end, new.left + new.right, "utf-8")], self.document.version + 1)
        self.page, self.keys = new, self.keys + 1


async def typed(place: Place, seed: int, streams: bool, closes: bool) -> list[Seen]:
    rng = random.Random(f"{seed}/{place.id}")
    engine = Moody(rng, place)
    await engine.start()
    await engine.ready()
    first_ms = rng.choice((0, 1))
    completer = Completer(engine, Settings(completion=CompletionSettings(prefetch=seed % 2 == 0, first_ms=first_ms)))
    desk = Desk(place, completer, rng, closes, streams)
    while not desk.page.is_done:
        await desk.key()
    await completer.close()
    await engine.close()
    return desk.screen.seen


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("closes", [True, False], ids=["closes brackets", "closes nothing"])
@pytest.mark.parametrize("streams", [True, False], ids=["streams", "waits"])
async def test_a_suggestion_stays_while_it_is_typed(seed: int, closes: bool, streams: bool) -> None:
    for place in ALL:
        seen = await typed(place, seed, streams, closes)
        gone = [each for each in seen if each.fate in (Fate.VANISHED, Fate.FLICKERED)]
        assert (place.id, gone) == (place.id, [])
