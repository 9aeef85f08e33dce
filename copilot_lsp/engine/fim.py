"""Fill-in-the-middle prompts: detect a model's template and build prompts as tokens.

Control tokens are put in by id and all text is tokenized as plain text, so nothing that a user wrote can act as a
control token. Nothing here touches llama.cpp: a `Vocabulary` is all that is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_lsp.engine.base import Chunk, Cut, InfillRequest
from copilot_lsp.engine.families import LAYOUTS, LEFT_TO_RIGHT, PSM, Layout, Vocabulary, family_of

LAYOUT_KEY = "copilot_lsp.fim.layout"
"""GGUF metadata key with a name of LAYOUTS: for models of ours; it overrides the family's layout."""

REPOSITORY = "project"
"""What the repository is called in a repository-level prompt: the real name would tell the model nothing."""


@dataclass(frozen=True, slots=True)
class Template:
    """`ids` holds the tokens of `layout`; `ends` are the tokens that must never come out as text.

    `unsure_ends`: that the model is unsure how to go on, and thinks of ending at all, is an end (see `decode`).
    `path_inside`, `repo_line`, `mark`: see `Family`.
    """

    name: str
    layout: Layout
    ids: Mapping[str, int] = field(default_factory=dict)
    repo: int | None = None
    sep: int | None = None
    unsure_ends: bool = True
    path_inside: bool = False
    repo_line: bool = True
    mark: str = ""

    @property
    def fills(self) -> bool:
        """Whether the model sees the suffix."""
        return "suffix" in self.layout

    @property
    def joined(self) -> bool:
        """Whether all text before the cursor is one piece at the end, wherever the anchor is."""
        return self.layout[-2:] == ("far", "near")

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
    foreign = family if family and not layout else None
    return Template(
        name,
        chosen,
        used,
        repo,
        sep,
        unsure_ends=not layout,
        path_inside=bool(foreign and foreign.path_inside),
        repo_line=foreign is None or foreign.repo_line,
        mark=foreign.mark if foreign else "",
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """In tokens; control tokens are not counted.

    A pinned window may grow to `pinned` tokens: it gives way rarely, because that costs a whole prompt.
    """

    prefix: int
    suffix: int
    chunks: int
    pinned: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """`healed` is text at the end of the prefix whose tokens were left out: the output must begin with it.

    `cut`: the index into the request's cuts of the one where the window begins, -1 where it begins elsewhere.
    """

    tokens: list[int]
    healed: bytes = b""
    cut: int = -1


Heal = Callable[[Vocabulary, list[int]], tuple[list[int], bytes]]
"""What is left of the tokens of a prefix, and the bytes of those that were left out at its end."""


def build(
    vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: Budget, heal: Heal | None = None
) -> Prompt:
    """The prompt of `request`, the stable text first: chunks, then the template. `heal`: None for `heal_word`."""
    cut, far, near = window(vocabulary, template, request, budget)
    tokens = [] if vocabulary.bos is None else [vocabulary.bos]
    chunks = chunk_tokens(vocabulary, template, request, budget.chunks)
    if template.sep is not None:
        tokens += chunks
        chunks = vocabulary.tokenize(request.path + "\n") if chunks and template.path_inside else []
    if far or not template.joined:
        far = chunks + far
    else:
        near = chunks + near
    near, healed = (heal or heal_word)(vocabulary, near)
    texts = {"far": far, "near": near, "suffix": suffix_tokens(vocabulary, request.suffix, budget.suffix)}
    for part in template.layout:
        tokens += [template.ids[part]] if part.isupper() else texts[part]
    # A model needs something to go on from, at the start of an empty file too.
    return Prompt(tokens or vocabulary.tokenize("\n"), healed, cut)


STEP = 64
"""A window that no cut fits is cut at multiples of this many tokens, so that typing seldom moves its start."""

Window = tuple[int, list[int], list[int]]
"""The index of the cut (-1: none), and the tokens of the far and of the near text."""


def window(vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: Budget) -> Window:
    """The longest window that fits `budget` and begins at a cut; the header is part of it."""
    cuts: Sequence[Cut] = request.cuts or (Cut(0),)

    def at(index: int) -> Window:
        return index, *halves(vocabulary, template, request, cuts[index])

    whole = at(0)
    if length(whole) <= (budget.pinned if request.pinned else budget.prefix):
        return whole
    low, high = 0, len(cuts)
    found: Window | None = None
    while low < high:
        middle = (low + high) // 2
        tried = at(middle)
        if length(tried) <= budget.prefix:
            found, high = tried, middle
        else:
            low = middle + 1
    return found or trimmed(whole, budget.prefix)


def halves(vocabulary: Vocabulary, template: Template, request: InfillRequest, cut: Cut) -> tuple[list[int], list[int]]:
    """The tokens before the anchor, and those from there to the cursor."""
    anchor = len(request.prefix) if request.anchor is None else request.anchor
    if template.joined or anchor <= cut.start:
        return [], vocabulary.tokenize(cut.header + request.prefix[cut.start :])
    far = vocabulary.tokenize(cut.header + request.prefix[cut.start : anchor])
    return far, vocabulary.tokenize(request.prefix[anchor:])


def length(window: Window) -> int:
    _, far, near = window
    return len(far) + len(near)


def trimmed(window: Window, budget: int) -> Window:
    """The end of a window that fits from no cut."""
    _, far, near = window
    total = len(far) + len(near)
    over = min(-(-(total - budget) // STEP) * STEP, total - 1)
    return -1, far[over:], near[max(0, over - len(far)) :]


CHARACTERS = 8
"""More characters than this make up hardly any token of code: what lies beyond is not even tokenized."""


def suffix_tokens(vocabulary: Vocabulary, suffix: str, budget: int) -> list[int]:
    return vocabulary.tokenize(suffix[: budget * CHARACTERS])[:budget]


def chunk_tokens(vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: int) -> list[int]:
    """The chunks that fit, in their order: in the model's repository format or as comments.

    The last is the most relevant one, so the first give way.
    """
    tokens: list[int] = []
    for chunk in reversed(request.chunks):
        more = one_chunk(vocabulary, template, request.comment, chunk)
        if len(tokens) + len(more) <= budget:
            tokens = more + tokens
    if not tokens:
        return []
    if template.sep is None:
        own = f"{template.mark}{request.path}\n" if template.mark else ""
        return [*tokens, *vocabulary.tokenize(own)]
    name = REPOSITORY + "\n" if template.repo_line else REPOSITORY
    head = [] if template.repo is None else [template.repo, *vocabulary.tokenize(name)]
    path = [] if template.path_inside else vocabulary.tokenize(request.path + "\n")
    return [*head, *tokens, template.sep, *path]


def one_chunk(vocabulary: Vocabulary, template: Template, comment: str, chunk: Chunk) -> list[int]:
    if template.sep is not None:
        return [template.sep, *vocabulary.tokenize(f"{chunk.path}\n{chunk.text.rstrip()}\n")]
    if template.mark:
        return vocabulary.tokenize(f"{template.mark}{chunk.path}\n{chunk.text.rstrip()}\n\n")
    lines = [f"Path: {chunk.path}", *chunk.text.rstrip().split("\n")]
    return vocabulary.tokenize("".join(f"{comment} {line}".rstrip() + "\n" for line in lines))


HEAL = 4
"""Tokens left out at most in the middle of a word: each costs a decode step to write again."""


def heal_word(vocabulary: Vocabulary, tokens: list[int]) -> tuple[list[int], bytes]:
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
        if not piece or (removed and not space and not word and not is_inside_character(removed)):
            break
        removed = piece + removed
        kept.pop()
    return kept, removed


def is_inside_character(text: bytes) -> bool:
    """Whether UTF-8 `text` begins with the rest of a character: then what came before must go on with just these bytes.

    A remote engine is told what to begin with as text, and half a character is none.
    """
    return text[:1] != b"" and 0x80 <= text[0] < 0xC0
