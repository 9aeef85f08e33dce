"""A model that knows what stands in the file, on a real vocabulary: it shows what healing does, and not what it cannot.

It sees the bytes of the tokens so far, and wants the token that a tokenizer of the whole file would put next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import llama_cpp.llama_cpp as api
import numpy as np
from numpy.typing import NDArray

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import Done, InfillRequest, Limits, Piece
from copilot_lsp.engine.families import LEFT_TO_RIGHT
from copilot_lsp.engine.fim import Prompt, Template
from copilot_lsp.engine.local import decode, kv
from copilot_lsp.engine.local.devices import load_backends
from copilot_lsp.engine.local.llama import silence_log
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary

PLAIN = Template("left-to-right", LEFT_TO_RIGHT)
SURE, UNLIKELY = 20.0, -20.0


def vocabulary_of(path: Path) -> LlamaVocabulary:
    """Of a GGUF, whose weights are not read and may be missing. It is never freed."""
    silence_log()
    load_backends()
    params = api.llama_model_default_params()
    params.vocab_only = True
    model = api.llama_model_load_from_file(str(path).encode(), params)
    assert model, f"{path} has no vocabulary"
    return LlamaVocabulary(api.llama_model_get_vocab(model))


@dataclass
class Oracle:
    """In the place of `Llama`; `file` is the text that it knows, from the first token of the prompt on."""

    vocabulary: LlamaVocabulary
    file: str
    cells: list[int] = field(default_factory=list)
    rewinds: bool = True
    stopping: bool = False
    prefilling: bool = False
    context_size: int = 100_000

    def __post_init__(self) -> None:
        self.data = self.file.encode()
        self.starts: dict[int, list[int]] = {}
        at = 0
        for token in self.vocabulary.tokenize(self.file):
            self.starts[at] = [token]
            at += len(self.vocabulary.piece(token))

    def evaluate(self, tokens: Sequence[int], position: int, sequence: int, outputs: int) -> NDArray[np.float32]:
        assert position == len(self.cells)
        self.cells += tokens
        rows = [self.row(self.cells[: len(self.cells) - back]) for back in range(outputs - 1, -1, -1)]
        return np.array(rows, np.float32).reshape(outputs, self.vocabulary.size)

    def row(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Likeliest: the next token of the whole file; else the longer the likelier. At the end: an end."""
        at = sum(len(self.vocabulary.piece(token)) for token in tokens)
        logits = np.full(self.vocabulary.size, UNLIKELY, np.float32)
        rest = self.data[at : at + 64]
        for token in self.vocabulary.beginning_with(rest) if rest else ():
            if rest.startswith(piece := self.vocabulary.piece(int(token))):
                logits[token] = len(piece) / 64
        logits[self.starts.get(at, []) if rest else list(self.vocabulary.ends)] = SURE
        return logits

    def forget(self, sequence: int, start: int) -> bool:
        del self.cells[start:]
        return True


def written(vocabulary: LlamaVocabulary, before: str, after: str, tokens: int = 24) -> str:
    """What comes when the oracle of `before + after` is asked behind `before`."""
    kept, healed = fim.heal_word(vocabulary, vocabulary.tokenize(before))
    if not kept:  # a prompt is never empty: what stands above is a line end
        kept, before = vocabulary.tokenize("\n"), "\n" + before
    request = InfillRequest("d", "a.py", "", "", limits=Limits(max_tokens=tokens))
    work = decode.Work(request, Prompt(kept, healed), kv.Slot(0), 1_000_000)
    oracle = Oracle(vocabulary, before + after)
    items = list(decode.generate(oracle, vocabulary, PLAIN, work, drafts=7))  # type: ignore[arg-type]
    assert isinstance(items[-1], Done)
    return "".join(item.text for item in items if isinstance(item, Piece))
