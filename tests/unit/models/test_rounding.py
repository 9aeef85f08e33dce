"""Rounding to four bits that makes up for its errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import tiny_gguf

from copilot_lsp import models
from copilot_lsp.models import gguf as own
from copilot_lsp.models.rounding import blocks, gptq
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.models.rounding.arrays import Floats
from copilot_lsp.models.rounding.blocks import Grid
from copilot_lsp.models.rounding.decoder import Shape, attended, gated, normed

GRIDS = (blocks.Q4_0, blocks.IQ4_NL)
RNG = np.random.default_rng(3)


def floats(*shape: int) -> Floats:
    return RNG.standard_normal(shape).astype(np.float32)


def rounded_alone(grid: Grid, weights: Floats, importance: Floats) -> Floats:
    """Each block by itself. `weights`: (rows, 32)."""
    d = grid.scales(weights, importance)[:, None]
    return grid.weights(grid.levels(weights, d), d)


@pytest.mark.parametrize("grid", GRIDS)
def test_blocks_are_those_of_llama_cpp(grid: Grid) -> None:
    weights = floats(6, 96)
    d = np.stack([grid.scales(weights[:, at : at + 32], np.ones(32, np.float32)) for at in (0, 32, 64)], 1)
    wide = np.repeat(d, 32, axis=1)
    level = grid.levels(weights, wide)
    data = blocks.encoded(level, d)
    read = gguf.dequantize(data, gguf.GGMLQuantizationType[grid.name])
    assert np.array_equal(read, grid.weights(level, wide))
    again = blocks.decoded(data)
    assert np.array_equal(again[0], level)
    assert np.array_equal(again[1], d)


@pytest.mark.parametrize("grid", GRIDS)
def test_each_weight_gets_the_nearest_value(grid: Grid) -> None:
    weights, one = np.linspace(-140, 130, 4001, dtype=np.float32), np.ones(1, np.float32)
    nearest = np.abs(np.subtract.outer(weights, grid.values)).min(axis=1)
    found = np.abs(weights - grid.weights(grid.levels(weights, one), one))
    assert np.all(found <= nearest + 1), "to one part in 128"


def test_a_scale_is_never_worse_than_llama_cpps() -> None:
    weights, importance = floats(50, 32), np.square(floats(32))
    theirs = gguf.dequantize(gguf.quantize(weights, gguf.GGMLQuantizationType.Q4_0), gguf.GGMLQuantizationType.Q4_0)
    ours = rounded_alone(blocks.Q4_0, weights, importance)
    errors = [((weights - each) ** 2 @ importance).sum() for each in (ours, theirs)]
    assert errors[0] <= errors[1] * 1.001


def test_uneven_values_lose_less() -> None:
    weights, importance = floats(50, 32), np.ones(32, np.float32)
    errors = [float(np.square(weights - rounded_alone(grid, weights, importance)).sum()) for grid in GRIDS]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_block_of_zeros_stays_zero(grid: Grid) -> None:
    assert not rounded_alone(grid, np.zeros((2, 32), np.float32), np.ones(32, np.float32)).any()


@pytest.mark.parametrize("columns", [32, 160])
def test_the_factor_is_that_of_the_inverse(columns: int) -> None:
    inputs = floats(400, columns)
    moments = inputs.T @ inputs
    upper = gptq.factor(moments)
    damped = moments + np.eye(columns) * gptq.DAMPING * np.trace(moments) / columns
    assert np.allclose(upper, np.triu(upper))
    assert np.allclose(upper.T @ upper @ damped, np.eye(columns), atol=1e-3)


def test_errors_are_made_up_for() -> None:
    """What a matrix gives for its inputs is closer to the truth than with each weight rounded by itself."""
    inputs = floats(500, 8) @ floats(8, 128) + 0.1 * floats(500, 128)
    weights = floats(24, 128)
    level, d = gptq.rounded(weights.copy(), gptq.factor(inputs.T @ inputs), blocks.Q4_0)
    made = blocks.Q4_0.weights(level, np.repeat(d, 32, axis=1))
    plain = gguf.dequantize(gguf.quantize(weights, gguf.GGMLQuantizationType.Q4_0), gguf.GGMLQuantizationType.Q4_0)
    lost = [float(np.square(inputs @ (weights - each).T).sum()) for each in (made, plain)]
    assert lost[0] < 0.4 * lost[1]


def test_later_tokens_and_other_sequences_are_not_seen() -> None:
    shape = Shape("qwen2", 1, 16, 4, 2, 4, 1e-6, 10_000.0)
    q, k, v = floats(9, 16), floats(9, 8), floats(9, 8)
    before = attended(q, k, v, shape, [5, 4])
    v[3:] += 1
    after = attended(q, k, v, shape, [5, 4])
    assert np.array_equal(before[:3], after[:3])
    assert np.allclose(after[5:], before[5:] + 1, atol=1e-5)


def test_the_first_token_sees_itself() -> None:
    shape = Shape("llama", 1, 8, 2, 2, 4, 1e-6, 10_000.0)
    v = floats(1, 8)
    assert np.allclose(attended(floats(1, 8), floats(1, 8), v, shape, [1]), v)


def test_norm_and_gate() -> None:
    x = floats(3, 8)
    assert np.allclose(np.mean(np.square(normed(x, np.ones(8, np.float32), 0.0)), axis=1), 1, atol=1e-4)
    gate, up = floats(3, 8), floats(3, 8)
    expected = gate / (1 + np.exp(-gate)) * up
    assert np.allclose(gated(gate, up), expected, atol=1e-5)


def test_the_default_model_can_be_rounded_and_others_are_refused() -> None:
    file = own.read(models.find("default").path)
    assert rounding.is_possible(file)
    assert 0 < rounding.memory(file) < 10**9
    others: tuple[dict[str, own.Value], ...] = (
        {"general.architecture": "gpt2"},
        {"llama.block_count": 3},
        {"llama.attention.key_length": 128},
        {"llama.rope.dimension_count": 32},
        {"llama.rope.scaling.type": "linear"},
    )
    for changed in others:
        assert not rounding.is_possible(replace(file, metadata={**file.metadata, **changed}))
    freqs = replace(file.tensors[0], name="rope_freqs.weight")
    assert not rounding.is_possible(replace(file, tensors=(*file.tensors, freqs)))


@pytest.mark.parametrize("grid", GRIDS)
def test_a_whole_file(grid: Grid, tmp_path: Path) -> None:
    """The layers in four bits, wide embeddings in eight, norms as they were; the metadata is copied."""
    (tmp_path / "source.gguf").write_bytes(tiny_gguf.make().data)
    text = [RNG.integers(4, 260, 40).tolist() for _ in range(4)]
    assert list(rounding.write(tmp_path / "source.gguf", tmp_path / "made.gguf", text, grid))[-1] == 1
    before, after = (gguf.GGUFReader(tmp_path / name) for name in ("source.gguf", "made.gguf"))
    assert after.fields["llama.block_count"].contents() == 1
    for old, new in zip(before.tensors, after.tensors, strict=True):
        kind = "Q8_0" if "embd" in old.name else "F32" if "norm" in old.name else grid.name
        assert (new.name, new.tensor_type.name) == (old.name, kind)
        weights = [gguf.dequantize(each.data, each.tensor_type) for each in (old, new)]
        tolerance = {"F32": 0.0, "Q8_0": 0.01}.get(kind, 0.6)
        assert np.abs(weights[0] - weights[1]).max() <= tolerance * np.abs(weights[0]).max()
