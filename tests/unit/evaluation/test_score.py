"""One answer against the truth, and the numbers of many."""

from __future__ import annotations

import pytest
from problems import replayed

from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.report.measures import summary
from copilot_lsp.evaluation.report.results import sweep
from copilot_lsp.evaluation.report.score import Score, distance, gated, keys_saved, score, similarity
from copilot_lsp.evaluation.report.statistics import differences
from copilot_lsp.evaluation.run.outcome import Outcome


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("äß", "äss", 2)],
)
def test_distance(first: str, second: str, edits: int) -> None:
    assert distance(first, second) == distance(second, first) == edits


def test_similarity_is_of_the_longer_text() -> None:
    assert similarity("abcd", "ab") == 0.5
    assert similarity("", "") == 1.0


@pytest.mark.parametrize(
    ("text", "truth", "saved"),
    [
        ("a + b", "a + b", 4),  # five keys, but one to accept
        ("a + b", "a + b + c", 4),
        ("a + c", "a + b", 2),  # accept, delete one, type one
        ("a + b)))))", "a + b", 0),  # more to delete than to type
        ("x", "x", 0),
        ("", "abc", 0),
    ],
)
def test_keys_saved(text: str, truth: str, saved: int) -> None:
    assert keys_saved(text, truth) == saved


def test_in_a_replay_the_rest_of_the_line_counts() -> None:
    case = replayed("a = ", "1")
    assert score(case, Outcome(case.id, "1  ")).exact
    longer = score(case, Outcome(case.id, "1\nb = 2"))
    assert (longer.exact, longer.exact_block, longer.similarity) == (True, None, 1.0)
    assert not score(case, Outcome(case.id, " 1")).exact


def test_a_block_is_right_by_its_first_line_and_as_a_whole() -> None:
    case = replayed("def f():\n    ", "a = 1\n    return a", kind="block")
    line, block = (score(case, Outcome(case.id, text)) for text in ("a = 1", "a = 1\n    return a"))
    assert (line.exact, line.exact_block) == (True, False)
    assert (block.exact, block.exact_block) == (True, True)
    assert (line.keys, line.keys_saved, block.keys_saved) == (18, 4, 17)


def test_in_a_suite_the_whole_hole_counts() -> None:
    case = Case("x", Suite.INFILLING, "multi-line", "python", "main.py", "", "a = 1 \nb = 2\n", "")
    assert score(case, Outcome("x", "a = 1\nb = 2")).exact
    assert not score(case, Outcome("x", "a = 1")).exact


def test_line_ends_do_not_matter() -> None:
    case = replayed("def f():\r\n    ", "a = 1\r\n    return a", "\r\n", kind="block")
    assert score(case, Outcome(case.id, "a = 1\n    return a")).exact_block


def test_clean_means_no_more_errors_than_the_truth_or_without_the_line() -> None:
    case = replayed("a = ", "(1)")
    clean = {text: score(case, Outcome(case.id, text)).clean for text in ("2", "(2", "", "b)")}
    assert clean == {"2": True, "(2": False, "": None, "b)": False}
    broken = replayed("a = (1\nb = ", "2", "\nc = )\n")
    assert score(broken, Outcome(broken.id, "3")).clean is True
    begun = replayed("", "a = call(", "\n    1)\n")
    assert score(begun, Outcome(begun.id, "b = 2")).clean is True
    block = replayed("def f():\n    ", "a = 1\n    return a", kind="block")
    assert score(block, Outcome(block.id, "for a in b:")).clean is True  # nothing was there before either
    assert score(block, Outcome(block.id, "for a in b):")).clean is False
    assert score(replayed("a = ", "1", language="kotlin"), Outcome("", "2")).clean is None


def of(
    shown: bool = True,
    exact: bool = False,
    confidence: float | None = None,
    milliseconds: float | None = None,
    saved: int = 0,
) -> Score:
    return Score(shown, exact, float(exact), saved, 10, None, shown or None, None, confidence, milliseconds, exact)


def test_a_summary_counts_silence_as_wrong_but_not_as_shown() -> None:
    values = summary([of(exact=True, saved=9, milliseconds=100), of(milliseconds=300), of(shown=False)])
    assert values["exact_match"] == pytest.approx(1 / 3)
    assert values["right_when_shown"] == 0.5
    assert values["shown"] == pytest.approx(2 / 3)
    assert values["keystrokes_saved"] == pytest.approx(0.3)
    assert (values["latency_p50_ms"], values["latency_p95_ms"], values["pass_at_1"]) == (100, 300, None)


def test_nothing_has_no_values() -> None:
    assert set(summary([]).values()) == {None}


CASE = replayed("total = ", "first + second")
UNSURE = Outcome(CASE.id, "first + third", shape="line", raw="first + third", trace=((5, 0.9), (8, 0.6), (13, 0.2)))


@pytest.mark.parametrize(
    ("least", "text"), [(0.0, "first + third"), (0.2, "first + third"), (0.5, "first +"), (0.9, "first"), (0.95, "")]
)
def test_the_gate_cuts_a_text_where_it_is_not_sure_any_more(least: float, text: str) -> None:
    assert gated(CASE, UNSURE, least).text == text


def test_what_is_left_of_a_cut_text_can_be_right() -> None:
    cut = score(CASE, gated(CASE, UNSURE, 0.9))
    assert (cut.shown, cut.right, cut.exact) == (True, True, False)
    assert not score(CASE, UNSURE).right


def test_a_sweep_trades_coverage_for_precision() -> None:
    other = replayed("x = ", "1")
    cases = {CASE.id: CASE, "b": other}
    sure = Outcome("b", "1", shape="line", raw="1", trace=((1, 0.92),))
    points = {point.threshold: point for point in sweep(cases, {CASE.id: UNSURE, "b": sure})}
    assert [points[least].shown for least in (0.0, 0.9, 0.95)] == [1.0, 1.0, 0.0]
    assert [points[least].right_when_shown for least in (0.0, 0.9, 0.95)] == [0.5, 1.0, None]


def test_a_difference_that_is_always_there_is_sure() -> None:
    base = [of(exact=index % 4 == 0) for index in range(80)]
    better = [of(exact=index % 4 != 3) for index in range(80)]
    found = {each.measure: each for each in differences(base, better)}
    exact = found["exact_match"]
    assert (exact.base, exact.other) == (0.25, 0.75)
    assert exact.low is not None
    assert exact.high is not None
    assert 0.3 < exact.low < 0.5 < exact.high < 0.7
    assert exact.is_sure
    assert found == {each.measure: each for each in differences(base, better)}


def test_no_difference_is_not_sure() -> None:
    same = [of(exact=index % 3 == 0) for index in range(60)]
    other = [of(exact=index % 3 == 1) for index in range(60)]
    assert {each.measure: each.is_sure for each in differences(same, other)}["exact_match"] is False
    assert differences([], []) == []
