"""Prompts as text, for servers that tokenize themselves: a vocabulary whose tokens are characters.

`fim.build` makes the prompt of it as of any vocabulary. A control token that a user wrote would act as one there, so it
is broken up by a space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.families import FAMILIES, LEFT_TO_RIGHT, Family, Vocabulary
from copilot_lsp.engine.fim import Budget, Template, detect
from copilot_lsp.engine.remote.spelling import ENDS, spellings

CHARACTERS = 3
"""Of code to a token: the fewest that vocabularies of code models have on average, so that budgets hold."""

FIRST_CONTROL = 0x110000
"""Beyond Unicode."""

NAMES = (
    ("mellum", "mellum"),
    ("codegemma", "gemma"),
    ("qwen", r"qwen|granite-?4"),
    ("starcoder2", r"starcoder-?2|smollm|granite|copilot-lsp-fim"),
    ("starcoder", "starcoder|refact"),
    ("santacoder", "santacoder"),
    ("deepseek", r"deepseek[-_ ]?coder"),
    ("seed-coder", "seed-?coder"),
    ("codegeex", "codegeex"),
)
"""Families and the names of their models, matched in this order."""

SUFFIX = "suffix"
"""The server builds the prompt from prefix and suffix."""


class TextVocabulary:
    """`control` knows the tokens of `family` alone; None for a server that puts them in itself."""

    def __init__(self, family: Family | None) -> None:
        self.fim: Mapping[str, int] = {}
        self.bos: int | None = None
        self._controls = list(spellings(family)) if family else []
        every = self._controls if family else [text for each in FAMILIES for text in spellings(each)]
        known = sorted({*every, *ENDS}, key=len, reverse=True)
        self._acting = re.compile(r"<\|[^\s<>]{1,40}?\|>|" + "|".join(map(re.escape, known)))

    def tokenize(self, text: str) -> list[int]:
        return [ord(each) for each in self.neutral(text)]

    def control(self, text: str) -> int | None:
        return FIRST_CONTROL + self._controls.index(text) if text in self._controls else None

    def piece(self, token: int) -> bytes:
        return chr(token).encode("utf-8", "replace") if token < FIRST_CONTROL else b""

    def shown(self, tokens: Sequence[int]) -> str:
        """The prompt's text."""
        return "".join(chr(each) if each < FIRST_CONTROL else self._controls[each - FIRST_CONTROL] for each in tokens)

    def neutral(self, text: str) -> str:
        """`text` without anything that a tokenizer would take for a control token."""
        while (broken := self._acting.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)) != text:
            text = broken
        return text


def family_named(template: str, model: str) -> Family | None:
    """What `remote.template` says, or the model's name. None: the server is to make the prompt. Raises ValueError."""
    if template == SUFFIX:
        return None
    name = template
    if template == "auto":
        name = next((name for name, pattern in NAMES if re.search(pattern, model, re.IGNORECASE)), SUFFIX)
    if name == SUFFIX:
        return None
    found = next((family for family in FAMILIES if family.name == name), None)
    if found is None:
        raise ValueError(f"there is no template {name}: use auto, suffix or one of {', '.join(n for n, _ in NAMES)}")
    return found


def template_of(vocabulary: TextVocabulary, family: Family | None, model: str, layout: str) -> Template:
    return detect(vocabulary, model, layout) if family else Template("left-to-right", LEFT_TO_RIGHT)


def in_characters(budget: Budget) -> Budget:
    return Budget(*(CHARACTERS * each for each in (budget.prefix, budget.suffix, budget.chunks, budget.pinned)))


def heal_space(vocabulary: Vocabulary, tokens: list[int]) -> tuple[list[int], bytes]:
    """Drop a trailing space: the next word's token most likely begins with it.

    More cannot be taken back: nothing makes the server begin with it.
    """
    return (tokens[:-1], b" ") if tokens[-1:] == [ord(" ")] else (tokens, b"")


def suffix_of(vocabulary: TextVocabulary, request: InfillRequest, budget: Budget) -> str:
    """For a server that makes the prompt; `budget` in characters."""
    return vocabulary.neutral(request.suffix[: budget.suffix])
