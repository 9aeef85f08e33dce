"""Lists the tokens that code uses, the most used first, for `copilot-lsp models trim`.

    python -m training.code_tokens BASE.gguf FOLDER... --to copilot_lsp/models/code-tokens.txt

A file's language is its ending; each language counts alike, whatever there is of it. A token is written as in the GGUF
file (byte letters of GPT-2), so the list serves every byte-level BPE vocabulary that has some of the same tokens.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import llama_cpp.llama_cpp as api
from gguf import GGUFReader

from copilot_lsp.engine.local.devices import load_backends
from copilot_lsp.engine.local.llama import silence_log
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary
from copilot_lsp.models import vocabulary
from copilot_lsp.models.trim import tokens_of
from copilot_lsp.models.vocabulary import TokenType

ENDINGS = tuple(
    f".{name}"
    for name in re.findall(
        r"\w+",
        """
    py js ts tsx go rs java c h cpp hpp cs rb php lua sh html css json md toml yml
""",
    )
)
BYTES = 60_000
"""Of a file; of a long one the beginning."""

LIMIT = 8_000_000
"""Bytes of a language."""


def shares(base: Path, folders: Sequence[Path]) -> Counter[int]:
    """By token, the sum of its shares in the languages."""
    found: dict[str, Counter[int]] = {}
    tokenizer, read = _vocabulary(base), Counter[str]()
    for file in _files(folders):
        if read[file.suffix] < LIMIT:
            text = file.read_bytes()[:BYTES].decode("utf-8", "replace")
            read[file.suffix] += len(text)
            found.setdefault(file.suffix, Counter()).update(tokenizer.tokenize(text))
    total: Counter[int] = Counter()
    for counts in found.values():
        total.update({id: count / counts.total() for id, count in counts.items()})
    return total


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (file for file in sorted(folder.rglob("*")) if file.suffix in ENDINGS and file.is_file())


def _vocabulary(base: Path) -> LlamaVocabulary:
    load_backends()
    silence_log()
    parameters = api.llama_model_default_params()
    parameters.vocab_only = True
    return LlamaVocabulary(api.llama_model_get_vocab(api.llama_model_load_from_file(os.fsencode(base), parameters)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--size", type=int, default=vocabulary.SIZE)
    options = parser.parse_args(arguments)
    tokens = tokens_of(GGUFReader(options.base))
    order = [id for id, _ in shares(options.base, options.folder).most_common()]
    kept = set(vocabulary.keep(tokens, order, options.size))
    listed = [id for id in [*order, *sorted(kept.difference(order))] if id in kept]
    texts = [tokens.texts[id] for id in listed if tokens.types[id] == TokenType.NORMAL]
    options.to.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
