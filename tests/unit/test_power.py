"""Whether the machine runs on its battery, as psutil says it."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from copilot_lsp.server import power


@pytest.mark.parametrize(
    ("sensor", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=None), False),
        (SimpleNamespace(power_plugged=False), True),
    ],
)
def test_what_the_sensor_says(monkeypatch: pytest.MonkeyPatch, sensor: object, expected: bool) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: sensor, raising=False)
    assert power.battery()() is expected


def test_a_system_without_the_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert power.battery()() is False


def test_it_is_asked_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(psutil, "sensors_battery", lambda: asked.append(1), raising=False)
    clock = iter([0.0, 0.0, 5.0, 9.9, 10.1, 10.1])
    runs_on_it = power.battery(lambda: next(clock))
    assert not any(runs_on_it() for _ in range(4))
    assert len(asked) == 2
