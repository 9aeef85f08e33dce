"""Scores one answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from copilot_lsp.completion.gate import sure_length
from copilot_lsp.evaluation.cases.case import Case, Suite, unified
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.evaluation.run.outcome import Outcome
from copilot_lsp.postprocess.pipeline import RawCompletion, finish
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.syntax import error_count, parse

MAX_PARSE_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Score:
    """What counts in a replay is the rest of the cursor's line, in a suite the whole hole.

    `exact` and `similarity` are about that; `exact_block` about a whole block (None for other kinds).
    `clean`: the file has no more syntax errors with the text in it than with the truth, or than without the cursor's
    line; None without a grammar.
    `keys_saved` of the `keys` that the hole takes, see `keys_saved`.
    `confidence` and `milliseconds` are the outcome's. `right`: all that is shown is how the truth begins.
    """

    shown: bool
    exact: bool
    similarity: float
    keys_saved: int
    keys: int
    exact_block: bool | None = None
    clean: bool | None = None
    passed: bool | None = None
    confidence: float | None = None
    milliseconds: float | None = None
    right: bool = False


def score(case: Case, outcome: Outcome) -> Score:
    text, truth = unified(outcome.text), case.hole
    wanted, given = (_line(truth), _line(text)) if case.suite is Suite.REPLAY else (_trimmed(truth), _trimmed(text))
    shown = bool(outcome.text.strip())
    return Score(
        shown=shown,
        exact=shown and given == wanted,
        similarity=similarity(given, wanted) if shown else 0.0,
        keys_saved=keys_saved(text.rstrip(), truth) if shown else 0,
        keys=len(truth),
        exact_block=shown and _trimmed(text) == _trimmed(truth) if case.kind == Kind.BLOCK else None,
        clean=_is_clean(case, outcome.text) if shown else None,
        passed=outcome.passed,
        confidence=outcome.confidence,
        milliseconds=outcome.milliseconds,
        right=shown and truth.startswith(text.rstrip()),
    )


def gated(case: Case, outcome: Outcome, least: float) -> Outcome:
    """The outcome if the gate (`completion.gate`) had been set to `least`."""
    sure = sure_length(outcome.raw, outcome.trace, least)
    if sure == len(outcome.raw):
        return outcome
    offset = case.offset
    raw = RawCompletion(case.snapshot(MAX_PARSE_BYTES), offset, Shape(outcome.shape), outcome.raw[:sure])
    text = finish(raw)
    if isinstance(text, Silence):
        return replace(outcome, text="", silence=Reason.LOW_CONFIDENCE)
    return replace(outcome, text=text, silence="")


def similarity(first: str, second: str) -> float:
    """1 - Levenshtein distance / length of the longer: the edit similarity of arXiv 2005.08025 (IntelliCode Compose).

    CrossCodeEval and RepoBench define it so too; their scripts call `fuzz.ratio`, which counts a replaced character
    twice and so gives a little less.
    """
    longer = max(len(first), len(second))
    return 1.0 - distance(first, second) / longer if longer else 1.0


def distance(first: str, second: str) -> int:
    """Levenshtein's, row by row; within a row, insertions are a running minimum."""
    letters = np.array([ord(each) for each in second], dtype=np.int64)
    steps = np.arange(len(second) + 1)
    row = steps
    for number, letter in enumerate(first, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        row = np.minimum.accumulate(np.concatenate(([number], best)) - steps) + steps
    return int(row[-1])


def keys_saved(text: str, truth: str) -> int:
    """Keys that accepting `text` saves somebody who wants to write `truth`: one key a character.

    Accepting is one key, each character after the common beginning one to delete, and each that is missing then one
    to type. Who would save nothing does not accept. Summed up and divided by the characters, it is JetBrains'
    "ratio of completed code" (arXiv 2405.08704), less what accepting and mending cost.
    """
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, truth, strict=False)))
    return max(0, common - (len(text) - common) - 1)


def _line(text: str) -> str:
    return text.split("\n", 1)[0].rstrip()


def _trimmed(text: str) -> str:
    """Without white space at the ends of lines and at the end: it changes nothing that a reader could see."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def _is_clean(case: Case, text: str) -> bool | None:
    """Where the line is part of a longer statement, the file is broken without it, and no other line mends that."""
    rest = case.line_end + case.suffix
    after = _errors(case, case.prefix + text + rest)
    if after is None:
        return None
    allowed = _errors(case, case.prefix + case.truth + case.suffix) or 0
    if after > allowed:
        above = case.prefix[: max(case.prefix.rfind("\n"), case.prefix.rfind("\r")) + 1]
        allowed = max(allowed, _errors(case, above + rest) or 0)
    return after <= allowed


def _errors(case: Case, source: str) -> int | None:
    tree, _ = parse(case.language, source.encode("utf-8", "replace"))
    return None if tree is None else error_count(tree)
