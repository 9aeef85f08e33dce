"""Teaching a copy in four bits to answer as its original does (`make test-training`)."""

import json
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from copilot_lsp.models.rounding.blocks import IQ4_NL, Grid, encoded
from copilot_lsp.models.rounding.write import copied
from training import scales
from training.collect import Source
from training.corpus import write_shard
from training.model import read_base
from training.scales import Scaled
from training.tiny import write_base

PROJECT = Path(__file__).resolve().parents[2]


def rounded(source: Path, target: Path, grid: Grid) -> None:
    """Each block by itself."""
    made = {}
    for tensor in gguf.GGUFReader(source).tensors:
        if tensor.name.startswith("blk.") and "norm" not in tensor.name:
            weights = np.array(tensor.data, np.float32).reshape(-1, 32)
            d = grid.scales(weights, np.ones(32, np.float32))
            level = grid.levels(weights, d[:, None])
            made[tensor.name] = encoded(level.reshape(tensor.data.shape), d.reshape(len(tensor.data), -1))
    copied(gguf.GGUFReader(source), target, made, grid)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> scales.Options:
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("scales")
    write_base(work / "base.gguf")
    rounded(work / "base.gguf", work / "copy.gguf", IQ4_NL)
    files = sorted((PROJECT / "copilot_lsp" / "source").glob("*.py"))
    sources = [Source("source", file.name, "python", file.read_text(encoding="utf-8")) for file in files]
    (work / "corpus").mkdir()
    write_shard(work / "corpus" / "python-00.jsonl.xz", [source for source in sources if source.text])
    folders = (work / "corpus", work / "corpus")
    return scales.Options(
        work / "copy.gguf", work / "base.gguf", *folders, work / "out.gguf", 20.0, 128, 4, 0.02, 0.5, 1, 30
    )


def test_before_it_learns_it_is_the_copy(options: scales.Options) -> None:
    student, copy = scales.read_student(options.copy), read_base(options.copy)
    tokens, places = torch.arange(40)[None], torch.arange(40)[None]
    with torch.no_grad():
        torch.testing.assert_close(student(tokens, places), copy(tokens, places), rtol=1e-4, atol=1e-4)


def test_it_comes_closer_to_its_original_and_goes_on_after_a_stop(
    options: scales.Options, capsys: pytest.CaptureFixture[str]
) -> None:
    scales.run(replace(options, steps=15))
    scales.run(options)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in told if "step" in line] == list(range(1, 31))
    checks = [line["divergence"] for line in told if "worse" in line]
    assert checks[-1] < 0.9 * checks[0]


def test_the_file_has_what_was_learnt_and_the_same_levels(options: scales.Options, tmp_path: Path) -> None:
    student = scales.read_student(options.copy)
    changed = scales.changes(student)
    with torch.no_grad():
        for module in changed.values():
            module.change.fill_(0.25)
    scales.write(student, options.copy, tmp_path / "out.gguf")
    before, after = (read_base(path).weights() for path in (options.copy, tmp_path / "out.gguf"))
    for name in after:
        factor = 1.25 if name in changed else 1.0
        torch.testing.assert_close(after[name], factor * before[name], rtol=2e-3, atol=1e-6)
    assert any(isinstance(module, Scaled) for module in changed.values())


def test_a_copy_of_another_type_is_refused(options: scales.Options) -> None:
    with pytest.raises(ValueError, match=r"want blk\.0\.\S+ in Q4_0 or IQ4_NL, found F32"):
        scales.read_student(options.teacher)
