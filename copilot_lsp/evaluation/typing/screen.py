"""The suggestion on the screen: since when it is visible, and what becomes of it. Pure; times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from copilot_lsp.evaluation.typing.assistant import Offer
from copilot_lsp.evaluation.typing.page import Page
from copilot_lsp.evaluation.typing.typist import Verdict, judge, right_length


class Fate(StrEnum):
    """TAKEN to its end, in one key or several; TYPED to its end; REFUTED by what was typed. FLICKERED and VANISHED:
    another one, or none, took its place although what was typed agreed with it. LEFT: the place was done.
    """

    TAKEN = "taken"
    TYPED = "typed"
    REFUTED = "refuted"
    FLICKERED = "flickered"
    VANISHED = "vanished"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Seen:
    """A suggestion from its first appearance to its end; one that grew, or of which some was typed, is still the same.

    `wait`: seconds from the key that asked for it. `wrong`: characters shown that are not what was written.
    `after_accept`: the first one after another was taken. `probability`: what its assistant said of it when its text
    changed last, given what was written by then; None where it said nothing.
    """

    text: str
    verdict: Verdict
    wrong: int
    wait: float
    after_accept: bool
    fate: Fate
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Ghost:
    """`text` is all of it, of which the first `gone` characters are written by now.

    `grown`: since when the screen has how much of it, (seconds, characters), ascending. `offer` is the latest one that
    had it; its text begins at `text[base]`.
    """

    text: str
    page: Page
    offer: Offer
    wait: float
    grown: tuple[tuple[float, int], ...]
    after_accept: bool = False
    gone: int = 0
    base: int = 0
    taken: bool = False
    probability: float | None = None

    @property
    def rest(self) -> str:
        return self.text[self.gone :]

    def read(self, moment: float) -> int:
        """How many characters of `rest` were on the screen at `moment`."""
        lengths = (length for since, length in self.grown if since <= moment)
        return max(0, max(lengths, default=0) - self.gone)


@dataclass(slots=True)
class Screen:
    ghost: Ghost | None = None
    seen: list[Seen] = field(default_factory=list)
    accepted: bool = False
    """Something was taken, and nothing new has been shown since."""

    def offered(self, offer: Offer, page: Page, now: float, wait: float) -> bool:
        """An answer to the latest question came; True when the screen shows something else now."""
        text = offer.text.rstrip()
        old = self.ghost
        if old is not None and text and text.startswith(old.rest.rstrip()):
            return self._grow(old, offer, text, now)
        if not offer.final and (not text or (old is not None and old.rest.startswith(text))):
            return False
        if old is not None and text and old.rest.startswith(text):
            shorter = old.text[: old.gone] + text
            self.ghost = replace(old, text=shorter, offer=offer, base=old.gone, probability=offer.probability)
            return True
        if old is not None:
            self._end(Fate.FLICKERED if text else Fate.VANISHED)
        if text:
            grown = ((now, len(text)),)
            self.ghost = Ghost(text, page, offer, wait, grown, self.accepted, probability=offer.probability)
            self.accepted = False
        return bool(text) or old is not None

    def _grow(self, old: Ghost, offer: Offer, text: str, now: float) -> bool:
        whole = old.text[: old.gone] + text
        grew = len(whole) > len(old.text.rstrip())
        grown = (*old.grown, (now, len(whole))) if grew else old.grown
        said = offer.probability if grew or old.probability is None else old.probability
        self.ghost = replace(old, text=whole, offer=offer, grown=grown, base=old.gone, probability=said)
        return grew

    def typed(self, text: str | None, closed: str = "") -> None:
        """So was typed at the cursor; None: something else happened to the text.

        `closed`: the bracket or quote that the editor put behind it, up to which the suggestion still fits.
        """
        ghost = self.ghost
        if ghost is None:
            return
        if text and closed and ghost.rest.startswith(text):
            end = ghost.gone + len(text) + until_closed(ghost.rest[len(text) :], text, closed)
            said = ghost.probability if end >= len(ghost.text) else None
            ghost = replace(ghost, text=ghost.text[:end], probability=said)
        if text is None or not ghost.rest.startswith(text):
            self._end(Fate.REFUTED)
            return
        self._advance(ghost, len(text), ghost.taken)

    def took(self, length: int) -> None:
        if self.ghost is not None:
            self.accepted = True
            self._advance(self.ghost, length, taken=True)

    def leave(self) -> None:
        self._end(Fate.LEFT)

    def _advance(self, ghost: Ghost, length: int, taken: bool) -> None:
        self.ghost = replace(ghost, gone=ghost.gone + length, taken=taken)
        if not self.ghost.rest.strip():
            self._end(Fate.TAKEN if taken else Fate.TYPED)

    def _end(self, fate: Fate) -> None:
        ghost, self.ghost = self.ghost, None
        if ghost is None:
            return
        text = ghost.text.rstrip()
        wrong = len(text) - right_length(ghost.page, text)
        verdict = judge(ghost.page, text)
        self.seen.append(Seen(text, verdict, wrong, ghost.wait, ghost.after_accept, fate, ghost.probability))


def until_closed(text: str, opened: str, closed: str) -> int:
    """The index of what closes `opened`, which stands before `text`; its length where nothing does."""
    depth = 1
    for index, character in enumerate(text):
        if character == closed:
            depth -= 1
        elif character == opened:
            depth += 1
        if depth == 0:
            return index
    return len(text)
