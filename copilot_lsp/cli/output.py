"""How `complete` prints: plain text, JSON, or the file with the completion in it (show.py)."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Protocol

from copilot_lsp.cli import report, streams
from copilot_lsp.cli.source import Source
from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.engine.base import EngineStatus
from copilot_lsp.errors import EngineFailed
from copilot_lsp.silence import Reason

SEPARATOR = "----"
"""A line of its own between several candidates in plain text; --json has them as a list."""

ENGINE_GONE = {Reason.NO_MODEL, Reason.MODEL_LOADING, Reason.ENGINE_RESTARTING, Reason.ENGINE_FAILED}


@dataclass(frozen=True, slots=True)
class Result:
    """`start_ms`: from starting the engine until it was ready."""

    query: Query
    answer: Answer
    engine: EngineStatus
    start_ms: float


class Output(Protocol):
    def grow(self, completion: Completion) -> None:
        """The completion as far as it is generated."""

    def finish(self, result: Result) -> None: ...


def explain(result: Result) -> None:
    """Print on stderr why the result is empty, and warnings. Raises EngineFailed if the engine has died."""
    if result.engine.safe_mode:
        _note("the engine runs in safe mode, 4 to 5 times slower: see `copilot-lsp doctor`")
    if (silence := result.answer.silence) is None:
        return
    if silence.reason in ENGINE_GONE:
        raise EngineFailed(silence.message)
    _note(f"nothing to insert: {silence.message}")


def _note(message: str) -> None:
    streams.say(message)


class Plain:
    """Prints the text to insert and nothing else."""

    def __init__(self, query: Query, stream: bool) -> None:
        self._query = query
        self._stream = stream
        self._printed = ""

    def grow(self, completion: Completion) -> None:
        if self._stream:
            self._print(self._insertion(completion))

    def finish(self, result: Result) -> None:
        explain(result)
        texts = [self._insertion(each) for each in result.answer.completions]
        self._print(texts[0] if texts else "")
        for other in texts[1:]:
            print(f"\n{SEPARATOR}\n{other}", end="")
        if texts and sys.stdout.isatty():
            print()
        if self._printed != (texts[0] if texts else ""):
            _note("what --stream printed is not the final text: it was cut after it was printed")

    def _insertion(self, completion: Completion) -> str:
        return report.insertion(completion, self._query.snapshot.text, self._query.offset)

    def _print(self, text: str) -> None:
        """Prints what is new of `text`, unless it does not begin with what was printed: that cannot be taken back."""
        if text.startswith(self._printed):
            print(text.removeprefix(self._printed), end="", flush=True)
            self._printed = text


class Json:
    """One object; before it, with `stream`, one {"partial": ...} a line."""

    def __init__(self, query: Query, source: Source, stream: bool) -> None:
        self._query = query
        self._source = source
        self._stream = stream

    def grow(self, completion: Completion) -> None:
        if self._stream:
            text, offset = self._query.snapshot.text, self._query.offset
            print(
                json.dumps({"partial": report.completion_data(completion, text, offset, self._source.file_offset)}),
                flush=True,
            )

    def finish(self, result: Result) -> None:
        query = self._query
        data = report.as_data(
            result.answer, query.snapshot.text, query.offset, result.engine.model, self._source.file_offset
        )
        print(json.dumps(data, indent=None if self._stream else 2))
        explain(result)
