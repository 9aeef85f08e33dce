"""When infilling ends: rules over the probabilities of the next token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.engine.fim import Template

TOP_K, TOP_P = 40, 0.9
"""What the infill rule looks at, as in llama-server's sampler chain for /infill (top_k, top_p, infill)."""

Chances = NDArray[np.floating[Any]]
"""Probabilities of tokens: of the whole vocabulary, or of the likeliest."""

Tokens = NDArray[np.int64]
"""Indexes into them."""

Rule = Callable[[Chances, Tokens], bool]
"""Whether to end here; the second argument are the tokens that end."""


def rule_of(template: Template) -> Rule | None:
    """None for a model that does not see the suffix: it ends where it wants to."""
    if not template.fills:
        return None
    return infill_rule_ends if template.unsure_ends else more_likely_ends


def nucleus(chances: Chances, top_k: int, top_p: float) -> tuple[Tokens, NDArray[np.float64]]:
    """The most probable tokens, at most `top_k` and until `top_p` of their sum is reached, with probabilities."""
    count = min(top_k or len(chances), len(chances))
    top = np.argpartition(chances, -count)[-count:]
    top = top[np.argsort(-chances[top], kind="stable")]
    kept = chances[top].astype(np.float64)
    kept /= kept.sum()
    keep = int(np.searchsorted(np.cumsum(kept), top_p)) + 1
    return top[:keep], kept[:keep] / kept[:keep].sum()


def infill_rule_ends(chances: Chances, ends: Tokens) -> bool:
    """The infill rule of llama.cpp (`llama_sampler_infill_apply`): end when 3 * p_end * n > p_text.

    A model that is unsure how to go on, and thinks of ending at all, has filled the gap. The nucleus has n <= TOP_K
    tokens and at least TOP_P of the likeliest one's probability, which settles most rows without sorting any.
    """
    p_end = float(chances[ends].sum()) / (TOP_P * float(chances.max()))
    if 3 * p_end * TOP_K <= 1 - p_end:
        return False
    tokens, kept = nucleus(chances, TOP_K, TOP_P)
    p_end = float(kept[np.isin(tokens, ends)].sum())
    return 3 * p_end * len(tokens) > 1 - p_end


def more_likely_ends(chances: Chances, ends: Tokens) -> bool:
    """End when that is likelier than all ways to go on together.

    For models that are unsure everywhere: under the infill rule, one chance in a hundred would end them.
    """
    return bool(2 * chances[ends].sum() > 1)
