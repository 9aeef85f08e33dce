"""Chooses a model and its settings from measured speeds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copilot_lsp.engine.local import windows
from copilot_lsp.models import Entry
from copilot_lsp.settings import Settings
from copilot_lsp.tuning.speed import FIRST_TOKENS, Speed

COLD_BUDGETS = 3
"""A place that is new to the engine may take this many budgets to the first text: the text around it is read first."""

READ_SECONDS = 8.0
"""The whole windows are read in the background, when the user pauses: in this time at most."""

WINDOW = (256, 768)
"""Tokens of the prefix: whether more than the default makes completions better was not measured."""

GAIN = 1.05
"""A draft that is not of the default's length must bring this many times as many tokens a millisecond."""

AGREED = 0.7
"""How often one more token of a draft is right; drafts come from text that is repeated."""

DRAFTS = (1, 3, 7, 15)
"""Lengths whose cost was measured: a draft of n is verified in a batch of n + 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`use`: of the models that are here. `better`: those that are not, and would be better within the budget, the best
    first.
    """

    use: Speed
    better: Sequence[Speed]
    in_time: bool


def choose(speeds: Sequence[Speed], entries: Mapping[str, Entry], budget_ms: float) -> Choice:
    """The best that answers in time; where none does, the quickest. At least one of `speeds` was measured.

    Nothing is recommended whose licence forbids commercial use, or that nobody judged.
    """

    def rank(speed: Speed) -> int:
        entry = entries.get(speed.model)
        return entry.rank if entry else 0

    here = [speed for speed in speeds if not speed.estimated]
    quick = [speed for speed in here if speed.key_ms <= budget_ms]
    # Of two files of one model (the pulled one, and one made from it) the quicker.
    use = max(quick, key=lambda speed: (rank(speed), -speed.key_ms)) if quick else min(here, key=lambda s: s.key_ms)
    free = [each for each in speeds if each.estimated and entries[each.model].commercial]
    better = [each for each in free if each.key_ms <= budget_ms and rank(each) > rank(use)]
    return Choice(use, tuple(sorted(better, key=rank, reverse=True)), bool(quick))


def options(speed: Speed, budget_ms: float, cores: int) -> dict[str, object]:
    """Of copilot-lsp.toml, for a model that was measured; what is the default on `cores` anyway is left out."""
    default = Settings()
    prefix, suffix = window(speed.prompt_rate)
    found: dict[str, tuple[object, object]] = {
        "engine.threads": (speed.config.threads, cores),
        "engine.flashAttention": (speed.config.flash_attention, default.engine.flash_attention),
        "engine.cacheType": (speed.config.cache_type, default.engine.cache_type),
        "engine.draftTokens": (draft(speed.ms), default.engine.draft_tokens),
        "context.prefixTokens": (prefix, default.context.prefix_tokens),
        "context.suffixTokens": (suffix, default.context.suffix_tokens),
        "context.coldMs": (cold_ms(speed, budget_ms), default.context.cold_ms),
    }
    return {name: value for name, (value, usual) in found.items() if value != usual}


def window(prompt_rate: float) -> tuple[int, int]:
    """Tokens of the prefix and of the suffix, in the proportion of the defaults."""
    default = Settings().context
    share = default.prefix_tokens / (default.prefix_tokens + default.suffix_tokens)
    least, most = WINDOW
    prefix = int(min(max(least, prompt_rate * READ_SECONDS * share), most)) // 64 * 64
    return prefix, prefix * default.suffix_tokens // default.prefix_tokens


def cold_ms(speed: Speed, budget_ms: float) -> int:
    """To read at a new place: what is left of its budgets when the first text has been written."""
    left = COLD_BUDGETS * budget_ms - FIRST_TOKENS * speed.ms[1]
    return max(round(left / 50) * 50, 50)


def cold_tokens(speed: Speed, budget_ms: float) -> int:
    """The window that is read in that time, of prefix and suffix together; the engine's least where that is more."""
    prefix, suffix = window(speed.prompt_rate)
    tokens = int(cold_ms(speed, budget_ms) * speed.prompt_rate / 1000)
    return min(max(tokens, windows.LEAST.prefix + windows.LEAST.suffix), prefix + suffix)


def draft(ms: Mapping[int, float]) -> int:
    """The length that brings the most tokens a millisecond, of those that were measured."""

    def rate(length: int) -> float:
        tokens = (1 - AGREED ** (length + 1)) / (1 - AGREED)
        return tokens / ms[length + 1]

    usual = Settings().engine.draft_tokens
    lengths = [length for length in DRAFTS if length + 1 in ms]
    best = max(lengths, key=rate, default=usual)
    return best if usual not in lengths or rate(best) > GAIN * rate(usual) else usual
