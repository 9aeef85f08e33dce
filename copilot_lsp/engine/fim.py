"""Fill-in-the-middle prompts: which template a model's vocabulary asks for, and the prompt as tokens.

Control tokens are put in by id and all text is tokenized as plain text, so nothing that a user wrote can act as a
control token. Nothing here touches llama.cpp: a `Vocabulary` is all that is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from copilot_lsp.engine.base import Chunk, Cut, InfillRequest

Part = Literal["PRE", "SUF", "MID", "prefix", "suffix"]
Layout = tuple[Part, ...]

PSM: Layout = ("PRE", "prefix", "SUF", "suffix", "MID")
SPM: Layout = ("SUF", "suffix", "PRE", "prefix", "MID")
SPM_JOINED: Layout = ("PRE", "SUF", "suffix", "MID", "prefix")
"""The SPM of arXiv 2207.14255: prefix and middle are one text. Typing only appends; the middle needs healing."""
NO_MID: Layout = ("SUF", "suffix", "PRE", "prefix")
LEFT_TO_RIGHT: Layout = ("prefix",)

LAYOUTS: Mapping[str, Layout] = {
    "psm": PSM,
    "spm": SPM,
    "spm-joined": SPM_JOINED,
    "left-to-right": LEFT_TO_RIGHT,
}

LAYOUT_KEY = "copilot_lsp.fim.layout"
"""GGUF metadata key with a name of LAYOUTS: for models of ours; it overrides the family's layout."""

