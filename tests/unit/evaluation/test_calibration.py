"""Whether the probabilities of a model are honest."""

from __future__ import annotations

import numpy as np
import pytest
from problems import replayed

from copilot_lsp.completion import gate
from copilot_lsp.evaluation.report import calibration
from copilot_lsp.evaluation.report.calibration import Bin, isotonic
from copilot_lsp.evaluation.report.reliability import figure
from copilot_lsp.evaluation.run.outcome import Outcome

CASE = replayed("total = ", "first + second")


def outcome(raw: str, *trace: tuple[int, float]) -> Outcome:
    return Outcome(CASE.id, raw=raw, trace=trace)


def test_the_beginning_of_a_wrong_text_can_be_right() -> None:
    found = calibration.of([(CASE, outcome("first + third", (5, 0.95), (8, 0.65), (13, 0.25)))])
    assert found is not None
    assert found.bins == [Bin(1, 0.25, 0.0), Bin(1, 0.65, 1.0), Bin(1, 0.95, 1.0)]
    assert found.error == pytest.approx((0.25 + 0.35 + 0.05) / 3)


def test_honest_probabilities_have_no_error() -> None:
    right, wrong = outcome("first", (5, 0.75)), outcome("third", (5, 0.75))
    found = calibration.of([(CASE, each) for each in (right, right, wrong, right)])
    assert found is not None
    assert found.error == 0
    assert dict(found.floors) == {0.3: 0.75, 0.5: 0.75, 0.7: 0.75, 0.9: None}


def test_what_the_shape_cut_off_does_not_count() -> None:
    found = calibration.of([(CASE, outcome("first", (5, 0.9), (6, 0.1)))])
    assert found is not None
    assert [each.count for each in found.bins] == [1]


def test_without_probabilities_there_is_nothing_to_say() -> None:
    assert calibration.of([(CASE, outcome("first"))]) is None


def test_the_fit_rises_and_keeps_the_mean() -> None:
    fitted = isotonic(np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0]))
    assert fitted.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 1, 1])


def test_the_plot_says_how_many_were_right_and_how_sure_that_is() -> None:
    found = calibration.of_points([(0.75, True), (0.75, False), (0.75, True), (0.75, True)])
    svg = figure({"small": found, "silent": None})
    assert "Expected calibration error: small 0.000 (n = 4)" in svg
    assert "small: 75.0% of 4 right (30.1% to 95.4%)" in svg
    assert '<td class="number">75.0% (30.1% to 95.4%)</td><td class="number">4</td>' in svg
    assert svg.count('class="span c0"') == 1, "the interval is drawn"
    assert "silent" not in svg
    assert figure({"silent": None}) == ""


RAW = "  first +\n    second"
TRACE = [(2, 0.95), (7, 0.9), (9, 0.6), (20, 0.3)]


@pytest.mark.parametrize(
    ("typed", "shown", "expected"),
    [
        ("", "f", 0.9),
        ("", "first", 0.9),
        ("", "first +\n\tsecond", 0.3),  # shaping has left out and changed white space
        ("first +\n", "\tsecond", 0.3 / 0.6),
        ("fir", "st", 0.9 / 0.95),  # of a token that is typed in part, all counts
        ("first", " +", 0.6 / 0.9),
    ],
)
def test_a_text_is_as_probable_as_its_tokens_behind_what_is_typed(typed: str, shown: str, expected: float) -> None:
    assert gate.probability(RAW, TRACE, typed, shown) == pytest.approx(expected)
    assert gate.probability(RAW, [], typed, shown) is None
