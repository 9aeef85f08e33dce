"""The size of a prompt in tokens: by the settings and by the available time."""

from __future__ import annotations

from copilot_lsp.engine.fim import Budget
from copilot_lsp.settings import ContextSettings

MARGIN = 64
"""Tokens reserved in the context for control tokens, headers and drafts."""

LEAST = Budget(prefix=160, suffix=48, chunks=0)
"""Minimum window, however slow the machine."""

SMALLEST_PREFIX = 64
"""Of a whole window: less says nothing."""

BATCH_MS = 60.0
"""How long a batch of a prompt may take: what a key stops is evaluated again, and keys come every 120 ms."""

SMALLEST_BATCH = 16
"""Tokens. A batch of 16 costs 1.1 to 1.25 times as much a token as one of 128 (2 cores of a Zen 2, models of 0.1B to
1.5B in four bits)."""

GRAIN = 32
"""Quick windows are multiples of this many tokens: mostly the same on every start, though no two measurements are."""


def whole(settings: ContextSettings, room: int) -> Budget:
    """The budget of the settings, limited to `room` tokens: text of other files gives way first, then both windows.

    A pinned window may use what is left, up to twice the prefix.
    """
    share = min(1.0, room / (settings.prefix_tokens + settings.suffix_tokens))
    prefix = max(SMALLEST_PREFIX, int(settings.prefix_tokens * share))
    suffix = max(0, min(settings.suffix_tokens, room - prefix))
    chunks = max(0, min(settings.chunk_tokens, room - prefix - suffix))
    pinned = max(prefix, min(2 * prefix, room - suffix - chunks))
    return Budget(prefix, suffix, chunks, pinned)


def wanted(settings: ContextSettings, max_tokens: int) -> int:
    """Tokens of context for one sequence; a pinned window may grow by half."""
    prefix = settings.prefix_tokens + settings.prefix_tokens // 2
    return prefix + settings.suffix_tokens + settings.chunk_tokens + max_tokens + MARGIN


def quick(budget: Budget, prefill_ms: float, cold_ms: float) -> Budget:
    """The part of `budget` that is read in `cold_ms`, at `prefill_ms` a token; a fifth of it is the suffix.

    Text of other files stands first in the prompt and keeps its budget: whoever sends it knows that it has been read
    already, and without it the prompt would have nothing in common with what the KV cache holds.
    """
    tokens = int(cold_ms / prefill_ms) if prefill_ms > 0 else budget.prefix + budget.suffix
    suffix = _between(LEAST.suffix, tokens // 5, budget.suffix)
    return Budget(_between(LEAST.prefix, tokens - suffix, budget.prefix), suffix, budget.chunks, budget.pinned)


def batch(prefill_ms: float, longest: int) -> int:
    """Tokens of a prompt to evaluate at a time, at `prefill_ms` a token."""
    if prefill_ms <= 0:
        return longest
    tokens = int(BATCH_MS / prefill_ms) // SMALLEST_BATCH * SMALLEST_BATCH
    return max(1, min(longest, max(SMALLEST_BATCH, tokens)))


def _between(low: int, tokens: int, high: int) -> int:
    return min(max(low, tokens // GRAIN * GRAIN), high)
