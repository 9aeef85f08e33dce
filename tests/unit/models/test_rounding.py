"""Rounding to Q4_0 that makes up for its errors."""

from __future__ import annotations

from dataclasses import replace

import gguf
import numpy as np
import pytest

from copilot_lsp import models
from copilot_lsp.models import gguf as own
from copilot_lsp.models.rounding import blocks, gptq
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.models.rounding.arrays import Floats
from copilot_lsp.models.rounding.decoder import Shape, attended, gated, normed

RNG = np.random.default_rng(3)


def floats(*shape: int) -> Floats:
    return RNG.standard_normal(shape).astype(np.float32)


def test_blocks_are_those_of_llama_cpp() -> None:
    weights = floats(6, 96)
    d = np.stack([blocks.scales(weights[:, at : at + 32], np.ones(32, np.float32)) for at in (0, 32, 64)], 1)
    wide = np.repeat(d, 32, axis=1)
    level = blocks.levels(weights, wide)
    read = gguf.dequantize(blocks.encoded(level, d), gguf.GGMLQuantizationType.Q4_0)
    assert np.array_equal(read, blocks.values(level, wide))


def test_a_scale_is_never_worse_than_llama_cpps() -> None:
    weights, importance = floats(50, 32), np.square(floats(32))
    theirs = gguf.dequantize(gguf.quantize(weights, gguf.GGMLQuantizationType.Q4_0), gguf.GGMLQuantizationType.Q4_0)
    d = blocks.scales(weights, importance)[:, None]
    ours = blocks.values(blocks.levels(weights, d), d)
    errors = [((weights - each) ** 2 @ importance).sum() for each in (ours, theirs)]
    assert errors[0] <= errors[1] * 1.001


def test_a_block_of_zeros_stays_zero() -> None:
    zeros = np.zeros((2, 32), np.float32)
    d = blocks.scales(zeros, np.ones(32, np.float32))[:, None]
    assert not blocks.values(blocks.levels(zeros, d), d).any()


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
    level, d = gptq.rounded(weights.copy(), gptq.factor(inputs.T @ inputs))
    made = blocks.values(level, np.repeat(d, 32, axis=1))
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
