"""What the server counts of its completions' fates."""

from __future__ import annotations

import pytest

from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.server.statistics import REMEMBERED, Recorder, Statistics, percentile
from copilot_lsp.silence import Reason
from copilot_lsp.source.document import Document

SNAPSHOT = Document.open("file:///a.py", "a.py", "python", 1, "  été.va", 1000).snapshot()
START = len("  été.".encode())
CURSOR = len("  été.va".encode())


def offer(recorder: Recorder, id: str, text: str = "values", milliseconds: float = 10.0) -> None:
    """A completion that replaces the `va` before the cursor."""
    completion = Completion(id, text, START, CURSOR, Shape.LINE, None)
    recorder.answered(Query(SNAPSHOT, CURSOR, Trigger.AUTOMATIC), Answer((completion,), milliseconds=milliseconds))


def fates(found: Statistics) -> tuple[int, int, int, int, int]:
    return found.offered, found.shown, found.accepted, found.partially_accepted, found.saved_keys


def test_a_completion_that_is_taken_saves_its_new_characters_less_one_key() -> None:
    recorder = Recorder()
    offer(recorder, "1")
    recorder.accepted("1")
    assert fates(recorder.statistics()) == (1, 1, 1, 0, 3)


def test_each_step_of_accepting_is_a_key() -> None:
    recorder = Recorder()
    offer(recorder, "1", "values.sum()")
    recorder.partially_accepted("1", len("values"))
    assert fates(recorder.statistics()) == (1, 1, 0, 1, 3)
    recorder.partially_accepted("1", len("values."))
    assert fates(recorder.statistics()) == (1, 1, 0, 1, 3)
    recorder.accepted("1")
    assert fates(recorder.statistics()) == (1, 1, 1, 0, 7)


def test_a_line_end_is_one_key() -> None:
    recorder = Recorder()
    offer(recorder, "1", "values\r\n")
    recorder.accepted("1")
    assert recorder.statistics().saved_keys == 4


@pytest.mark.parametrize("length", [-1, 0, 2, 7, 10**9])
def test_impossible_lengths_count_nothing(length: int) -> None:
    recorder = Recorder()
    offer(recorder, "1")
    recorder.partially_accepted("1", length)
    assert fates(recorder.statistics()) == (1, 0, 0, 0, 0)


def test_everything_counts_once_and_only_of_completions_that_were_given() -> None:
    recorder = Recorder()
    offer(recorder, "1")
    for id in ("1", "1", "made up"):
        recorder.shown(id)
        recorder.accepted(id)
        recorder.partially_accepted(id, 4)
    assert fates(recorder.statistics()) == (1, 1, 1, 0, 3)


def test_counts_outlive_what_is_remembered() -> None:
    recorder = Recorder()
    for number in range(REMEMBERED + 5):
        offer(recorder, str(number))
        recorder.accepted(str(number))
    recorder.shown("0")
    total = REMEMBERED + 5
    assert fates(recorder.statistics()) == (total, total, total, 0, 3 * total)


def test_an_empty_answer_has_a_reason_and_no_latency() -> None:
    recorder = Recorder()
    recorder.silent(Reason.MID_WORD)
    recorder.silent(Reason.MID_WORD)
    found = recorder.statistics()
    assert (found.silences, found.latency_p50_ms) == ({Reason.MID_WORD: 2}, None)


def test_percentiles_are_of_the_answers_with_a_completion() -> None:
    recorder = Recorder()
    for number in range(1, 21):
        offer(recorder, str(number), milliseconds=float(number))
    found = recorder.statistics()
    assert (found.latency_p50_ms, found.latency_p95_ms) == (10.0, 19.0)


@pytest.mark.parametrize(("values", "expected"), [([], None), ([5.0], 5.0), ([3.0, 1.0, 2.0], 3.0)])
def test_percentile_is_the_nearest_rank(values: list[float], expected: float | None) -> None:
    assert percentile(values, 0.95) == expected
