"""The pure steps of the pipeline, between a query and its answer."""

from __future__ import annotations

from dataclasses import replace

from copilot_lsp.completion import trigger
from copilot_lsp.completion.cache import Generated
from copilot_lsp.completion.query import Completion, Query
from copilot_lsp.completion.run import Run
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine, EngineState, FinishReason, SamplingParams
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Snapshot, snapshot_with
from copilot_lsp.source.languages import is_listed

CANDIDATE_TEMPERATURE = 0.7
"""Of the candidates after the first, which is greedy."""

STABLE = {
    None,
    Reason.EMPTY,
    Reason.WHITESPACE_ONLY,
    Reason.REPEATS_SUFFIX,
    Reason.REPETITION,
    Reason.BREAKS_SYNTAX,
    Reason.LOW_CONFIDENCE,
}
"""Silences that would come again for the same text, and so may be cached."""


def with_selection(query: Query) -> Query:
    """The query as it would be if the popup's selection were accepted already."""
    if (selected := query.selected) is None:
        return query
    end = max(selected.end, query.offset)
    data = selected.text.encode("utf-8", "replace")
    return replace(
        query,
        snapshot=snapshot_with(query.snapshot, selected.start, end, data),
        offset=selected.start + len(data),
        selected=replace(selected, end=end),
    )


def shape_of(query: Query, settings: Settings) -> Shape | Silence:
    """Line or block, or why nothing is to be shown."""
    if not settings.enabled:
        return Silence(Reason.DISABLED)
    if is_listed(settings.disabled_languages, query.snapshot.language):
        return Silence(Reason.DISABLED_LANGUAGE, query.snapshot.language)
    if query.shape is not None:
        return query.shape
    decision = trigger.decide(query.snapshot, query.offset, query.trigger, settings.completion.multiline)
    return decision if isinstance(decision, Silence) else decision.shape


def floor_of(query: Query, settings: Settings) -> float:
    """The gate's: what nobody asked for must be sure; what was asked for is shown whole."""
    return settings.completion.confidence if query.trigger is Trigger.AUTOMATIC else 0.0


MISLED = (Reason.REPEATS_SUFFIX, Reason.BREAKS_SYNTAX)
"""Silences for a line that the model began wrongly: what it would write next after another beginning may be right."""


def beginning_to_avoid(query: Query, first: Generated) -> str:
    """How the text began that may not be shown: its first visible token; "" where nobody would wait for another one.

    Only who asked by a key does: what is not likely is not shown unasked.
    """
    asked = query.trigger is Trigger.INVOKED and query.seed is None and query.max_tokens is None
    if not asked or first.shape is not Shape.LINE or first.silence is None or first.silence.reason not in MISLED:
        return ""
    begun = (first.raw[:length].strip() for length, _ in first.trace)
    return next(filter(None, begun), "")


def rest_of(result: Generated, query: Query) -> Generated:
    """The result less what the user typed since it was begun."""
    rest = result.rest(query.snapshot, query.offset)
    if rest is None:
        return replace(result, text="", silence=result.silence or Silence(Reason.EMPTY))
    return replace(result, text=rest)


def worth_keeping(run: Run) -> bool:
    """Whether the run came to its natural end, with a text or a silence that would come again."""
    if run.task.cancelled() or run.task.exception() is not None or run.job.max_tokens is not None:
        return False
    result = run.result()
    whole = result.done is not None and result.done.end not in (FinishReason.TIME, FinishReason.CANCELLED)
    return whole and (result.silence.reason if result.silence else None) in STABLE


def sampled(seed: int) -> SamplingParams:
    return SamplingParams(temperature=CANDIDATE_TEMPERATURE, seed=seed)


def in_file(text: str, snapshot: Snapshot) -> str:
    """`text` with the line ends that most lines of the document have."""
    data = snapshot.text.data
    windows = data.count(b"\r\n")
    ends = {"\n": data.count(b"\n") - windows, "\r\n": windows, "\r": data.count(b"\r") - windows}
    return text.replace("\n", max(ends, key=lambda end: ends[end]))


def completion_of(query: Query, result: Generated, id: str) -> Completion:
    """What the editor inserts; growing texts of one query have the id of their end."""
    text = in_file(result.text, query.snapshot)
    start = end = query.offset
    if query.selected is not None:
        text = query.selected.text + text
        start, end = query.selected.start, query.selected.end
    confidence = result.done.confidence if result.done else None
    return Completion(id, text, start, end, result.shape, confidence)


NOT_READY = {
    EngineState.STARTING: Reason.MODEL_LOADING,
    EngineState.RESTARTING: Reason.ENGINE_RESTARTING,
    EngineState.STOPPED: Reason.ENGINE_FAILED,
    EngineState.FAILED: Reason.ENGINE_FAILED,
    EngineState.ABSENT: Reason.NO_MODEL,
}


def unavailable(engine: Engine) -> Silence | None:
    """Why the engine cannot answer now, if so."""
    status = engine.status
    reason = NOT_READY.get(status.state)
    return Silence(reason, status.message) if reason else None
