"""Speeds of models that are not here."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_gguf

from copilot_lsp.models import Entry, Shape
from copilot_lsp.tuning.estimate import estimated, weights_in, weights_of
from copilot_lsp.tuning.speed import BATCHES, Config, Speed

SHAPE = Shape(1, 32, 64, 2, 1, 260)


@pytest.fixture
def small(tmp_path: Path) -> Speed:
    path = tmp_path / "small.gguf"
    path.write_bytes(tiny_gguf.make().data)
    return Speed("small", path, Config(2), {batch: 10.0 + batch for batch in BATCHES}, 3)


def test_weights_of_a_shape_are_those_in_its_file(small: Speed) -> None:
    assert small.path is not None
    assert weights_of(SHAPE) == weights_in(small.path)


def test_one_token_goes_with_the_bytes_a_batch_with_the_weights(small: Speed) -> None:
    assert small.path is not None
    twice_as_large = Entry("large", "", "", (), size=2 * small.path.stat().st_size, shape=SHAPE)
    found = estimated(twice_as_large, small)
    assert found is not None
    assert found.estimated
    assert found.ms[1] == pytest.approx(2 * small.ms[1])
    assert found.ms[256] == pytest.approx(small.ms[256])
    assert small.ms[16] < found.ms[16] < 2 * small.ms[16]


def test_without_a_shape_there_is_no_estimate(small: Speed) -> None:
    assert estimated(Entry("large", "", "", (), size=1000), small) is None
