"""The model card's facts."""

import pytest

from training.card import card

PACKAGE = {"package": "pypi:sums", "version": "1.0", "licence": "MIT", "files": 2, "characters": 900, "held_out": False}
CORPUS = {
    "files": {"python": 2},
    "characters": {"python": 900},
    "dropped": {"generated": 3},
    "packages": [
        PACKAGE,
        PACKAGE | {"package": "npm:kept", "held_out": True},
        PACKAGE | {"package": "npm:none", "files": 0},
    ],
}
LOG = [
    {"step": 1, "tokens": 1e6, "seconds": 30.0, "loss": 2.5},
    {"step": 2, "tokens": 2e6, "seconds": 60.0, "loss": 1.5},
    {"held_out_loss": 1.7, "holes": 40.0, "exact_line": 0.25},
]


def test_the_card_tells_data_training_and_scores() -> None:
    text = card(CORPUS, [LOG], "On two cores.", "| exact | 25 % |")
    assert "| pypi:sums | 1.0 | MIT | 2 | 900 |" in text
    assert "evaluation only: npm:kept." in text
    assert "npm:none" not in text
    assert "2 steps, 2.00 million tokens, 1 minutes" in text
    assert "On two cores." in text
    assert "line 25.0% (40 holes)" in text
    assert "| exact | 25 % |" in text


def test_runs_that_went_on_from_each_other_are_summed_up() -> None:
    later = [{"step": 5, "tokens": 3e6, "seconds": 120.0, "loss": 1.0}]
    text = card(CORPUS, [LOG, later], "", "")
    assert "7 steps, 5.00 million tokens, 3 minutes" in text
    assert "2.000 at" in text
    assert "1.000 at the end" in text


def test_a_card_needs_a_run() -> None:
    with pytest.raises(ValueError, match="no training step"):
        card(CORPUS, [[]], "", "")
