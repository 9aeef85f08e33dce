"""Queries to the completer, and its answers."""

from __future__ import annotations

from dataclasses import dataclass

from copilot_lsp.completion.cache import Generated
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Chunk, Done
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot


@dataclass(frozen=True, slots=True)
class Selected:
    """The editor's popup has `text` selected for the bytes [start, end): a completion must extend it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A request at the byte `offset` of `snapshot`.

    `shape` None: the trigger decides. `max_tokens` and `seed` override the settings.
    `wait_for_all`: the client takes partial completions, so the answer waits for the whole text.
    `chunks`: context from other files, in this order. `echo`: include the prompt in the answer.
    """

    snapshot: Snapshot
    offset: int
    trigger: Trigger
    selected: Selected | None = None
    shape: Shape | None = None
    candidates: int = 1
    max_tokens: int | None = None
    seed: int | None = None
    wait_for_all: bool = False
    chunks: tuple[Chunk, ...] = ()
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` replaces the bytes [start, end) of the snapshot, all on the cursor's line, and begins with them.

    `confidence` is the engine's, of all that was generated (see `engine.base.Done`); `probability` is that of `text`,
    all of its tokens together, given what is typed. None when unknown.
    """

    id: str
    text: str
    start: int
    end: int
    shape: Shape
    confidence: float | None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Completions, best first, or the reason why there is none; `milliseconds` since the query came in."""

    completions: tuple[Completion, ...] = ()
    silence: Silence | None = None
    done: Done | None = None
    source: str = "none"
    generated: Generated | None = None
    milliseconds: float = 0.0
