"""Turns the model's text into a completion: where it ends, what is trimmed, and what is rejected.

The rules are pure functions in one ordered list. Each takes a passage and returns its text, possibly shortened. If a
rule leaves nothing, its reason is the reason for no completion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from copilot_lsp.postprocess import rules_below, rules_end, rules_right, rules_start, rules_syntax
from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.site import Site

PASSES = 8
"""A rule may apply to what a later one has left; usually two passes suffice."""


@dataclass(frozen=True, slots=True)
class RawCompletion:
    """`text`, with \\n line ends, is what the model wrote so far at the byte `offset` of `snapshot`."""

    snapshot: Snapshot
    offset: int
    shape: Shape
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`reason` is given when `apply` leaves no text. `shape` None: for both.

    `streams`: also applies to growing text, because more text would not change the cut.
    `parses`: costs milliseconds; not applied again to a text that it has left alone.
    """

    apply: Callable[[Passage], str]
    reason: Reason
    shape: Shape | None = None
    streams: bool = False
    parses: bool = False


RULES = (
    Rule(rules_start.begins_here, Reason.WHITESPACE_ONLY),
    Rule(rules_start.indents_like_the_file, Reason.WHITESPACE_ONLY),
    Rule(rules_end.ends_with_the_line, Reason.EMPTY, Shape.LINE, streams=True),
    Rule(rules_end.ends_at_blank_lines, Reason.EMPTY, Shape.BLOCK, streams=True),
    Rule(rules_right.closes_nothing_twice, Reason.REPEATS_SUFFIX, streams=True),
    Rule(rules_right.closes_no_tag_twice, Reason.REPEATS_SUFFIX, streams=True),
    Rule(rules_end.stays_in_the_block, Reason.EMPTY, Shape.BLOCK, streams=True),
    Rule(rules_end.ends_with_the_definition, Reason.EMPTY, Shape.BLOCK, streams=True),
    Rule(rules_end.ends_at_the_text_below, Reason.REPEATS_SUFFIX, streams=True),
    Rule(rules_end.ends_where_lines_repeat, Reason.REPETITION, Shape.BLOCK, streams=True),
    Rule(rules_end.ends_where_the_line_loops, Reason.REPETITION, streams=True),
    Rule(rules_right.leaves_the_rest_of_the_line, Reason.REPEATS_SUFFIX, streams=True),
    Rule(rules_right.comments_out_nothing, Reason.EMPTY),
    Rule(rules_right.takes_no_closer, Reason.BREAKS_SYNTAX),
    Rule(rules_right.stops_short_of_the_line_below, Reason.REPEATS_SUFFIX, Shape.BLOCK),
    Rule(rules_right.leaves_a_header_to_its_body, Reason.EMPTY, Shape.BLOCK),
    Rule(rules_right.ends_clean, Reason.WHITESPACE_ONLY),
    Rule(rules_right.says_more_than_the_lines_above, Reason.REPETITION),
    Rule(rules_below.heads_the_block_below, Reason.BREAKS_SYNTAX, Shape.LINE),
    Rule(rules_syntax.keeps_the_line_clean, Reason.BREAKS_SYNTAX, Shape.LINE, parses=True),
    Rule(rules_syntax.keeps_the_block_clean, Reason.BREAKS_SYNTAX, Shape.BLOCK, parses=True),
)
"""In the order in which they are applied."""


def stop_at(raw: RawCompletion) -> int | None:
    """The index into `raw.text` where the completion ends, None while it must go on."""
    site = Site.of(raw.snapshot, raw.offset)
    begin = rules_start.superfluous(site, raw.text)
    written = raw.text[begin:]
    # Columns are compared with those of the file, so they have to be of the same kind.
    whole = text = rules_start.indents_like_the_file(Passage(site, written, ended=False))
    for rule in _rules_for(raw.shape):
        if rule.streams:
            text = rule.apply(Passage(site, text, ended=False))
    return begin + _index_in(written, whole, len(text)) if len(text) < len(whole) else None


def _index_in(written: str, whole: str, index: int) -> int:
    """The place in `written` that is at `index` of `whole`, which differs by the indentation of its lines."""
    number = whole.count("\n", 0, index)
    line = written.split("\n")[number]
    start = sum(len(each) + 1 for each in written.split("\n")[:number])
    rest = whole.find("\n", index)
    rest = (len(whole) if rest < 0 else rest) - index
    return start + max(len(line) - rest, 0)


def unified(text: str) -> str:
    """`text` with \\n line ends; half of a \\r\\n at the end of a text that grows is left as it is."""
    return re.sub(r"\r\n?(?!\Z)|\r\n", "\n", text) if "\r" in text else text


def finish(raw: RawCompletion, parses: bool = True) -> str | Silence:
    """The text to show, or the reason for none; `raw.text` may be complete or cut off anywhere.

    It is inserted at the cursor and replaces nothing. With `parses` False, the rules that parse are left out.
    """
    if not raw.text.strip():
        return Silence(Reason.WHITESPACE_ONLY if raw.text else Reason.EMPTY)
    site = Site.of(raw.snapshot, raw.offset)
    text, parsed = unified(raw.text.rstrip("\r")), ""
    for _ in range(PASSES):
        before = text
        for rule in _rules_for(raw.shape):
            if rule.parses and (text == parsed or not parses):
                continue
            left = rule.apply(Passage(site, text))
            if not left.strip():
                return Silence(rule.reason)
            parsed = left if rule.parses and left == text else parsed
            text = left
        if text == before:
            break
    return text


def beside(raw: RawCompletion) -> str:
    """The rest of a text on the screen after the editor has closed a bracket after the cursor."""
    site = Site.of(raw.snapshot, raw.offset)
    text = rules_right.closes_nothing_twice(Passage(site, raw.text))
    return rules_end.ends_at_the_text_below(Passage(site, text)).rstrip()


def _rules_for(shape: Shape) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.shape in (None, shape))
