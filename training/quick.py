"""The whole recipe in a few minutes on a CPU: fetch three packages, prepare, train a tiny model, export, complete.

    python -m training.quick WORK [--seconds 30]

Proves that the parts fit together, not that a model learns: it has random weights and a vocabulary of bytes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import llama_cpp
import torch

from copilot_lsp.engine.families import SPM
from copilot_lsp.engine.local.devices import load_backends
from training import collect, export, prepare, train
from training.fim import CONTROL, Window, assemble
from training.tiny import write_base
from training.vocabulary import encode, read_tokenizer

PACKAGES = ("click", "flask", "structlog")
"""The last is a held-out one."""


def options(work: Path, seconds: float) -> train.Options:
    return train.Options(
        base=work / "base.gguf",
        corpus=work / "corpus",
        out=work / "run",
        held_out=work / "held-out",
        minutes=seconds / 60,
        length=512,
        rows=4,
        micro=4,
        rate=3e-3,
        workers=0,
        check_rows=4,
        compile=False,
    )


def complete(model: Path, prefix: str, suffix: str, tokens: int = 8) -> str:
    """What llama.cpp writes between the two, greedily; raises ValueError when it does not know the FIM tokens."""
    load_backends()
    llama = llama_cpp.Llama(str(model), n_ctx=512, n_threads=1, verbose=False)
    _check_control(llama)
    window = Window(prefix, "", suffix)
    sample = assemble([], window, SPM, 512, lambda text: encode(read_tokenizer(model), text), "line")
    written: list[int] = []
    for token in llama.generate(sample.tokens[: sample.middle], temp=0.0):
        if token == CONTROL["END"] or len(written) == tokens:
            break
        written.append(token)
    return llama.detokenize(written).decode("utf-8", "replace")


def _check_control(llama: llama_cpp.Llama) -> None:
    vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
    for part in ("PRE", "SUF", "MID", "REP", "SEP"):
        found = getattr(llama_cpp, f"llama_vocab_fim_{part.lower()}")(vocabulary)
        if found != CONTROL[part]:
            raise ValueError(f"llama.cpp takes token {found} for {part}, not {CONTROL[part]}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0, help="of training")
    chosen = parser.parse_args(arguments)
    work: Path = chosen.work
    torch.set_num_threads(1)
    collect.main([str(work), "--only", *PACKAGES])
    prepare.main([str(work), "--jobs", "1", "--only", *PACKAGES])
    write_base(work / "base.gguf")
    train.run(options(work, chosen.seconds))
    export.main([str(work / "run/checkpoint.pt"), "--base", str(work / "base.gguf"), "--to", str(work / "tiny.gguf")])
    print("llama.cpp completes with it:", repr(complete(work / "tiny.gguf", "def add(a, b):\n    return ", "\n")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