REPOSITORY = "project"
"""What the repository is called in a repository-level prompt: the real name would tell the model nothing."""


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

    `path_inside`: in a repository-level prompt the path of the current file is part of the prefix, and no line end
    follows the repository's name.
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
    Family("starcoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", PSM, "<reponame>", "<filename>"),
    Family("santacoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    # arXiv 2409.12186 (Qwen2.5-Coder), section 3.2; Granite 4 has the same FIM tokens.
    Family("qwen", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", PSM, "<|repo_name|>", "<|file_sep|>"),
    # arXiv 2401.14196 (DeepSeek-Coder): begin, hole, end.
    Family("deepseek", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    # arXiv 2308.12950 (Code Llama).
    Family("codellama", "▁<PRE>", "▁<SUF>", "▁<MID>"),
    # mistral-common, `encode_fim`: suffix first, then the prefix; the middle follows without a token.
    Family("codestral", "[PREFIX]", "[SUFFIX]", "[MIDDLE]", NO_MID),
    # arXiv 2506.03524 (Seed-Coder).
    Family("seed-coder", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", SPM),
    Family("codegeex", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", SPM),
)


@dataclass(frozen=True, slots=True)
class Template:
    """`ids` holds the tokens of `layout`; `ends` are the tokens that must never come out as text.

    `unsure_ends`: that the model is unsure how to go on, and thinks of ending at all, is an end (see `decode`).
    """

    name: str
    layout: Layout
    ids: Mapping[str, int] = field(default_factory=dict)
    repo: int | None = None
    sep: int | None = None
    unsure_ends: bool = True
    path_inside: bool = False

    @property
    def fills(self) -> bool:
        """Whether the model sees the suffix."""
        return "suffix" in self.layout

    @property
    def heals(self) -> bool:
        """Whether the middle continues the prefix's own text, so that a token cut in two at the cursor matters."""
        return self.layout[-1] == "prefix"

    @property
    def ends(self) -> frozenset[int]:
        extra = {token for token in (self.repo, self.sep) if token is not None}
        return frozenset(self.ids.values()) | extra


def detect(vocabulary: Vocabulary, model_name: str = "", layout: str = "") -> Template:
    """The template of a model: from llama.cpp's detection and the table of families, else left to right.

    `model_name`: the GGUF's `general.name` and architecture. `layout`: the value of LAYOUT_KEY, if any.
    """
    family = family_of(vocabulary, model_name)
    ids = {part: vocabulary.fim[part] for part in ("PRE", "SUF", "MID") if part in vocabulary.fim}
    if family is not None:
        spelled = {"PRE": family.pre, "SUF": family.suf, "MID": family.mid}
        for part, text in spelled.items():
            if part not in ids and (token := vocabulary.control(text)) is not None:
                ids[part] = token
    chosen = LAYOUTS.get(layout) or (family.layout if family else PSM)
    needed = {part for part in chosen if part.isupper()}
    if not needed <= ids.keys() or chosen == LEFT_TO_RIGHT:
        return Template("left-to-right", LEFT_TO_RIGHT)
    repo = vocabulary.control(family.repo) if family and family.repo else vocabulary.fim.get("REP")
    sep = vocabulary.control(family.sep) if family and family.sep else vocabulary.fim.get("SEP")
    name = family.name if family else "generic"
    used: dict[str, int] = {part: ids[part] for part in needed}
    # A model of ours (it has a layout of its own) was trained with the path before the prefix token.
    inside = bool(family and family.path_inside and not layout)
    return Template(name, chosen, used, repo, sep, unsure_ends=not layout, path_inside=inside)


def family_of(vocabulary: Vocabulary, model_name: str) -> Family | None:
    """The first row whose name fits (where it has one) and whose tokens the vocabulary has: all, else PRE and SUF."""
    named = [family for family in FAMILIES if re.search(family.names, model_name, re.IGNORECASE)]

    def has(*texts: str) -> bool:
        return all(vocabulary.control(text) is not None for text in texts if text)

    whole = (family for family in named if has(family.pre, family.suf, family.repo, family.sep))
    return next(whole, None) or next((family for family in named if has(family.pre, family.suf)), None)


@dataclass(frozen=True, slots=True)
class Budget:
    """In tokens; control tokens are not counted."""

    prefix: int
    suffix: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """`healed` is text at the end of the prefix whose tokens were left out: the output must begin with it."""

    tokens: list[int]
    healed: bytes = b""


def build(vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: Budget) -> Prompt:
    """The prompt of `request`, the stable text first: chunks, then the template."""
    prefix = prefix_tokens(vocabulary, request.prefix, request.cuts, budget.prefix)
    tokens = [] if vocabulary.bos is None else [vocabulary.bos]
    chunks = chunk_tokens(vocabulary, template, request, budget.chunks)
    if template.sep is None:
        prefix = chunks + prefix
    else:
        tokens += chunks
        if chunks and template.path_inside:
            prefix = [*vocabulary.tokenize(request.path + "\n"), *prefix]
    healed = b""
    if template.heals:
        prefix, healed = heal(vocabulary, prefix)
    texts = {"prefix": prefix, "suffix": suffix_tokens(vocabulary, request.suffix, budget.suffix)}
    for part in template.layout:
        tokens += [template.ids[part]] if part.isupper() else texts[part]
    # A model needs something to go on from, at the start of an empty file too.
    return Prompt(tokens or vocabulary.tokenize("\n"), healed)


STEP = 64
"""A window that no cut fits is cut at multiples of this many tokens, so that typing seldom moves its start."""


def prefix_tokens(vocabulary: Vocabulary, prefix: str, cuts: Sequence[Cut], budget: int) -> list[int]:
    """The tokens of the longest window that fits `budget` and begins at a cut; the header is part of it."""
    whole = vocabulary.tokenize(prefix)
    if len(whole) <= budget:
        return whole
    low, high = 0, len(cuts)
    found: list[int] | None = None
    while low < high:
        middle = (low + high) // 2
        window = vocabulary.tokenize(cuts[middle].header + prefix[cuts[middle].start :])
        if len(window) <= budget:
            found, high = window, middle
        else:
            low = middle + 1
    if found is not None:
        return found
    over = -(-(len(whole) - budget) // STEP) * STEP
    return whole[min(over, len(whole) - 1) :]


CHARACTERS = 8
"""More characters than this make up hardly any token of code: what lies beyond is not even tokenized."""


def suffix_tokens(vocabulary: Vocabulary, suffix: str, budget: int) -> list[int]:
    return vocabulary.tokenize(suffix[: budget * CHARACTERS])[:budget]


def chunk_tokens(vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: int) -> list[int]:
    """As many of the chunks, in their order, as fit: in the model's repository format or as comments."""
    tokens: list[int] = []
    for chunk in request.chunks:
        more = one_chunk(vocabulary, template, request.comment, chunk)
        if len(tokens) + len(more) > budget:
            break
        tokens += more
    if template.sep is None or not tokens:
        return tokens
    name = REPOSITORY if template.path_inside else REPOSITORY + "\n"
    head = [] if template.repo is None else [template.repo, *vocabulary.tokenize(name)]
    path = [] if template.path_inside else vocabulary.tokenize(request.path + "\n")
    return [*head, *tokens, template.sep, *path]


def one_chunk(vocabulary: Vocabulary, template: Template, comment: str, chunk: Chunk) -> list[int]:
    if template.sep is not None:
        return [template.sep, *vocabulary.tokenize(f"{chunk.path}\n{chunk.text.rstrip()}\n")]
    lines = [f"Path: {chunk.path}", *chunk.text.rstrip().split("\n")]
    return vocabulary.tokenize("".join(f"{comment} {line}".rstrip() + "\n" for line in lines))


HEAL = 4
"""Tokens left out at most in the middle of a word: each costs a decode step to write again."""


def heal(vocabulary: Vocabulary, tokens: list[int]) -> tuple[list[int], bytes]:
    """Leaves out the tokens that the text after the cursor might have merged with, and gives their bytes.

    The last token always, and what belongs to the same run of letters ("js" + "o" may become "json"). Where the
    text ends in white space, all of that: the tokenizers of code models merge line ends, indentation and the next
    word in ways that a prompt ending in spaces has never shown them.
    """
    kept, removed = list(tokens), b""
    while kept:
        piece = vocabulary.piece(kept[-1])
        space = removed.isspace() and piece[-1:].isspace()
        word = removed.isalpha() and piece[-1:].isalpha() and len(tokens) - len(kept) < HEAL
        if not piece or (removed and not space and not word):
            break
        removed = piece + removed
        kept.pop()
    return kept, removed
