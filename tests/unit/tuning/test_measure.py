"""What is measured of one model, in which order, and what it takes to leave a default."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import Benches, Ms, steady

from copilot_lsp.errors import EngineFailed
from copilot_lsp.tuning.measure import LEAST, MOST, Task, compared, measured
from copilot_lsp.tuning.speed import BATCHES, Config, Speed


def measure(benches: Benches, ms: Ms, threads: tuple[int, ...] = (2,), seconds: float = 20.0) -> Speed:
    bench = benches.add("x", ms)
    return measured(bench, Task("x", Path("x.gguf"), threads, seconds, 400.0), benches.tools)


@pytest.fixture
def benches() -> Benches:
    return Benches()


def test_all_batches_are_measured_several_times(benches: Benches) -> None:
    found = measure(benches, steady(10, 1))
    assert tuple(found.ms) == BATCHES
    assert LEAST <= found.rounds <= MOST
    assert found.ms[256] == 10 + 255
    assert found.config == Config(2)
    assert found.noise == 1.0


def test_times_are_medians(benches: Benches) -> None:
    times = iter([5.0, 100.0, 6.0, *[6.0] * 100])
    bench = benches.add("x", lambda _config, batch: next(times) if batch == 1 else 1.0)
    task = Task("x", Path("x.gguf"), (2,), 0.0, 400.0)
    (found,) = compared([(bench, Config(2))], (1, 16), 0, task, benches.tools, (0.0, 1.0))
    assert found[1] == [5.0, 100.0, 6.0]


def test_rivals_are_measured_by_turns(benches: Benches) -> None:
    bench = benches.add("x", steady(10, 1))
    task = Task("x", Path("x.gguf"), (2,), 0.0, 400.0)
    compared([(bench, Config(2)), (bench, Config(4))], (1,), 128, task, benches.tools, (0.0, 1.0))
    assert [config.threads for config, _, _ in bench.asked] == [2, 4] * LEAST


def test_fewer_threads_are_taken_where_they_are_quicker(benches: Benches) -> None:
    found = measure(benches, lambda config, batch: 10.0 + batch * (2 if config.threads == 8 else 1), (8, 6, 4))
    assert found.config.threads in (6, 4)
    assert found.compared is not None
    assert Config(8) in found.compared


@pytest.mark.parametrize(("share", "flash"), [(0.97, False), (0.8, True)])
def test_flash_attention_must_be_clearly_quicker(benches: Benches, share: float, flash: bool) -> None:
    found = measure(benches, lambda config, _: 10.0 * (share if config.flash_attention else 1))
    assert found.config.flash_attention is flash
    assert found.config.cache_type == "f16"


def test_one_lucky_repetition_is_no_reason(benches: Benches) -> None:
    """A median that is less because other work made half of the repetitions slow."""
    state = {"calls": 0}

    def ms(config: Config, batch: int) -> float:
        state["calls"] += 1
        return 10.0 * (
            0.5 if config.flash_attention and state["calls"] % 4 < 2 else 1.1 if config.flash_attention else 1
        )

    bench = benches.add("x", ms)
    found = measured(bench, Task("x", Path("x.gguf"), (2,), 0.0, 400.0), benches.tools)
    assert not found.config.flash_attention


def test_a_way_that_a_model_cannot_go_is_left_out(benches: Benches) -> None:
    """Rows of the cache that are no multiple of a q8_0 block."""

    def ms(config: Config, _batch: int) -> float:
        if config.cache_type == "q8_0":
            raise EngineFailed("x: llama.cpp cannot make a context")
        return 10.0

    assert set(measure(benches, ms).compared or ()) == {Config(2), Config(2, True)}


def test_a_model_that_is_far_too_slow_costs_no_more_time(benches: Benches) -> None:
    found = measure(benches, steady(500, 50), (4, 2))
    assert max(found.ms) < 256
    assert {config for config, _, _ in benches.made["x"].asked} == {Config(4)}
    assert found.rounds == 1
    assert found.key_ms == pytest.approx(500 + 3 * 50 + 4 * 500)
    assert found.prompt_rate == pytest.approx(64 / (500 + 63 * 50) * 1000)


def test_the_time_is_kept(benches: Benches) -> None:
    measure(benches, steady(20, 1), (8, 6, 4), 60.0)
    assert benches.clock.now < 60 * 1.2
    shares = [share for _, share in benches.told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_fast_models_are_timed_behind_a_longer_prompt(benches: Benches) -> None:
    measure(benches, steady(10, 0.1))
    assert max(filled for _, _, filled in benches.made["x"].asked) == 768
