"""Messages between server and engine process: one JSON array per line, ASCII, over two pipes.

    to the engine     Start first, then Ask, Cancel and Forget in any order, and Ping at any time
    from the engine   Loading*, then Ready or Unusable; then for each Ask: Delta*, Finished; for each Ping: Pong

The end of the engine's standard input is its order to exit at once.

A shared engine and a server say the same over a socket. They prove first that they may (Challenge, Hello, Welcome: see
`shared/access.py`), State stands for Loading, Ready and Unusable, and Discard is a server's order to exit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, get_args

import cattrs

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, InfillRequest
from copilot_lsp.settings import ContextSettings, EngineSettings

MESSAGE_BYTES = 2**24
"""Maximum length of a message (bytes)."""


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
    """`client`: whose request it is, where several share the engine; 0 where it has one client."""

    id: int
    request: InfillRequest
    client: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    id: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop the cached text of `client`'s documents before any later request."""

    client: int = 0


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered at once, also during evaluations."""


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
    """Restarting would not help; `message` is for the user."""

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


@dataclass(frozen=True, slots=True)
class Challenge:
    nonce: str


@dataclass(frozen=True, slots=True)
class Hello:
    proof: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Welcome:
    proof: str


@dataclass(frozen=True, slots=True)
class State:
    """Of a shared engine, at first and at every change; `clients` use it."""

    status: EngineStatus


@dataclass(frozen=True, slots=True)
class Discard:
    """Ends the engine for all its clients: one of them wants a fresh one."""


Message = (
    Start
    | Ask
    | Cancel
    | Forget
    | Ping
    | Pong
    | Loading
    | Ready
    | Unusable
    | Delta
    | Finished
    | Challenge
    | Hello
    | Welcome
    | State
    | Discard
)

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Raises ValueError for what is not a message."""
    try:
        kind, fields = json.loads(line)
        if kind == "Ready":
            return Ready(**fields)
        if kind == "State":
            status = fields["status"]
            return State(EngineStatus(**{**status, "state": EngineState(status["state"])}))
        message: Message = cattrs.structure(fields, _KINDS[kind])
        return message
    except (KeyError, TypeError, ValueError, cattrs.BaseValidationError) as error:
        raise ValueError(f"not a message: {error}") from None
