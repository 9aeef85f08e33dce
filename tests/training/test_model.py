"""The parts of the recipe that need PyTorch (`make test-training`)."""

from pathlib import Path
from random import Random

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from training import export, objective, train
from training.batches import CONTEXT, MIDDLE, arrays, packed
from training.fim import Sample
from training.holes import KINDS
from training.model import Linear, attention, knows_fim, read_base
from training.quantization import quantized, read_types
from training.tiny import SHAPE, write_base
from training.vocabulary import encode, read_tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("base") / "base.gguf"
    write_base(path)
    return path


def test_the_tokenizer_keeps_every_byte_and_reads_no_control_tokens(base: Path) -> None:
    tokenizer = read_tokenizer(base)
    for text in ("def f(x):\n    return 'ß→🎉'\r\n\t", "<|endoftext|><special_0> 1234"):
        ids = encode(tokenizer, text)
        assert tokenizer.decode(ids) == text
        assert min(ids) >= SHAPE.vocabulary - 258


@pytest.mark.parametrize("kind", [Kind.Q4_0, Kind.Q4_1])
def test_fake_quantization_is_what_is_written_to_the_file(kind: Kind) -> None:
    weight = torch.randn(8, 64, generator=torch.Generator().manual_seed(1)) * 0.05
    weight[0] = 0
    stored = gguf.dequantize(gguf.quantize(weight.numpy(), kind), kind)
    np.testing.assert_allclose(quantized(weight, kind).numpy(), stored, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", [Kind.Q4_0, Kind.Q4_1, Kind.Q8_0])
def test_gradients_pass_through_the_quantization(kind: Kind) -> None:
    weight = torch.randn(4, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(quantized(weight, kind).sum(), weight)
    assert torch.equal(gradient, torch.ones(4, 32))


def test_low_rank_parts_start_at_nothing_and_merge() -> None:
    linear = Linear(32, 16)
    x = torch.randn(3, 32)
    plain = linear(x)
    linear.add_lora(4)
    torch.testing.assert_close(linear(x), plain)
    assert linear.up is not None
    torch.nn.init.normal_(linear.up)
    torch.testing.assert_close(linear(x), torch.nn.functional.linear(x, linear.merged()))
    assert not linear.weight.requires_grad


@pytest.mark.parametrize("kind", [None, Kind.Q4_1])
def test_the_gradients_of_low_rank_parts_are_those_through_the_whole_weight(kind: Kind | None) -> None:
    linear = Linear(64, 32)
    linear.add_lora(4)
    linear.stored_as = kind
    assert linear.up is not None
    assert linear.down is not None
    torch.nn.init.normal_(linear.up)
    x, y = torch.randn(2, 3, 64, requires_grad=True), torch.randn(2, 3, 32)
    learnt = (x, linear.up, linear.down)
    found = torch.autograd.grad((linear(x) * y).sum(), learnt)
    weight = linear.merged() if kind is None else quantized(linear.merged(), kind)
    wanted = torch.autograd.grad((torch.nn.functional.linear(x, weight) * y).sum(), learnt)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_dense_attention_is_pytorchs() -> None:
    q, k, v = (torch.randn(2, heads, 16, 8) for heads in (6, 2, 2))
    mask = torch.ones(2, 1, 16, 16, dtype=torch.bool).tril()
    mask[0, :, 7:, :7] = False
    wanted = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
    torch.testing.assert_close(attention(q, k, v, mask), wanted)


def test_with_low_rank_parts_only_they_and_the_control_rows_are_learnt(base: Path) -> None:
    model = read_base(base)
    model.set_rows({11: [20, 21], 12: [22]})
    rows = model.token_embd.weight.detach().clone()
    assert rows[11].norm() == pytest.approx(float(rows[12].norm()))
    assert torch.nn.functional.cosine_similarity(rows[12], rows[22], dim=0) == pytest.approx(1, abs=1e-4)
    model.learn_low_rank(2, control=14)
    learnt = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert "control" in learnt
    assert {name.rpartition(".")[2] for name in learnt - {"control"}} == {"down", "up"}
    assert model.control is not None
    with torch.no_grad():
        model.control[11] += 1
    written = model.weights()["token_embd.weight"]
    torch.testing.assert_close(written[11], rows[11] + 1)
    torch.testing.assert_close(written[14:], rows[14:])


def samples(*lengths: int) -> list[Sample]:
    return [Sample(list(range(100, 100 + n)), n // 2, "line") for n in lengths]


def test_packing_loses_no_token_and_fills_rows() -> None:
    random = Random(4)
    given = samples(*(random.randint(3, 60) for _ in range(300)))
    rows = list(packed(iter(given), 64))
    assert all(sum(len(sample.tokens) for sample in row) <= 64 for row in rows)
    seen = {id(sample) for row in rows for sample in row}
    assert len(seen) == sum(len(row) for row in rows)
    assert sum(len(sample.tokens) for row in rows for sample in row) > 0.9 * 64 * len(rows)


def test_targets_are_the_next_tokens_of_the_same_sample() -> None:
    token, target, role, sample = arrays(samples(6, 4), 16)
    middle = MIDDLE + tuple(KINDS).index("line")
    assert token[:10].tolist() == [100, 101, 102, 103, 104, 105, 100, 101, 102, 103]
    assert target[:5].tolist() == [101, 102, 103, 104, 105]
    assert role[:10].tolist() == [CONTEXT, CONTEXT, middle, middle, middle, 0, CONTEXT, middle, middle, 0]
    assert sample.tolist() == [1] * 6 + [2] * 4 + [0] * 6


def test_samples_in_a_row_do_not_see_each_other(base: Path) -> None:
    model = read_base(base).eval()
    first, second = torch.randint(20, 200, (1, 10)), torch.randint(20, 200, (1, 6))
    sample = torch.tensor([[1] * 10 + [2] * 6])
    with torch.no_grad():
        row = torch.cat([first, second], 1)
        together = model(row, objective.positions(sample), objective.mask_of(sample, "samples"))
        alone = model(second, torch.arange(6)[None], None)
    torch.testing.assert_close(together[:, 10:], alone, rtol=1e-4, atol=1e-4)


def test_the_rate_warms_up_and_falls() -> None:
    rates = [train.rate_at(share / 100, 1.0) for share in range(101)]
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1.0, abs=1e-3)
    assert rates[-1] == pytest.approx(train.FINAL_RATE)


def test_an_exported_model_is_the_trained_one(base: Path, tmp_path: Path) -> None:
    model = read_base(base)
    extra = {"copilot_lsp.fim.layout": "spm"}
    export.export(model.weights(), base, tmp_path / "out.gguf", read_types("f16,token_embd=f32"), extra)
    assert knows_fim(tmp_path / "out.gguf")
    assert not knows_fim(base)
    again = read_base(tmp_path / "out.gguf")
    for name, weight in model.weights().items():
        torch.testing.assert_close(again.weights()[name], weight, rtol=1e-3, atol=1e-4)
    fields = gguf.GGUFReader(tmp_path / "out.gguf").fields
    assert fields["tokenizer.ggml.fim_pre_token_id"].contents() == 11
    assert fields["tokenizer.ggml.eos_token_id"].contents() == 0
    assert fields["copilot_lsp.fim.layout"].contents() == "spm"
    assert fields["tokenizer.ggml.tokens"].contents()[11:14] == ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]


def test_types_by_pattern() -> None:
    types = read_types("q4_0,token_embd=q8_0")
    assert types.of("token_embd.weight", 2).name == "Q8_0"
    assert types.of("blk.0.attn_q.weight", 2).name == "Q4_0"
    assert types.of("blk.0.attn_norm.weight", 1).name == "F32"
    with pytest.raises(ValueError, match="q9"):
        read_types("q9")
