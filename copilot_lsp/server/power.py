"""Whether this machine runs on battery, checked at most every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

ASK_SECONDS = 10.0


def battery(now: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """A function that says it. False where there is no battery, or where the system does not tell."""
    asked, found = -ASK_SECONDS, False

    def runs_on_it() -> bool:
        nonlocal asked, found
        if now() - asked >= ASK_SECONDS:
            asked, found = now(), _unplugged()
        return found

    return runs_on_it


def _unplugged() -> bool:
    import psutil  # only for those who have the option

    sensor = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return sensor is not None and sensor.power_plugged is False
