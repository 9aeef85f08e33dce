"""The pure steps of the pipeline, between a query and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from copilot_lsp.completion import gate, trigger
from copilot_lsp.completion.cache import Generated
from copilot_lsp.completion.query import Completion, Query
from copilot_lsp.completion.run import Run
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine, EngineState, SamplingParams
from copilot_lsp.postprocess import pipeline
from copilot_lsp.postprocess.pipeline import RawCompletion
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Snapshot, snapshot_with
from copilot_lsp.source.languages import is_listed

CANDIDATE_TEMPERATURE = 0.7
"""Sampling of the candidates after the first, which is greedy."""

STABLE = {
    None,
    Reason.EMPTY,
    Reason.WHITESPACE_ONLY,
    Reason.REPEATS_SUFFIX,
    Reason.REPETITION,
    Reason.BREAKS_SYNTAX,
    Reason.LOW_CONFIDENCE,
}
"""Silences that depend only on the text, and so may be cached."""


def with_selection(query: Query) -> Query:
    """The query as if the popup's selection had been accepted."""
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


def turned_off(query: Query, settings: Settings) -> Silence | None:
    if not settings.enabled:
        return Silence(Reason.DISABLED)
    if is_listed(settings.disabled_languages, query.snapshot.language):
        return Silence(Reason.DISABLED_LANGUAGE, query.snapshot.language)
    return None


def shape_of(query: Query, settings: Settings) -> Shape | Silence:
    """Line or block, or the reason for no completion."""
    if query.shape is not None:
        return query.shape
    decision = trigger.decide(query.snapshot, query.offset, query.trigger, settings.completion)
    return decision if isinstance(decision, Silence) else decision.shape


def floor_of(query: Query, settings: Settings) -> float:
    """Threshold of the gate: `completion.confidence` while typing, none for a completion requested by key."""
    return settings.completion.confidence if query.trigger is Trigger.AUTOMATIC else 0.0


MISLED = (Reason.REPEATS_SUFFIX, Reason.BREAKS_SYNTAX)
"""Silences after which another beginning of the line may succeed."""


def beginning_to_avoid(query: Query, first: Generated) -> str:
    """The first visible token of a rejected text, to be banned; "" if there should be no retry.

    Only completions requested by key are retried: less likely ones are not shown while typing.
    """
    asked = query.trigger is Trigger.INVOKED and query.seed is None and query.max_tokens is None
    if not asked or first.shape is not Shape.LINE or first.silence is None or first.silence.reason not in MISLED:
        return ""
    begun = (first.raw[:length].strip() for length, _ in first.trace)
    return next(filter(None, begun), "")


def rest_of(result: Generated, query: Query) -> Generated:
    """The result without what has been typed since, and without what the editor closed after the cursor."""
    rest = result.rest(query.snapshot, query.offset)
    if rest is None:
        return replace(result, text="", silence=result.silence or Silence(Reason.EMPTY))
    if rest and result.place.is_followed_by_more(query.snapshot, query.offset):
        rest = pipeline.beside(RawCompletion(query.snapshot, query.offset, result.shape, rest))
        return replace(result, text=rest, silence=None if rest else Silence(Reason.EMPTY))
    return replace(result, text=rest)


def is_by_typing(query: Query) -> bool:
    """Whether the query comes from typing, without options of its own."""
    own = (query.shape, query.seed, query.max_tokens)
    return query.trigger is Trigger.AUTOMATIC and own == (None, None, None)


Emit = Callable[[Generated], None]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known without the engine: `text`, possibly the rest of an interrupted suggestion.

    `shape`: of the request to the engine, or the reason for none.
    """

    shape: Shape | Silence
    text: Generated | None = None

    @property
    def asks_engine(self) -> bool:
        """Whether there is no text, or only an interrupted one."""
        if isinstance(self.shape, Silence):
            return False
        return self.text is None or not (self.text.is_whole or self.text.silence)

    def held(self, found: Generated) -> Generated:
        """`found`, unless it would remove text from the screen."""
        shown = self.text.text.rstrip() if self.text else ""
        return found if self.text is None or found.text.startswith(shown) else self.text

    def showing(self, emit: Emit | None) -> Emit | None:
        return None if emit is None else lambda part: emit(self.held(part))


def worth_keeping(run: Run) -> bool:
    """Whether the result may be cached: it has text, or a silence that depends only on the text."""
    if run.job.max_tokens is not None or (not run.task.cancelled() and run.task.exception() is not None):
        return False
    result = run.result()
    if result.silence is None:
        return True
    return result.done is not None and result.is_whole and result.silence.reason in STABLE


def sampled(seed: int) -> SamplingParams:
    return SamplingParams(temperature=CANDIDATE_TEMPERATURE, seed=seed)


def in_file(text: str, snapshot: Snapshot) -> str:
    """`text` with the document's predominant line ends."""
    data = snapshot.text.data
    windows = data.count(b"\r\n")
    ends = {"\n": data.count(b"\n") - windows, "\r\n": windows, "\r": data.count(b"\r") - windows}
    return text.replace("\n", max(ends, key=lambda end: ends[end]))


def completion_of(query: Query, result: Generated, id: str) -> Completion:
    """The completion to insert; partial texts of one query share its id."""
    text = in_file(result.text, query.snapshot)
    start = end = query.offset
    if query.selected is not None:
        text = query.selected.text + text
        start, end = query.selected.start, query.selected.end
    confidence = result.done.confidence if result.done else None
    return Completion(id, text, start, end, result.shape, confidence, probability_of(query, result))


def probability_of(query: Query, result: Generated) -> float | None:
    """Of the text that is left of the result at the cursor; None when not known."""
    typed = result.place.typed_until(query.snapshot, query.offset)
    return None if typed is None else gate.probability(result.raw, result.trace, typed, result.text)


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
