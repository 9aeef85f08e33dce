"""Speeds of models that are not here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_gguf

from copilot_lsp import models
from copilot_lsp.models import Dimensions, Entry
from copilot_lsp.tuning.estimate import LAYER_BYTES, estimated, weights_of, work_in, work_of
from copilot_lsp.tuning.speed import BATCHES, Config, Speed

SHAPE = Dimensions(1, 32, 64, 2, 1, 260)
QWEN = Dimensions(24, 896, 4864, 14, 2, 151936)
OUTPUT = 151936 * 896


@pytest.fixture
def small(tmp_path: Path) -> Speed:
    path = tmp_path / "small.gguf"
    path.write_bytes(tiny_gguf.make().data)
    return Speed("small", path, Config(2), {batch: 10.0 + batch for batch in BATCHES}, 3)


def entry(size: int, description: str, shape: Dimensions = QWEN) -> Entry:
    return Entry("large", description, "", (), size=size, shape=shape)


def test_weights_of_a_shape_are_those_in_its_file(small: Speed) -> None:
    assert small.path is not None
    work = work_in(small.path)
    assert work.computed == weights_of(SHAPE)
    norms = 3 * 4 * 32
    assert work.read == 4 * (weights_of(SHAPE) + 260 * 32) + norms + LAYER_BYTES


def test_one_token_goes_with_the_bytes_a_batch_with_the_weights(small: Speed) -> None:
    assert small.path is not None
    here = work_in(small.path)
    found = estimated(entry(int(2 * here.read - LAYER_BYTES), "Q4_0", SHAPE), replace(small))
    assert found is not None
    assert found.estimated
    untied = 260 * 32 * 4.5 / 8
    assert found.ms[1] == pytest.approx((2 - untied / here.read) * small.ms[1], rel=1e-3)
    assert found.ms[256] == pytest.approx(small.ms[256])
    assert small.ms[16] < found.ms[16] < 2 * small.ms[16]


def test_an_embedding_that_is_only_looked_up_is_not_read() -> None:
    tied = work_of(entry(531_068_128, "0.5B Base, Q8_0"), QWEN)
    assert tied.read == 531_068_128 + 24 * LAYER_BYTES
    untied = work_of(entry(491_400_064, "0.5B Instruct, Q4_K_M"), QWEN)
    assert untied.read == pytest.approx(491_400_064 - OUTPUT * 4.9 / 8 + 24 * LAYER_BYTES)


def test_types_that_are_not_repacked_are_slow_at_prompts() -> None:
    wide = replace(QWEN, width=1024, heads=16)
    mixes = {"Q4_K_M": (QWEN, 1.7), "Q8_0": (wide, 1.3), "Q4_0": (wide, 1.0), "Q4_1": (wide, 3.2), "": (wide, 1.0)}
    for mix, (shape, times) in mixes.items():
        assert work_of(entry(10**9, mix, shape), shape).computed == weights_of(shape) * times, mix
    assert work_of(entry(10**9, "Q4_K_M", wide), wide).computed == weights_of(wide)


XEON = {1: 16.4, 2: 17.2, 4: 25.3, 8: 39.8, 16: 71.1, 64: 239.0, 256: 931.0}
"""Measured with the default model on two cores of a Xeon (docs/models.md)."""


@pytest.mark.parametrize(("name", "ms_a_key"), [("0.5b", 301), ("1.5b", 529)])
def test_what_was_measured_is_guessed_within_a_quarter(name: str, ms_a_key: int) -> None:
    """Without the correction for kernels and layers it was 1.65 and 2.18 times too much."""
    known = models.load().models
    here = Speed("default", known["copilot-lsp-fim"].path, Config(2), XEON, 4)
    found = estimated(known[f"qwen2.5-coder-{name}-instruct"], here)
    assert found is not None
    assert found.key_ms == pytest.approx(ms_a_key, rel=0.25)


def test_without_a_shape_there_is_no_estimate(small: Speed) -> None:
    assert estimated(Entry("large", "", "", (), size=1000), small) is None
