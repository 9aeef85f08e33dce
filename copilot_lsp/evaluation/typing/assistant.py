"""The interface of an assistant in the typing simulation: what an editor's plugin does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from copilot_lsp.evaluation.typing.places import Place


@dataclass(frozen=True, slots=True)
class Offer:
    """What is suggested at the cursor after the change number `change`; `text` "" when nothing is.

    `final` False: the text may still grow. `token` is the assistant's own, to know the offer by. `probability` is what
    it says of the text, None when it says nothing.
    """

    change: int
    text: str
    final: bool = True
    token: object = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a place took: requests that the assistant answered from memory or with its engine, what the engine did for
    them and in the background, and what it holds. None: not known.
    """

    remembered: int | None = None
    generated_anew: int | None = None
    tokens_evaluated: int | None = None
    tokens_reused: int | None = None
    tokens_generated: int | None = None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """The file is `place.before + left + right + place.after` after the change of that number; the cursor stands behind
    `left`.
    """

    place: Place
    left: str
    right: str
    change: int = 0


class Assistant(Protocol):
    """`changed` tells of one change and asks for a suggestion; an older question is given up. Offers come through
    `listen`'s callback, on the event loop. Failures are errors of `errors.py`.
    """

    @property
    def name(self) -> str: ...

    def listen(self, hear: Callable[[Offer], None]) -> None: ...

    async def start(self) -> None:
        """Returns when it is ready to answer."""

    async def enter(self, scene: Scene) -> None:
        """The file is opened and has the focus; the cursor is there."""

    def changed(self, scene: Scene) -> None: ...

    def shown(self, offer: Offer) -> None: ...

    def taken(self, offer: Offer, length: int) -> None:
        """So many characters of the offer's text, from its beginning, are in the file now; a change follows."""

    async def evaluated(self) -> int | None:
        """Tokens since `enter`; None: not known."""

    async def leave(self) -> Usage:
        """The file is closed, nothing goes on in the background. What happened since `enter`."""

    async def close(self) -> None: ...
