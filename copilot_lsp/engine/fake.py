"""A scripted engine with the real interface, for tests and for developing editors without a model.

A script is a JSON list of rules, tried in order; the first whose `after` (a regular expression) is found at the
end of the prefix answers:

    [{"after": "def hello\\\\(name\\\\):\\\\s*$", "text": "return f\\"Hello, {name}!\\"", "piece_ms": 5},
     {"after": "slow$", "text": "ly", "delay_ms": 2000},
     {"after": "crash$", "dies": true}]

Sampled requests (temperature above 0) take `alternatives[seed % len]` where the rule has them; others take one when
the text begins with what the request does not want.
A `text` that the prefix has begun already (typed through) is answered with its rest.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cattrs

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, FinishReason, InfillRequest, Piece, Spent
from copilot_lsp.errors import EngineDied, EngineFailed, UsageError

GUESSED = 0.01


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """`after` is searched in the prefix and should end in `$`; times in milliseconds; pieces of 4 characters.

    `confidence` is that of the first `sure` characters (None: of all); what follows is as good as guessed.
    """

    after: str
    text: str = ""
    alternatives: tuple[str, ...] = ()
    delay_ms: float = 0.0
    piece_ms: float = 0.0
    confidence: float = 0.9
    sure: int | None = None
    dies: bool = False


DEFAULT_ANSWERS = (ScriptedAnswer(after=r"", text=""),)


def read_rules(path: Path) -> tuple[ScriptedAnswer, ...]:
    """Raises UsageError when the file is not a script."""
    try:
        return cattrs.structure(json.loads(path.read_text("utf-8")), tuple[ScriptedAnswer, ...])
    except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError) as error:
        raise UsageError(f"{path} is not a script for the fake engine: {error}") from None


class FakeEngine:
    """Remembers the requests it got in `requests`, newest last; `forgotten` counts calls of `forget`."""

    def __init__(self, rules: Sequence[ScriptedAnswer] = DEFAULT_ANSWERS, start_ms: float = 0.0) -> None:
        self.rules = tuple(rules)
        self.requests: list[InfillRequest] = []
        self.forgotten = 0
        self.spent = Spent()
        self._start_ms = start_ms
        self._status = EngineStatus(EngineState.STOPPED, "not started", "fake")
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._ready = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None

    @property
    def status(self) -> EngineStatus:
        return self._status

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        self._listeners.append(listener)

    async def start(self) -> None:
        self._become(EngineState.STARTING, "loading")
        self._starting = asyncio.create_task(self._load())

    async def ready(self) -> None:
        if self._status.state is EngineState.STOPPED:
            raise EngineFailed(self._status.message)
        await self._ready.wait()

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        self.requests.append(request)
        await self.ready()
        rule, text = answer(self.rules, request)
        await asyncio.sleep(rule.delay_ms / 1000)
        if rule.dies:
            raise EngineDied("the engine process ended (scripted)")
        cut, end = limit(text, request)
        count = 0
        for start in range(0, len(cut), 4):
            await asyncio.sleep(rule.piece_ms / 1000)
            count += 1
            sure = rule.sure is None or start < rule.sure
            so_far = Done(
                FinishReason.CANCELLED, evaluated=1, generated=count, confidence=rule.confidence if sure else GUESSED
            )
            yield Piece(cut[start : start + 4], so_far)
        done = Done(end, evaluated=1, generated=count, confidence=rule.confidence if count else None)
        self.spent = self.spent.plus(done)
        yield done

    def forget(self) -> None:
        self.forgotten += 1

    async def close(self, discard: bool = False) -> None:
        if self._starting is not None:
            self._starting.cancel()
        self._become(EngineState.STOPPED, "stopped")

    async def _load(self) -> None:
        await asyncio.sleep(self._start_ms / 1000)
        self._ready.set()
        self._become(EngineState.READY, "ready")

    def _become(self, state: EngineState, message: str) -> None:
        self._status = replace(self._status, state=state, message=message)
        for listener in self._listeners:
            listener(self._status)


def answer(rules: Sequence[ScriptedAnswer], request: InfillRequest) -> tuple[ScriptedAnswer, str]:
    """The rule that answers `request`, with its text; an empty one when none does."""
    for rule in rules:
        texts = (rule.text, *rule.alternatives)
        if request.sampling.temperature > 0 and rule.alternatives:
            texts = (rule.alternatives[request.sampling.seed % len(rule.alternatives)],)
        texts = tuple(sorted(texts, key=lambda text: text.lstrip().startswith(request.unwanted)))
        for text in texts:
            for typed in range(len(text) + 1):
                begun = text[:typed]
                before = request.prefix[: len(request.prefix) - typed]
                if request.prefix.endswith(begun) and re.search(rule.after, before):
                    return rule, text[typed:]
    return ScriptedAnswer(after=""), ""


def limit(text: str, request: InfillRequest) -> tuple[str, FinishReason]:
    """Cuts `text` at the request's lines and tokens (4 characters each)."""
    end = FinishReason.EOG
    lines = request.limits.max_lines
    if lines and text.count("\n") >= lines:
        text, end = "\n".join(text.split("\n")[:lines]), FinishReason.LINES
    if len(text) > 4 * request.limits.max_tokens:
        text, end = text[: 4 * request.limits.max_tokens], FinishReason.TOKENS
    return text, end
