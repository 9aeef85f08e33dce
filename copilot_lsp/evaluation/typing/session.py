"""Types one place with one assistant, by the clock."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from copilot_lsp.evaluation.typing.assistant import Assistant, Offer, Scene, Usage
from copilot_lsp.evaluation.typing.page import Key, Page, keys_by_hand
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.screen import Screen, Seen
from copilot_lsp.evaluation.typing.typist import Person, take


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a place. `keys` by kind; `by_hand` is how many it takes without suggestions.

    `answers`: seconds from a key to the first text, or to the answer that there is none; of the questions that were
    answered before the next key. `lost`: how many were not. `shown_at` is `answers` of those that showed a text.
    """

    place: str
    language: str
    characters: int
    by_hand: int
    keys: dict[str, int]
    seen: tuple[Seen, ...]
    answers: tuple[float, ...]
    shown_at: tuple[float, ...]
    lost: int
    usage: Usage
    seconds: float

    @property
    def pressed(self) -> int:
        return sum(self.keys.values())


@dataclass(slots=True)
class Desk:
    """One place being typed: the page, the screen, and the question that waits for its answer."""

    assistant: Assistant
    person: Person
    page: Page
    screen: Screen = field(default_factory=Screen)
    keys: Counter[Key] = field(default_factory=Counter)
    change: int = 0
    asked: float = 0.0
    waiting: bool = True
    answers: list[float] = field(default_factory=list)
    shown_at: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def scene(self) -> Scene:
        return Scene(self.page.place, self.page.left, self.page.right, self.change)

    def hear(self, offer: Offer) -> None:
        """Of the latest question; answers to older ones are nothing to an editor."""
        if offer.change != self.change or not (offer.final or offer.text.strip()):
            return
        now = time.perf_counter()
        wait = now - self.asked
        if self.waiting:
            self.waiting = False
            self.answers.append(wait)
            if offer.text.strip():
                self.shown_at.append(wait)
        if self.screen.offered(offer, self.page, now, wait) and self.screen.ghost is not None:
            self.assistant.shown(offer)

    def press(self) -> None:
        """One key: the one that takes what is right and was read, or else the next one of the text."""
        ghost, page = self.screen.ghost, self.page
        read = ghost.read(time.perf_counter() - self.person.reading) if ghost else 0
        taking = take(page, ghost.rest, read) if ghost else None
        if ghost is not None and taking is not None:
            self.keys[taking.key] += 1
            self.page = page.taken(taking.length)
            self.assistant.taken(ghost.offer, ghost.gone - ghost.base + taking.length)
            self.screen.took(taking.length)
        else:
            self.keys[page.key] += 1
            self.page = page.typed()
            self.screen.typed(inserted(page, self.page), closed(page, self.page))
        self._ask()

    def _ask(self) -> None:
        self.lost += self.waiting
        self.change += 1
        self.waiting, self.asked = True, time.perf_counter()
        self.assistant.changed(self.scene)


async def play(place: Place, assistant: Assistant, person: Person) -> Typed:
    """Raises EngineFailed."""
    desk = Desk(assistant, person, Page(place, person.closes))
    assistant.listen(desk.hear)
    desk.asked = time.perf_counter()
    await assistant.enter(desk.scene)
    begun = moment = time.perf_counter() + person.pause
    while not desk.page.is_done:
        moment += person.seconds(desk.page)
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        desk.press()
    seconds = time.perf_counter() - begun
    desk.screen.leave()
    assistant.listen(lambda _: None)
    usage = await assistant.leave()
    return Typed(
        place=place.id,
        language=place.language,
        characters=len(place.text),
        by_hand=keys_by_hand(place, person.closes),
        keys={str(key): count for key, count in desk.keys.items()},
        seen=tuple(desk.screen.seen),
        answers=tuple(desk.answers),
        shown_at=tuple(desk.shown_at),
        lost=desk.lost,
        usage=usage,
        seconds=seconds,
    )


def inserted(old: Page, new: Page) -> str | None:
    """What the key put at the cursor; None when it did something else, such as passing a bracket."""
    passed = len(new.closers) < len(old.closers)
    return None if passed or not new.left.startswith(old.left) else new.left[len(old.left) :]


def closed(old: Page, new: Page) -> str:
    """What the editor closed by itself at this key."""
    return new.closers[0].text if len(new.closers) > len(old.closers) else ""
