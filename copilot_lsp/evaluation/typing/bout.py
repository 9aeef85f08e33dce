"""Types all places with the assistants in turn, so that other load affects each alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from copilot_lsp.evaluation.typing.assistant import Assistant
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.session import Typed, play
from copilot_lsp.evaluation.typing.typist import Person


@dataclass(slots=True)
class Bout:
    """`typed` by the assistant's name grows while it goes on; what is there stays when it is interrupted."""

    places: Sequence[Place]
    typed: dict[str, list[Typed]] = field(default_factory=dict)

    @property
    def complete(self) -> Mapping[str, list[Typed]]:
        """Only the places that every assistant has done, so that they can be compared."""
        done = min((len(each) for each in self.typed.values()), default=0)
        return {name: each[:done] for name, each in self.typed.items()}


async def run(bout: Bout, assistants: Sequence[Assistant], person: Person, tell: Callable[[str], None]) -> None:
    """Who begins changes from place to place. `tell` gets the name of who has done a place. Raises EngineFailed."""
    async with AsyncExitStack() as stack:
        for assistant in assistants:
            bout.typed.setdefault(assistant.name, [])
            stack.push_async_callback(assistant.close)
            await assistant.start()
        for number, place in enumerate(bout.places):
            first = number % len(assistants)
            for assistant in (*assistants[first:], *assistants[:first]):
                bout.typed[assistant.name].append(await play(place, assistant, person))
                tell(assistant.name)
