"""A base model of the real one's kind, small enough to train in seconds: random weights, a vocabulary of bytes."""

from __future__ import annotations

from pathlib import Path

import torch
from gguf import GGUFWriter, TokenType

from training.fim import CONTROL
from training.model import Model, Shape

_SPECIAL = max(CONTROL.values()) + 1
SHAPE = Shape(vocabulary=_SPECIAL + 258, layers=2, width=64, hidden=128, heads=2, kv_heads=1)


def byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's `bytes_to_unicode`)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    other = iter(range(256, 512))
    return [chr(byte if byte in plain else next(other)) for byte in range(256)]


def write_base(path: Path, seed: int = 0) -> None:
    """Writes the model as a GGUF file that `training.model` and llama.cpp read."""
    torch.manual_seed(seed)
    writer = GGUFWriter(path, "llama")
    _add_shape(writer)
    _add_vocabulary(writer)
    for name, weight in Model(SHAPE).weights().items():
        writer.add_tensor(name, weight.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: GGUFWriter) -> None:
    writer.add_vocab_size(SHAPE.vocabulary)
    writer.add_context_length(2048)
    writer.add_embedding_length(SHAPE.width)
    writer.add_block_count(SHAPE.layers)
    writer.add_feed_forward_length(SHAPE.hidden)
    writer.add_head_count(SHAPE.heads)
    writer.add_head_count_kv(SHAPE.kv_heads)
    writer.add_rope_dimension_count(SHAPE.head_width)
    writer.add_rope_freq_base(SHAPE.rope_base)
    writer.add_layer_norm_rms_eps(SHAPE.epsilon)


def _add_vocabulary(writer: GGUFWriter) -> None:
    special = [f"<special_{id}>" for id in range(_SPECIAL)]
    letters = byte_letters()
    space = letters[ord(" ")]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([*special, *letters, space * 2, space * 4])
    writer.add_token_types([TokenType.CONTROL] * _SPECIAL + [TokenType.NORMAL] * 258)
    writer.add_token_merges([f"{space} {space}", f"{space * 2} {space * 2}"])
    writer.add_add_bos_token(False)
    for add in (writer.add_bos_token_id, writer.add_eos_token_id, writer.add_pad_token_id):
        add(CONTROL["END"])
