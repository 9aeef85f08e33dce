"""From speeds to a model and its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_lsp.models import Entry
from copilot_lsp.tuning.choose import choose, cold_ms, cold_tokens, draft, options, window
from copilot_lsp.tuning.speed import BATCHES, FIRST_TOKENS, NEW_TOKENS, Config, Speed


def speed(model: str, token: float, prompt: float, here: bool = True) -> Speed:
    ms = {batch: token + prompt * (batch - 1) for batch in BATCHES}
    return Speed(model, Path(f"{model}.gguf") if here else None, Config(2), ms, 3)


def entry(name: str, rank: int, commercial: bool = True) -> Entry:
    return Entry(name, name, "MIT", (), rank=rank, commercial=commercial)


ENTRIES = {each.name: each for each in (entry("small", 1), entry("good", 2), entry("great", 3), entry("own", 9, False))}


def test_a_key_is_a_piece_of_the_prompt_and_the_first_tokens() -> None:
    found = speed("small", 10, 2)
    assert found.key_ms == (10 + 2 * (NEW_TOKENS - 1)) + FIRST_TOKENS * 10


@pytest.mark.parametrize(
    ("budget", "chosen", "in_time"), [(400, "good", True), (150, "small", True), (50, "small", False)]
)
def test_the_best_in_time_or_else_the_quickest(budget: float, chosen: str, in_time: bool) -> None:
    found = choose([speed("small", 10, 2), speed("good", 30, 6)], ENTRIES, budget)
    assert (found.use.model, found.in_time, found.better) == (chosen, in_time, ())


def test_a_copy_of_a_model_is_taken_where_it_is_quicker() -> None:
    entries = {**ENTRIES, "good-4bit": entry("good-4bit", 2)}
    found = choose([speed("good", 30, 6), speed("good-4bit", 20, 4)], entries, 400)
    assert found.use.model == "good-4bit"


def test_a_model_that_is_not_here_is_recommended_not_chosen() -> None:
    absent = [speed("good", 30, 6, here=False), speed("great", 30, 6, here=False)]
    found = choose([speed("small", 10, 2), *absent], ENTRIES, 400)
    assert found.use.model == "small"
    assert [each.model for each in found.better] == ["great", "good"]


@pytest.mark.parametrize("other", [speed("great", 90, 6, here=False), speed("own", 9, 1, here=False)])
def test_nothing_is_recommended_that_is_too_slow_or_not_free(other: Speed) -> None:
    assert choose([speed("small", 10, 2), other], ENTRIES, 400).better == ()


def test_a_file_that_nobody_judged_is_measured_and_comes_last() -> None:
    assert choose([speed("/x.gguf", 1, 1), speed("small", 10, 2)], ENTRIES, 400).use.model == "small"


def test_what_is_the_default_is_left_out() -> None:
    found = options(speed("small", 10, 0.3), 400, cores=2)
    assert "engine.threads" not in found
    assert "context.prefixTokens" not in found
    assert options(speed("small", 10, 0.3), 400, cores=4)["engine.threads"] == 2


def test_slow_machines_read_smaller_windows() -> None:
    assert window(1000) == (768, 192)
    assert window(50) == (320, 80)
    assert window(1) == (256, 64)


def test_the_time_for_a_new_place_is_what_its_budgets_leave() -> None:
    found = speed("small", 10, 1)
    assert cold_ms(found, 400) == 1150
    assert cold_ms(found, 100) == 250
    assert 208 <= cold_tokens(found, 100) < cold_tokens(found, 400) <= 960


@pytest.mark.parametrize(
    ("cost", "length"),
    [({1: 10, 2: 10, 4: 10, 8: 10, 16: 10}, 15), ({1: 10, 2: 20, 4: 40, 8: 80, 16: 160}, 1), ({1: 10, 4: 30}, 3)],
)
def test_drafts_are_as_long_as_they_pay(cost: dict[int, float], length: int) -> None:
    assert draft(cost) == length


def test_a_draft_of_another_length_must_clearly_pay() -> None:
    assert draft({2: 10, 4: 14, 8: 17, 16: 21}) == 7
