"""What happens after a death."""

from __future__ import annotations

import signal

import pytest

from copilot_lsp.engine.local.restarts import MAX_DEATHS, Again, Death, GiveUp, decide


def death(code: int = -signal.SIGKILL, at: float = 0.0, ready: bool = True, safe: bool = False) -> Death:
    return Death(at, code, ready, safe)


def test_a_killed_engine_comes_back_soon_and_as_it_was() -> None:
    step = decide([death()], 0.0, "auto")
    assert isinstance(step, Again)
    assert not step.safe
    assert step.delay < 0.5
    assert "SIGKILL" in step.message


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL", "SIGBUS", "SIGABRT"])
def test_a_crash_in_the_self_test_turns_safe_mode_on(name: str) -> None:
    step = decide([death(-signal.Signals[name], ready=False)], 0.0, "auto")
    assert isinstance(step, Again)
    assert step.safe


def test_windows_crashes_count_too() -> None:
    access_violation = death(-0x3FFFFFFB, ready=False)
    assert Death(0, 0xC0000005, False, False).crashed
    assert not access_violation.crashed or access_violation.cause


def test_the_second_later_crash_turns_safe_mode_on() -> None:
    once = decide([death(-signal.SIGSEGV)], 0.0, "auto")
    twice = decide([death(-signal.SIGSEGV), death(-signal.SIGSEGV, at=1.0)], 1.0, "auto")
    assert isinstance(once, Again)
    assert isinstance(twice, Again)
    assert (once.safe, twice.safe) == (False, True)


def test_safe_mode_can_be_forbidden() -> None:
    step = decide([death(-signal.SIGSEGV, ready=False)], 0.0, "off")
    assert isinstance(step, Again)
    assert not step.safe


def test_safe_mode_stays_on() -> None:
    step = decide([death(safe=True)], 0.0, "auto")
    assert isinstance(step, Again)
    assert step.safe


def test_it_is_given_up_when_it_dies_too_often() -> None:
    deaths = [death(at=float(second)) for second in range(MAX_DEATHS + 1)]
    assert isinstance(decide(deaths[:-1], 10.0, "auto"), Again)
    step = decide(deaths, 10.0, "auto")
    assert isinstance(step, GiveUp)
    assert "doctor" in step.message


def test_deaths_of_long_ago_are_forgotten() -> None:
    deaths = [death(at=float(second)) for second in range(MAX_DEATHS)]
    step = decide([*deaths, death(at=1000.0)], 1000.0, "auto")
    assert isinstance(step, Again)
    assert step.delay == pytest.approx(0.1)


def test_a_crash_in_safe_mode_is_the_end() -> None:
    assert isinstance(decide([death(-signal.SIGSEGV, ready=False, safe=True)], 0.0, "auto"), GiveUp)
