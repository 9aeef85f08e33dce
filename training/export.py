"""Writes trained weights into a GGUF file that llama.cpp and this project's engine take as a fill-in-the-middle model.

    python -m training.export CHECKPOINT --base BASE.gguf --to OUT.gguf [--types q4_1,token_embd=q8_0]

The base file gives the tokenizer and the shape. Quantization is ggml's reference one, as the gguf package has it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGUFReader, GGUFWriter
from torch import Tensor

from copilot_lsp.engine.fim import LAYOUT_KEY
from copilot_lsp.models.trim import copy_fields, finish
from training.fim import CONTROL, MIXES
from training.quantization import SHIPPED, Types, read_types

NAMES: Mapping[str, str] = {
    "general.name": "copilot-lsp FIM",
    "general.basename": "copilot-lsp",
    "general.finetune": "fim",
    "general.description": "SmolLM2-135M taught to fill in the middle of code",
    "general.license": "apache-2.0",
    "general.base_model.0.name": "SmolLM2 135M Instruct",
    "general.base_model.0.organization": "HuggingFaceTB",
}
SPELLING: Mapping[str, str] = {"PRE": "<fim_prefix>", "SUF": "<fim_suffix>", "MID": "<fim_middle>"}
"""As StarCoder spells them, so that other programs find them too."""

_ENDS = tuple(f"tokenizer.ggml.{name}_token_id" for name in ("bos", "eos", "padding"))
_DROPPED = ("tokenizer.chat_template", "general.file_type", "tokenizer.ggml.fim_", "copilot_lsp.", *_ENDS, *NAMES)


def export(weights: Mapping[str, Tensor], base: Path, to: Path, types: Types, extra: Mapping[str, str]) -> int:
    """Writes the file and returns its size in bytes."""
    reader = GGUFReader(base)
    writer = GGUFWriter(to, "llama")
    _copy_metadata(reader, writer)
    for key, value in {**NAMES, **extra}.items():
        writer.add_string(key, value)
    for tensor in reader.tensors:  # llama.cpp's own order
        _add(writer, tensor.name, weights[tensor.name].float().numpy(), types)
    finish(writer)
    return to.stat().st_size


def _copy_metadata(reader: GGUFReader, writer: GGUFWriter) -> None:
    """Everything that the base says of itself and its tokenizer, with END as the end and the FIM tokens named."""
    tokens = list(reader.fields["tokenizer.ggml.tokens"].contents())
    for part, spelling in SPELLING.items():
        tokens[CONTROL[part]] = spelling
    copy_fields(reader, writer, {"tokenizer.ggml.tokens": tokens}, _DROPPED)
    for key in _ENDS:
        writer.add_uint32(key, CONTROL["END"])
    for part, id in CONTROL.items():
        if part != "END":
            writer.add_uint32(f"tokenizer.ggml.fim_{part.lower()}_token_id", id)


def _add(writer: GGUFWriter, name: str, weight: np.ndarray[Any, np.dtype[np.float32]], types: Types) -> None:
    kind = types.of(name, weight.ndim)
    writer.add_tensor(name, gguf.quantize(weight, kind), raw_dtype=kind)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--types", type=read_types, default=read_types(SHIPPED))
    options = parser.parse_args(arguments)
    state = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    layout = next(iter(MIXES[state["mix"]].layouts))
    size = export(state["weights"], options.base, options.to, options.types, {LAYOUT_KEY: layout})
    print(f"{options.to}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, KeyError) as error:
        sys.exit(f"error: {error}")
