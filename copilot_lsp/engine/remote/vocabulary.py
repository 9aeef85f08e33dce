"""The vocabulary of a llama-server, cached as far as it was requested.

Text is tokenized as plain text, so that a control token which a user wrote is only its letters; control tokens go into
prompts by their ids. `fim.build` asks for texts without waiting: what is not known yet is `Unknown`, is asked for, and
building begins anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from copilot_lsp.engine.families import FAMILIES
from copilot_lsp.engine.remote.connection import Connection
from copilot_lsp.engine.remote.spelling import ENDS, spellings
from copilot_lsp.errors import RemoteFailed

KEPT = 256
"""Number of texts whose tokens are cached: those of a few documents, each with its windows and suffix."""

MARK = (0, 1, 0, 1, 0)
"""Ids between the texts of one request; no text's own tokens are these."""

T = TypeVar("T")


class Unknown(Exception):
    def __init__(self, text: str) -> None:
        super().__init__("not tokenized yet")
        self.text = text


class RemoteVocabulary:
    """`learn` makes it. `ends` are the tokens that end a generation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.fim: Mapping[str, int] = {}
        self.bos: int | None = None
        self.ends: frozenset[int] = frozenset()
        self._controls: dict[str, int] = {}
        self._pieces: dict[int, bytes] = {}
        self._known: OrderedDict[str, list[int]] = OrderedDict()
        self._lead = ""

    def tokenize(self, text: str) -> list[int]:
        """Raises Unknown."""
        if not text:
            return []
        if text not in self._known:
            raise Unknown(text)
        self._known.move_to_end(text)
        return self._known[text]

    def control(self, text: str) -> int | None:
        return self._controls.get(text)

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    def shown(self, tokens: Sequence[int]) -> str:
        """For people: control tokens as they are spelled."""
        spelled = {token: text.encode() for text, token in self._controls.items()}
        return b"".join(self._pieces.get(each) or spelled.get(each, b"") for each in tokens).decode("utf-8", "replace")

    def forget(self) -> None:
        """All texts that were asked for, and the pieces of them."""
        self._known.clear()
        self._pieces.clear()

    async def with_texts(self, texts: Iterable[str], build: Callable[[], T]) -> T:
        """What `build` makes of this vocabulary; `texts` are what it is going to ask for, as far as one can tell."""
        missing = list({text for text in texts if text and text not in self._known})
        while True:
            if missing:
                await self._ask_for(missing)
            try:
                return build()
            except Unknown as unknown:
                missing = [unknown.text]

    async def learn(self, eos: str = "") -> None:
        """Learn the constants: which control tokens exist, and whether prompts begin with one."""
        (first,) = await self._tokenized(["a"], parse=False)
        self._lead = "\n" if _text(first) != b"a" else ""  # SentencePiece puts a space before every text
        families = (text for family in FAMILIES for text in spellings(family))
        spelled = list(dict.fromkeys([*families, *ENDS, *([eos] if eos else [])]))
        parsed = await self._tokenized(spelled, parse=True)
        plain = await self._tokenized(spelled, parse=False)
        for text, as_control, as_text in zip(spelled, parsed, plain, strict=True):
            if len(as_control) == 1 and as_control != as_text:
                self._controls[text] = as_control[0][0]
        self.ends = frozenset(self._controls[text] for text in (*ENDS, eos) if text in self._controls)
        answer = await self._connection.post("tokenize", {"content": "", "add_special": True})
        begin = answer.get("tokens")
        self.bos = begin[0] if isinstance(begin, list) and begin and isinstance(begin[0], int) else None

    async def _ask_for(self, texts: Sequence[str]) -> None:
        lead = [self._lead] if self._lead else []
        found = await self._tokenized([*lead, *(self._lead + text for text in texts)], parse=False)
        head = found.pop(0) if lead else []
        for text, tokens in zip(texts, found, strict=True):
            own = tokens[len(head) :] if tokens[: len(head)] == head else tokens
            self._pieces.update(own)
            self._known[text] = [id for id, _ in own]
        while len(self._known) > max(KEPT, len(texts)):
            self._known.popitem(last=False)

    async def _tokenized(self, texts: Sequence[str], parse: bool) -> list[list[tuple[int, bytes]]]:
        """The tokens of each text, with their bytes, in one request."""
        content: list[str | int] = []
        for text in texts:
            content += [*MARK, text]
        body = {"content": content, "parse_special": parse, "add_special": False, "with_pieces": True}
        answer = await self._connection.post("tokenize", body)
        return _split(_tokens(answer), len(texts))


def _tokens(answer: Mapping[str, Any]) -> list[tuple[int, bytes]]:
    """Raises RemoteFailed for anything but tokens with their pieces."""
    try:
        return [(int(each["id"]), _bytes(each["piece"])) for each in answer["tokens"]]
    except (KeyError, TypeError, ValueError):
        raise RemoteFailed("does not tokenize as llama-server does") from None


def _bytes(piece: str | list[int]) -> bytes:
    return piece.encode("utf-8", "replace") if isinstance(piece, str) else bytes(piece)


def _text(tokens: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(piece for _, piece in tokens)


def _split(tokens: list[tuple[int, bytes]], count: int) -> list[list[tuple[int, bytes]]]:
    """The tokens after each MARK. Raises RemoteFailed when they are not `count` texts."""
    ids = [id for id, _ in tokens]
    starts = [at for at in range(len(ids)) if tuple(ids[at : at + len(MARK)]) == MARK]
    if len(starts) != count or (starts and starts[0]):
        raise RemoteFailed("does not tokenize as llama-server does")
    return [tokens[start + len(MARK) : end] for start, end in zip(starts, [*starts[1:], len(ids)], strict=True)]
