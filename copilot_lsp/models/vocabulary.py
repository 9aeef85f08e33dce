"""Selects the tokens of a vocabulary that are worth keeping. Pure.

Of the 151,936 tokens of Qwen2.5, code uses a fifth. The others cost memory, and each token that is written costs a
logit of every one of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

SIZE = 49_152
"""Tokens to keep. Of Qwen2.5's vocabulary, so many cost 2 % more tokens of code that was not looked at to choose them;
32,768 cost 4.6 %, 65,536 1.0 %."""


class TokenType(IntEnum):
    """`tokenizer.ggml.token_type` of a GGUF file (llama.h, llama_token_type)."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Tokens:
    """A byte-level BPE vocabulary (`tokenizer.ggml.model` "gpt2"): `texts` and `types` by id, `merges` by rank."""

    texts: Sequence[str]
    types: Sequence[int]
    merges: Sequence[str]


def keep(tokens: Tokens, wanted: Iterable[int], size: int, always: Iterable[int] = ()) -> list[int]:
    """Ids of at most `size` tokens, ascending: `always` and what no merge makes (control tokens, single bytes), then
    the first of `wanted`, and where these leave room the first of the merges, the most frequent ones; each with what it
    is merged from.

    What is tokenized into tokens that are all kept is tokenized as before: their merges are kept, and none is new.
    """
    parts = _parts(tokens)
    kept = {id for id, type in enumerate(tokens.types) if id not in parts and type != TokenType.UNUSED}
    for id in always:
        kept |= {id} | _with_parts(id, parts, kept)
    for id in (*wanted, *parts):
        more = _with_parts(id, parts, kept)
        if len(kept) + len(more) <= size:
            kept |= more
    return sorted(kept)


def left(tokens: Tokens, kept: Sequence[int]) -> Tokens:
    """The vocabulary of these ids alone, in their order."""
    texts = [tokens.texts[id] for id in kept]
    names = frozenset(texts)
    merges = [merge for merge in tokens.merges if _is_within(merge, names)]
    return Tokens(texts, [tokens.types[id] for id in kept], merges)


def _parts(tokens: Tokens) -> dict[int, tuple[int, ...]]:
    """From the id of each token that is merged to what it is merged from, by rank."""
    ids = {text: id for id, text in enumerate(tokens.texts)}
    parts: dict[int, tuple[int, ...]] = {}
    for merge in tokens.merges:
        if _is_within(merge, ids):
            left, right = merge.split(" ")
            parts.setdefault(ids[left + right], (ids[left], ids[right]))
    return parts


def _is_within(merge: str, texts: Container[str]) -> bool:
    """Whether both of its parts, and what it makes of them, are there."""
    left, _, right = merge.partition(" ")
    return bool(left and right) and left in texts and right in texts and left + right in texts


def _with_parts(id: int, parts: dict[int, tuple[int, ...]], kept: set[int]) -> set[int]:
    """`id` and all that it is merged from, as far as they are not `kept`."""
    found: set[int] = set()
    open = [id]
    while open:
        one = open.pop()
        if one not in found and one not in kept and one in parts:
            found.add(one)
            open += parts[one]
    return found
