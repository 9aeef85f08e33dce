"""One finding of the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """WARNING: it works, but not as well as it could."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """`remedy`: what the user has to do, "" when nothing."""

    name: str
    value: str
    state: State = State.OK
    remedy: str = ""


def needs_user(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.remedy or check.state is State.FAILED]
