"""The recipe from a corpus on: train a tiny model, export it, let llama.cpp complete with it (no network).

Needs PyTorch (`make test-training`); `python -m training.quick` does the same with packages from the registries.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training import export, quick, train
from training.collect import Source
from training.corpus import write_shard
from training.tiny import write_base

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> train.Options:
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("training")
    for folder, part in (("corpus", "source"), ("held-out", "engine")):
        (work / folder).mkdir()
        files = sorted((PROJECT / "copilot_lsp" / part).glob("*.py"))
        sources = [Source(part, file.name, "python", file.read_text(encoding="utf-8")) for file in files]
        write_shard(work / folder / "python-00.jsonl.xz", [source for source in sources if source.text])
    write_base(work / "base.gguf")
    return replace(quick.options(work, 60.0), tokens=60_000)


def test_a_tiny_model_learns_resumes_and_completes_in_llama_cpp(options: train.Options) -> None:
    halfway = train.run(replace(options, tokens=options.tokens // 2, held_out=None))
    done = train.run(options)
    assert halfway.tokens < done.tokens
    assert done.tokens >= options.tokens or done.seconds >= 60
    log = [json.loads(line) for line in (options.out / "log.jsonl").read_text().splitlines()]
    steps = [entry for entry in log if "step" in entry]
    assert [entry["step"] for entry in steps] == list(range(1, len(steps) + 1))
    assert steps[-1]["loss"] < steps[0]["loss"] - 1
    assert log[-1]["holes"] > 0

    to = options.out / "tiny.gguf"
    assert export.main([str(options.out / "checkpoint.pt"), "--base", str(options.base), "--to", str(to)]) == 0
    assert isinstance(quick.complete(to, "def add(a, b):\n    return ", "\n"), str)
