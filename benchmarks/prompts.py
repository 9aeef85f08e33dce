"""The variants of a prompt that `orders.py` compares, and what a key costs with each. No model is needed here.

Where the hole begins at the cursor, nothing is healed: the text before the cursor is not part of the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from copilot_lsp.completion.context import anchor_in
from copilot_lsp.engine import fim
from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.ends import Rule, infill_rule_ends, more_likely_ends
from copilot_lsp.engine.families import LAYOUTS, Vocabulary
from copilot_lsp.engine.fim import Budget, Template
from copilot_lsp.engine.local import kv, windows
from copilot_lsp.errors import UsageError

PREFIX, SUFFIX = windows.LEAST.prefix, windows.LEAST.suffix
"""Tokens. What is compared needs many places, and long prompts cost time."""

LONGEST_SUFFIX = 512
"""Tokens, where the suffix is counted in lines."""

SUFFIX_LINES = (0, 4, 12, 20, 60)

TYPED = 8
"""Keys that are counted at a place."""

Anchor = Literal["cursor", "1 line", "4 lines", "definition"]
Ending = Literal["infill", "likelier", "greedy"]

RULES: dict[Ending, Rule | None] = {"infill": infill_rule_ends, "likelier": more_likely_ends, "greedy": None}
"""When a text ends: by the infill rule, when an end is likelier than all else, or when it is the likeliest token."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`layout`: a name of LAYOUTS. `anchor`: where the hole begins. `lines` of suffix; None: SUFFIX tokens."""

    layout: str
    anchor: Anchor
    ending: Ending
    lines: int | None = None

    @property
    def order(self) -> str:
        return self.layout if LAYOUTS[self.layout][-2:] == ("far", "near") else f"{self.layout}, {self.anchor}"

    @property
    def name(self) -> str:
        suffix = f"{SUFFIX} tokens" if self.lines is None else f"{self.lines} lines"
        return f"{self.order}; {suffix}; {self.ending}"


def shipped(template: Template) -> Variant:
    """Raises UsageError for a model with a layout that none of the others could replace."""
    layout = next((name for name, parts in LAYOUTS.items() if parts == template.layout), None)
    if layout is None or not template.fills:
        raise UsageError(f"the prompts of {template.name} have no other order")
    return Variant(layout, "definition", "infill" if template.unsure_ends else "likelier")


def variants(base: Variant) -> list[Variant]:
    """`base` and what it is compared with. Neighbours begin alike as far as possible: the KV cache keeps that."""
    anchors: Sequence[Anchor] = ("cursor", "1 line", "4 lines", "definition")
    anchored = base.layout if base.order != base.layout else "psm"
    found = [replace(base, layout=anchored, anchor=anchor) for anchor in anchors]
    found += [replace(base, ending=ending) for ending in RULES]
    found += [replace(base, lines=lines) for lines in SUFFIX_LINES]
    found += [replace(base, layout=layout) for layout in ("spm-joined", "left-to-right")]
    return list(dict.fromkeys([*found, replace(base, layout="psm", anchor="cursor")]))


def template_of(template: Template, variant: Variant) -> Template:
    """Control tokens stay those of the model; its other layouts use the same ones."""
    return replace(template, layout=LAYOUTS[variant.layout])


def rule_of(template: Template, variant: Variant) -> Rule | None:
    return RULES[variant.ending] if template.fills else None


def budget_of(variant: Variant) -> Budget:
    return Budget(PREFIX, SUFFIX if variant.lines is None else LONGEST_SUFFIX, 0, 2 * PREFIX)


def request_of(request: InfillRequest, variant: Variant) -> InfillRequest:
    anchor = ANCHORS[variant.anchor](request.prefix)
    return replace(request, anchor=anchor, suffix=first_lines(request.suffix, variant.lines))


def first_lines(suffix: str, lines: int | None) -> str:
    """What is left of the cursor's line and so many lines below it; of 0 lines, nothing at all."""
    if lines is None:
        return suffix
    return "".join(re.findall(r"[^\n]*\n?", suffix)[: lines + 1]) if lines else ""


def lines_above(count: int) -> Callable[[str], int]:
    """An anchor at the start of the line so many lines above the cursor's, as an index into the prefix."""

    def anchor(prefix: str) -> int:
        lines = prefix.split("\n")
        return sum(len(line) + 1 for line in lines[: max(0, len(lines) - 1 - count)])

    return anchor


ANCHORS: dict[Anchor, Callable[[str], int | None]] = {
    "cursor": lambda prefix: None,
    "1 line": lines_above(1),
    "4 lines": lines_above(4),
    "definition": anchor_in,
}


def costs(vocabulary: Vocabulary, template: Template, request: InfillRequest, budget: Budget, typed: str) -> list[int]:
    """Tokens of a whole prompt, then those that each character of `typed` adds to what the KV cache holds."""
    held = fim.build(vocabulary, template, request, budget)
    cuts = request.cuts[max(0, held.cut) :]
    found, tokens = [len(held.tokens)], held.tokens
    for end in range(1, len(typed) + 1):
        later = replace(request, prefix=request.prefix + typed[:end], cuts=cuts, pinned=held.cut >= 0)
        before, tokens = tokens, fim.build(vocabulary, template, later, budget).tokens
        # The last token is evaluated in any case: its logits are needed.
        found.append(max(1, len(tokens) - kv.common(before, tokens)))
    return found


def agrees(text: str, prefix: str, truth: str) -> bool | None:
    """Whether the first line of `text` is `truth`; None while it may still become so.

    On an empty line, line ends and indentation that come first do not count: shaping takes them off.
    """
    given = text if prefix.rpartition("\n")[2].strip() else text.lstrip()
    line, ended, _ = given.partition("\n")
    line, wanted = line.rstrip(), truth.rstrip()
    if ended or not wanted.startswith(line):
        return line == wanted
    return None
