"""A GGUF's tokenizer, as needed by prompts and decoding."""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

import llama_cpp.llama_cpp as api
import numpy as np
from numpy.typing import NDArray

CONTROL = 8  # LLAMA_TOKEN_ATTR_CONTROL
USER_DEFINED = 16  # LLAMA_TOKEN_ATTR_USER_DEFINED
UNKNOWN = 1  # LLAMA_TOKEN_ATTR_UNKNOWN

REMEMBERED = 16
"""Number of texts whose tokens are cached: from one key to the next, only the text after the anchor changes."""
SENTENCEPIECE = 1  # LLAMA_VOCAB_TYPE_SPM


class LlamaVocabulary:
    """Implements `fim.Vocabulary` on a `llama_vocab` pointer."""

    def __init__(self, pointer: object) -> None:
        self._pointer = pointer
        self.size = int(api.llama_vocab_n_tokens(pointer))
        self.fim: Mapping[str, int] = self._fim()
        self.bos = self._bos()
        self.ends = frozenset(t for t in range(self.size) if api.llama_vocab_is_eog(pointer, t))
        # SentencePiece vocabularies put a space before every text that they tokenize; what follows a line end
        # is tokenized as it stands, so one is put before each text and its tokens are taken off again.
        self._lead = ""
        self._opening: dict[tuple[bytes, ...], NDArray[np.int64]] = {}
        self._beginning: dict[bytes, NDArray[np.int64]] = {}
        if api.llama_vocab_type(pointer) == SENTENCEPIECE:
            self._lead = "\n"
        self._lead_tokens = self._tokenize(self._lead.encode())
        self._remembered = lru_cache(REMEMBERED)(self._tokens)

    def tokenize(self, text: str) -> list[int]:
        return list(self._remembered(text)) if text else []

    def _tokens(self, text: str) -> list[int]:
        tokens = self._tokenize((self._lead + text).encode("utf-8", "replace"))
        lead = len(self._lead_tokens)
        if tokens[:lead] == self._lead_tokens:
            return tokens[lead:]
        return self._tokenize(text.encode("utf-8", "replace"))

    def control(self, text: str) -> int | None:
        return self._controls.get(text)

    def piece(self, token: int) -> bytes:
        """The bytes of a token, b"" for a control token."""
        return self._pieces[token]

    def shown(self, tokens: Sequence[int]) -> str:
        """For people: control tokens as they are spelled."""
        spelled = {token: text.encode() for text, token in self._controls.items()}
        return b"".join(self._pieces[token] or spelled.get(token, b"") for token in tokens).decode("utf-8", "replace")

    def beginning_with(self, start: bytes) -> NDArray[np.int64]:
        """The tokens that could stand where `start` must come next: they begin with it, or are a part of it."""
        if start not in self._beginning:
            self._beginning[start] = np.fromiter(self._find_beginning(start), np.int64)
        return self._beginning[start]

    def adds_line(self, start: bytes, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `tokens`, of those that `beginning_with(start)` has, hold a line end that `start` does not.

        None when `start` holds no line end: what is typed ends where the user wants it to.
        """
        lines = start.count(b"\n")
        if not lines:
            return np.zeros(len(tokens), np.bool_)
        return self._line_ends[tokens] > lines

    def opening_any(self, marks: tuple[bytes, ...]) -> NDArray[np.int64]:
        """The tokens that begin with one of `marks`, or with white space and one of them."""
        if marks not in self._opening:
            tokens = (token for token in self._order if marks and self._pieces[token].lstrip().startswith(marks))
            self._opening[marks] = np.array(sorted(tokens), np.int64)
        return self._opening[marks]

    def _find_beginning(self, start: bytes) -> Iterator[int]:
        order = self._order
        index = bisect_left(order, start, key=lambda token: self._pieces[token])
        while index < len(order) and self._pieces[order[index]].startswith(start):
            yield order[index]
            index += 1
        for length in range(1, len(start)):
            if (token := self._by_piece.get(start[:length])) is not None:
                yield token

    def _tokenize(self, data: bytes) -> list[int]:
        room = len(data) + 8
        tokens = (api.llama_token * room)()
        count = api.llama_tokenize(self._pointer, data, len(data), tokens, room, False, False)
        return list(tokens[:count])

    def _bos(self) -> int | None:
        wanted = api.llama_vocab_get_add_bos(self._pointer)
        token = int(api.llama_vocab_bos(self._pointer))
        return token if wanted and token >= 0 else None

    def _fim(self) -> dict[str, int]:
        found = {
            "PRE": api.llama_vocab_fim_pre(self._pointer),
            "SUF": api.llama_vocab_fim_suf(self._pointer),
            "MID": api.llama_vocab_fim_mid(self._pointer),
            "REP": api.llama_vocab_fim_rep(self._pointer),
            "SEP": api.llama_vocab_fim_sep(self._pointer),
        }
        return {part: int(token) for part, token in found.items() if token >= 0}

    @cached_property
    def _controls(self) -> dict[str, int]:
        marked = CONTROL | USER_DEFINED | UNKNOWN
        return {
            api.llama_vocab_get_text(self._pointer, token).decode("utf-8", "replace"): token
            for token in range(self.size)
            if api.llama_vocab_get_attr(self._pointer, token) & marked
        }

    @cached_property
    def _pieces(self) -> list[bytes]:
        """Of all tokens: half a second for the largest vocabularies, so it is done while the model loads."""
        buffer = ctypes.create_string_buffer(256)
        pieces = []
        for token in range(self.size):
            length = api.llama_token_to_piece(self._pointer, token, buffer, 256, 0, False)
            pieces.append(buffer.raw[:length] if length > 0 else b"")
        return pieces

    @cached_property
    def _line_ends(self) -> NDArray[np.int16]:
        return np.array([piece.count(b"\n") for piece in self._pieces], np.int16)

    @cached_property
    def _order(self) -> list[int]:
        return sorted((t for t in range(self.size) if self._pieces[t]), key=lambda token: self._pieces[token])

    @cached_property
    def _by_piece(self) -> dict[bytes, int]:
        return {self._pieces[token]: token for token in reversed(self._order)}
