"""A quick model that is worth trimming: the first layers of the default one, with unused tokens.

`python wide_model.py TARGET` writes it. Its text is nonsense.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFWriter, ReaderTensor

from copilot_lsp import models
from copilot_lsp.models import trim
from copilot_lsp.models.vocabulary import SIZE, TokenType

LAYERS = 2
UNUSED = 2 * SIZE
"""More tokens, which nothing is merged to: the copy has all the others."""


def widen(target: Path) -> None:
    reader = GGUFReader(models.find("default").path)
    tokens = trim.tokens_of(reader)
    changed = {
        "tokenizer.ggml.tokens": [*tokens.texts, *(f"<unused {number}>" for number in range(UNUSED))],
        "tokenizer.ggml.token_type": [*tokens.types, *[int(TokenType.UNUSED)] * UNUSED],
        "llama.vocab_size": len(tokens.texts) + UNUSED,
        "llama.block_count": LAYERS,
    }
    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    trim.copy_fields(reader, writer, changed)
    for tensor in reader.tensors:
        if not _is_above(tensor.name):
            writer.add_tensor(tensor.name, _wide(tensor), raw_dtype=tensor.tensor_type)
    trim.finish(writer)


def _is_above(name: str) -> bool:
    block = re.match(r"blk\.(\d+)\.", name)
    return block is not None and int(block[1]) >= LAYERS


def _wide(tensor: ReaderTensor) -> np.ndarray[Any, Any]:
    if tensor.name not in trim.ROWS:
        return tensor.data
    return np.concatenate([tensor.data, np.zeros((UNUSED, *tensor.data.shape[1:]), tensor.data.dtype)])


if __name__ == "__main__":
    widen(Path(sys.argv[1]))
