"""An answer as plain data: what `complete --json` prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from copilot_lsp.completion.query import Answer, Completion
from copilot_lsp.engine.base import Done
from copilot_lsp.source.text import Text

FileOffset = Callable[[int], int]
"""From a byte offset in the text to that in its file."""


def as_data(answer: Answer, text: Text, offset: int, model: str, in_file: FileOffset) -> dict[str, Any]:
    """`offset` is the cursor's. In the result, offsets count the file's bytes from 0, lines and columns from 1."""
    completions = [completion_data(each, text, offset, in_file) for each in answer.completions]
    nothing = {"text": "", "insert": "", "range": None, "shape": None, "confidence": None}
    silence = answer.silence
    return {
        "model": model,
        **(completions[0] if completions else nothing),
        "alternatives": completions[1:],
        "silence": {"reason": str(silence.reason), "message": silence.message} if silence else None,
        **(_done_data(answer.done) if answer.done else {"end": None, "tokens": None, "milliseconds": None}),
    }


def completion_data(completion: Completion, text: Text, offset: int, in_file: FileOffset) -> dict[str, Any]:
    """`text` replaces `range`, and `insert` is what it adds at the cursor."""
    return {
        "text": completion.text,
        "insert": insertion(completion, text, offset),
        "range": {
            "start": _position(text, completion.start, in_file),
            "end": _position(text, completion.end, in_file),
        },
        "shape": str(completion.shape),
        "confidence": completion.confidence,
    }


def insertion(completion: Completion, text: Text, offset: int) -> str:
    """The completion without what stands between the start of its range and the cursor."""
    return completion.text.removeprefix(text.data[completion.start : offset].decode())


def _position(text: Text, offset: int, in_file: FileOffset) -> dict[str, int]:
    line, column = text.position_at(offset, "utf-32")
    return {"offset": in_file(offset), "line": line + 1, "column": column + 1}


def _done_data(done: Done) -> dict[str, Any]:
    return {
        "end": str(done.end),
        "tokens": {
            "evaluated": done.evaluated,
            "reused": done.reused,
            "generated": done.generated,
            "drafted": done.drafted,
            "accepted": done.accepted,
        },
        "milliseconds": {
            "prefill": round(done.prefill_ms, 1),
            "first": round(done.first_ms, 1),
            "total": round(done.total_ms, 1),
        },
    }
