"""The families of fill-in-the-middle models: their control tokens and prompt layouts.

`near` is the text between the anchor and the cursor. It is the beginning of the middle, so it comes last: typing
appends to the prompt, and everything before it stays in the KV cache.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Part = Literal["PRE", "SUF", "MID", "far", "suffix", "near"]
Layout = tuple[Part, ...]

PSM: Layout = ("PRE", "far", "SUF", "suffix", "MID", "near")
SPM: Layout = ("SUF", "suffix", "PRE", "far", "MID", "near")
SPM_JOINED: Layout = ("PRE", "SUF", "suffix", "MID", "far", "near")
"""The SPM of arXiv 2207.14255: prefix and middle are one text."""
NO_MID: Layout = ("SUF", "suffix", "PRE", "far", "near")
LEFT_TO_RIGHT: Layout = ("far", "near")

LAYOUTS: Mapping[str, Layout] = {
    "psm": PSM,
    "spm": SPM,
    "spm-joined": SPM_JOINED,
    "left-to-right": LEFT_TO_RIGHT,
}


class Vocabulary(Protocol):
    """What is asked of a tokenizer."""

    fim: Mapping[str, int]
    """Ids of PRE, SUF, MID, REP and SEP as llama.cpp found them (`llama_vocab_fim_*`); missing ones left out."""

    bos: int | None
    """The token that every prompt begins with, None when the model wants none."""

    def tokenize(self, text: str) -> list[int]:
        """Plain text; control tokens in it are not parsed, and nothing is put before or after."""

    def control(self, text: str) -> int | None:
        """The id of the control or user-defined token spelled exactly `text`."""

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; nothing for a control token."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a family of models spells its tokens; `names` is searched in the GGUF's name and architecture.

    In a repository-level prompt, `repo_line`: a line end follows the repository's name; `path_inside`: the path of the
    current file is part of the prefix; `mark`: plain text, not a token, stands before each file's path.
    """

    name: str
    pre: str
    suf: str
    mid: str
    layout: Layout = PSM
    repo: str = ""
    sep: str = ""
    names: str = ""
    path_inside: bool = False
    repo_line: bool = False
    mark: str = ""


FAMILIES = (
    # Order matters: rows with `names` are asked first, because several families share their FIM tokens.
    # https://huggingface.co/JetBrains/Mellum-4b-base
    Family("mellum", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", SPM, sep="<filename>", names="mellum"),
    # https://huggingface.co/bigcode/starcoder (repository tokens of the model's special_tokens_map)
    # https://huggingface.co/google/codegemma-2b
    Family(
        "codegemma",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        PSM,
        sep="<|file_separator|>",
        names="gemma",
    ),
    # arXiv 2402.19173 (StarCoder2), sections 5.1 and 5.2; Granite 3 and SmolLM's tokenizer spell them the same way.
    Family(
        "starcoder2",
        "<fim_prefix>",
        "<fim_suffix>",
        "<fim_middle>",
        PSM,
        "<repo_name>",
        "<file_sep>",
        path_inside=True,
    ),
    # arXiv 2305.06161 (StarCoder), table of metadata: <reponame>NAME<filename>PATH, without line ends between them.
    Family("starcoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", PSM, "<reponame>", "<filename>"),
    Family("santacoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    # arXiv 2409.12186 (Qwen2.5-Coder), section 3.2; Granite 4 has the same FIM tokens.
    Family(
        "qwen",
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        PSM,
        "<|repo_name|>",
        "<|file_sep|>",
        repo_line=True,
    ),
    # arXiv 2401.14196 (DeepSeek-Coder): begin, hole, end.
    Family("deepseek", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    # arXiv 2308.12950 (Code Llama).
    Family("codellama", "▁<PRE>", "▁<SUF>", "▁<MID>"),
    # mistral-common, `encode_fim`: suffix first, then the prefix; the middle follows without a token. Other files as
    # Continue's `codestralMultifileFimTemplate` writes them.
    Family("codestral", "[PREFIX]", "[SUFFIX]", "[MIDDLE]", NO_MID, mark="+++++ "),
    # arXiv 2506.03524 (Seed-Coder).
    Family("seed-coder", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", SPM),
    Family("codegeex", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", SPM),
)


def family_of(vocabulary: Vocabulary, model_name: str) -> Family | None:
    """The first row whose name fits (where it has one) and whose tokens the vocabulary has: all, else PRE and SUF."""
    named = [family for family in FAMILIES if re.search(family.names, model_name, re.IGNORECASE)]

    def has(*texts: str) -> bool:
        return all(vocabulary.control(text) is not None for text in texts if text)

    whole = (family for family in named if has(family.pre, family.suf, family.repo, family.sep))
    return next(whole, None) or next((family for family in named if has(family.pre, family.suf)), None)
