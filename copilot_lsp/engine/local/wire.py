"""What the server and the engine process say to each other: one JSON array a line, ASCII, over two pipes.

    to the engine     Start first, then Ask, Cancel and Forget in any order, and Ping at any time
    from the engine   Loading*, then Ready or Unusable; then for each Ask: Delta*, Finished; for each Ping: Pong

The end of the engine's standard input is its order to exit at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import cattrs

from copilot_lsp.engine.base import Done, InfillRequest
from copilot_lsp.settings import ContextSettings, EngineSettings


@dataclass(frozen=True, slots=True)
class Start:
    """Loads the model file `model`. `max_tokens`: the longest answer. `safe`: see `llama.ModelParams`."""

    model: str
    context: ContextSettings
    engine: EngineSettings
    max_tokens: int
    safe: bool


@dataclass(frozen=True, slots=True)
class Ask:
    id: int
    request: InfillRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    id: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Drops what is held of documents whose keys begin with `documents`, before any later request."""

    documents: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered at once, whatever else is going on."""


@dataclass(frozen=True, slots=True)
class Pong:
    """`evaluations`: calls of llama.cpp that have returned since the start."""

    evaluations: int


@dataclass(frozen=True, slots=True)
class Loading:
    """`fraction` from 0 to 1."""

    fraction: float


@dataclass(frozen=True, slots=True)
class Ready:
    details: dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Unusable:
    """Trying again would not help; `message` is for the user."""

    message: str


@dataclass(frozen=True, slots=True)
class Delta:
    id: int
    text: str
    so_far: Done


@dataclass(frozen=True, slots=True)
class Finished:
    id: int
    done: Done


Message = Start | Ask | Cancel | Forget | Ping | Pong | Loading | Ready | Unusable | Delta | Finished

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Start, Ask, Cancel, Forget, Ping, Pong, Loading, Ready, Unusable, Delta, Finished)
}


def encode(message: Message) -> bytes:
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Raises ValueError for what is not a message."""
    try:
        kind, fields = json.loads(line)
        if kind == "Ready":
            return Ready(**fields)
        message: Message = cattrs.structure(fields, _KINDS[kind])
        return message
    except (KeyError, TypeError, ValueError, cattrs.BaseValidationError) as error:
        raise ValueError(f"not a message: {error}") from None
