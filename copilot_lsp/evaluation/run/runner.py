"""Answers cases with one engine, through the pipeline or without it.

Nothing of one case is left for the next: a new completer, and an engine whose only sequence was emptied. So neither
the order of the cases nor going on later changes a text, and the times are those of a document seen first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Answer, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Chunk, Done, Engine, InfillRequest, Limits
from copilot_lsp.errors import EngineDied, EngineFailed
from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.run import sandbox
from copilot_lsp.evaluation.run.outcome import Outcome
from copilot_lsp.evaluation.run.record import Record, code_digest
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason

ENGINE_GONE = {Reason.NO_MODEL, Reason.MODEL_LOADING, Reason.ENGINE_RESTARTING, Reason.ENGINE_FAILED}


Choose = Callable[[Case], tuple[Chunk, ...]]
"""Text of other files for a case. It is asked for more than once."""


def nothing(case: Case) -> tuple[Chunk, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Mode:
    """`bare`: the model without the pipeline: no trigger, no context cutting, no shape, greedy, as many lines as the
    truth has. The engine still heals tokens, and cuts a prompt that is longer than its budget.

    `invoked`: a replay asks as a key does; otherwise it is silent where the editor would be. Suites always invoke.
    `choose`: what the model is shown of other files; nothing by default.
    """

    bare: bool = False
    invoked: bool = False
    choose: Choose = field(default=nothing, repr=False)

    def trigger(self, case: Case) -> Trigger:
        automatic = case.suite is Suite.REPLAY and not self.invoked
        return Trigger.AUTOMATIC if automatic else Trigger.INVOKED


@dataclass(frozen=True, slots=True)
class Contender:
    """A model that takes part. `identity` tells its file from others (SHA-256)."""

    name: str
    identity: str
    settings: Settings

    def key(self, case: Case, mode: Mode) -> str:
        """The same for what would give the same outcome."""
        settings = replace(self.settings, model="")
        chosen = repr(mode.choose(case))
        parts = (case.digest, case.id, self.identity, code_digest(), repr(settings), repr(mode), chosen)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def settings_for(settings: Settings) -> Settings:
    """`settings` without whatever depends on the clock or on what came before.

    Every text is kept, however low its confidence: thresholds are applied when it is scored.
    """
    completion = replace(
        settings.completion, first_ms=0, max_ms=0, debounce_ms=0, prefetch=False, candidates=1, confidence=0.0
    )
    context = replace(settings.context, cold_ms=0)
    return replace(settings, completion=completion, context=context, engine=replace(settings.engine, sequences=1))


Tell = Callable[[Case, Outcome], None]


def recall(contender: Contender, cases: Sequence[Case], mode: Mode, record: Record, tell: Tell) -> list[Case]:
    """Tells the outcomes that the record has, and gives the other cases."""
    missing = []
    for case in cases:
        outcome = record.get(contender.key(case, mode))
        if outcome is None:
            missing.append(case)
        else:
            tell(case, outcome)
    return missing


async def run(
    engine: Engine, contender: Contender, cases: Sequence[Case], mode: Mode, record: Record, tell: Tell
) -> None:
    """Tells the outcome of every case, in order, and records it. Raises EngineFailed."""
    for case in cases:
        await engine.ready()
        outcome = await _outcome(engine, contender.settings, case, mode)
        record.put(contender.key(case, mode), contender.name, outcome)
        tell(case, outcome)


async def _outcome(engine: Engine, settings: Settings, case: Case, mode: Mode) -> Outcome:
    try:
        await _empty(engine)
        outcome = await (_bare(engine, settings, case) if mode.bare else _piped(engine, settings, case, mode))
        if case.test is None or outcome.failure:
            return outcome
        passed, verdict = await asyncio.to_thread(sandbox.check, case.test, outcome.text + case.line_end)
    except EngineFailed:
        raise
    except Exception as error:  # one case, whatever is the matter with it, must not end the run
        return Outcome(case.id, failure=str(error) or type(error).__name__)
    return replace(outcome, passed=passed, verdict=verdict)


async def _empty(engine: Engine) -> None:
    """Leaves a prompt in the engine's sequence that has nothing in common with any case's."""
    request = InfillRequest("empty", "", "\n", "\n", limits=Limits(max_tokens=0))
    async with aclosing(engine.infill(request)) as stream:
        async for _ in stream:
            pass


async def _piped(engine: Engine, settings: Settings, case: Case, mode: Mode) -> Outcome:
    snapshot, offset = case.snapshot(settings.max_parse_bytes), case.offset
    completer = Completer(engine, settings)
    try:
        answer = await completer.complete(
            Query(snapshot, offset, mode.trigger(case), shape=case.shape, wait_for_all=True, chunks=mode.choose(case)),
        )
    finally:
        await completer.close()
    return _of_answer(case, answer)


def _of_answer(case: Case, answer: Answer) -> Outcome:
    if answer.silence and answer.silence.reason in ENGINE_GONE:
        return Outcome(case.id, failure=answer.silence.message)
    best = answer.completions[0] if answer.completions else None
    outcome = Outcome(
        case.id,
        text=best.text if best else "",
        shape=best.shape if best else "",
        silence=answer.silence.reason if answer.silence else "",
        milliseconds=answer.milliseconds if answer.source == "engine" else None,
    )
    if (made := answer.generated) is not None:
        outcome = replace(outcome, shape=made.shape, raw=made.raw, trace=tuple(made.trace))
    return outcome if answer.done is None else _with(outcome, answer.done)


async def _bare(engine: Engine, settings: Settings, case: Case) -> Outcome:
    lines = case.hole.count("\n") + 1
    completion = settings.completion
    tokens = completion.max_line_tokens if lines == 1 else completion.max_block_tokens
    limits = Limits(max_tokens=tokens, max_lines=lines)
    request = InfillRequest(case.digest, case.path, case.prefix, case.suffix, limits=limits)
    text, done = "", None
    try:
        async with aclosing(engine.infill(request)) as stream:
            async for item in stream:
                if isinstance(item, Done):
                    done = item
                    break
                text += item.text
    except EngineDied as error:
        return Outcome(case.id, failure=str(error))
    text = "\n".join(text.split("\n")[:lines])
    silence = "" if text.strip() else Reason.EMPTY
    outcome = Outcome(case.id, text=text, silence=silence)
    return outcome if done is None else _with(replace(outcome, milliseconds=done.total_ms), done)


def _with(outcome: Outcome, done: Done) -> Outcome:
    return replace(
        outcome,
        confidence=done.confidence,
        prompt_tokens=done.evaluated + done.reused,
        tokens=done.generated,
        end=str(done.end),
    )
