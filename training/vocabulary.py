"""SmolLM2's tokenizer, taken out of the GGUF file that the base weights come in."""

from __future__ import annotations

from pathlib import Path

import gguf
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

# GPT-2's expression (https://github.com/openai/gpt-2/blob/master/src/encoder.py), after digits are split off one
# by one: what llama.cpp does where `tokenizer.ggml.pre` is "smollm".
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"


def read_tokenizer(path: Path) -> Tokenizer:
    """The byte-level BPE tokenizer of a GGUF file; nothing in a text is ever read as a control token.

    Raises ValueError when the file has another kind of tokenizer.
    """
    fields = gguf.GGUFReader(path).fields
    kind = tuple(fields[f"tokenizer.ggml.{name}"].contents() for name in ("model", "pre"))
    if kind != ("gpt2", "smollm"):
        raise ValueError(f"{path.name}: want SmolLM2's tokenizer, found {kind}")
    vocabulary = {token: id for id, token in enumerate(fields["tokenizer.ggml.tokens"].contents())}
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"),
            pre_tokenizers.Split(Regex(_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text).ids)
