"""The engine interface: a request in, a stream of text pieces and one `Done` out.

Plain frozen data and one protocol; no process, no model, no LSP.
`local/` runs llama.cpp in a process of its own, `remote/` asks servers, `fake.py` answers from a script.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text of another file as context; `source` is its absolute path, if it has one."""

    path: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where the prefix window may begin.

    `start` is an index into `InfillRequest.prefix` (code points) at the start of a line; `header` is put before
    the window when it begins there (imports, enclosing scopes' first lines) so that cutting loses no structure.
    """

    start: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits of a generation; 0: no limit. `max_tokens=0` is the exception: prefill only."""

    max_tokens: int = 64
    max_lines: int = 0
    max_ms: int = 0


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Temperature 0 is greedy and ignores the rest."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.9
    seed: int = 0


@dataclass(frozen=True, slots=True)
class InfillRequest:
    """What to complete between `prefix` and `suffix`.

    `document` names the KV sequence to reuse (any stable key, such as the URI).
    `path` is what a repository-level prompt calls this file.
    `cuts` ascend by `start`; the engine takes the first whose window fits its token budget, and cuts by tokens
    only when none fits. Without cuts the whole prefix is the window. `pinned`: the first cut is the one that an
    earlier request was answered with, and is kept as long as there is room at all.
    `anchor`: an index into `prefix` (code points) where the hole begins; the text from there to the cursor is the
    beginning of the middle, so typing only appends to the prompt. None: at the cursor.
    `quick`: use a window that can be evaluated within `context.coldMs`, not the whole one.
    `comment` begins a comment in this file; chunks are comments for models without a format for other files.
    `unwanted`: beginnings of the text that are banned, ignoring white space.
    `echo`: return the prompt in `Done.prompt`.
    """

    document: str
    path: str
    prefix: str
    suffix: str
    cuts: tuple[Cut, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    limits: Limits = Limits()
    sampling: SamplingParams = SamplingParams()
    comment: str = "#"
    unwanted: tuple[str, ...] = ()
    background: bool = False
    """Preempted at once by any request that is not in the background."""
    pinned: bool = False
    anchor: int | None = None
    quick: bool = False
    echo: bool = False


class FinishReason(StrEnum):
    """Why the generation ended."""

    EOG = "end-of-generation"
    TOKENS = "token-limit"
    LINES = "line-limit"
    TIME = "time-limit"
    CANCELLED = "cancelled"
    DOUBT = "doubt"
    """The confidence gate: what follows would not be shown."""
    SHAPED = "complete"
    """The completer had the complete line or block and closed the stream."""


@dataclass(frozen=True, slots=True)
class Done:
    """The last item of a stream. Times are milliseconds since the engine started on the request.

    `evaluated` + `reused` is the length of the prompt in tokens. `confidence` is the joint probability of the generated
    tokens, 0 to 1; None when there are none. `cut` is the index into the request's cuts of the one where the window
    begins, -1 for none of them. `prompt`: the whole prompt as text, control tokens as they are spelled, on request.
    """

    end: FinishReason
    evaluated: int = 0
    reused: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
    prefill_ms: float = 0.0
    first_ms: float = 0.0
    total_ms: float = 0.0
    confidence: float | None = None
    cut: int = -1
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of all requests since the engine was created, including background and cancelled ones."""

    evaluated: int = 0
    reused: int = 0
    generated: int = 0

    def plus(self, done: Done) -> Spent:
        return Spent(self.evaluated + done.evaluated, self.reused + done.reused, self.generated + done.generated)


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bit of text; whole characters, never half of a UTF-8 sequence.

    `so_far` is what `Done` would say if this were the last piece.
    """

    text: str
    so_far: Done = Done(FinishReason.CANCELLED)


class EngineState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    ABSENT = "absent"
    """There is no model to run."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`message` is one line for the user; `details` are shown by `doctor` and the log (template, context, ...).

    `clients`: number of servers that share the process; 0 if it is not shared. `alone`: why it is not, though it
    should be.
    `remote`: host that receives text; "" while it stays on this machine.
    """

    state: EngineState
    message: str = ""
    model: str = ""
    safe_mode: bool = False
    pid: int | None = None
    details: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    clients: int = 0
    alone: str = ""
    remote: str = ""


class Engine(Protocol):
    """One client, one request decoded at a time.

    Closing the generator that `infill` returned, or cancelling the task that reads it, cancels the request:
    the engine is free again within one decode step, in the middle of prompt evaluation as well.
    """

    @property
    def status(self) -> EngineStatus: ...

    @property
    def spent(self) -> Spent: ...

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        """Call `listener` on the event loop at every change of `status`."""

    async def start(self) -> None:
        """Start loading and return; does not raise if the model cannot be loaded (see `status`)."""

    async def ready(self) -> None:
        """Wait until the state is READY. Raises EngineFailed if it cannot become so."""

    def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """Stream the answer, after waiting for a starting engine. Raises EngineDied or EngineFailed."""

    def forget(self) -> None:
        """Cancel all requests in flight, and drop the text of all requests before any later one starts."""

    async def close(self, discard: bool = False) -> None:
        """End the process, unless it is shared, and wait for its end. `discard`: end it even if others use it."""
