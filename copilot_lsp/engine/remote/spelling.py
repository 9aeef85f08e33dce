"""Control tokens as text, and the name of a server's model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath, PureWindowsPath

from copilot_lsp import models
from copilot_lsp.engine.families import Family
from copilot_lsp.errors import ModelError
from copilot_lsp.models.registry import Shipped

ENDS = (
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
    "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "▁<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
    "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "<|fim_pad|>", "<fim_pad>",
)  # fmt: skip
"""How end-of-generation tokens are spelled: llama.cpp's list (`llama-vocab.cpp`), and the padding of the middle."""


def spellings(family: Family) -> Iterator[str]:
    """The control tokens of a family."""
    yield from (text for text in (family.pre, family.suf, family.mid, family.sep, family.repo) if text)


def file_name(path: str) -> str:
    """Of a path on the server's system, whichever that is; a name without folders is itself."""
    return (PureWindowsPath(path) if "\\" in path else PurePosixPath(path)).name


def layout_of(names: Iterable[str]) -> str:
    """The layout of a model of ours that is called one of `names`: a server does not tell a GGUF's metadata."""
    try:
        entries = models.load().models.values()
    except ModelError:
        return ""
    ours = {
        name: entry.layout
        for entry in entries
        for source in entry.sources
        if isinstance(source, Shipped)
        for name in (entry.name, source.shipped)
    }
    return next((ours[name] for name in names if name in ours), "")
