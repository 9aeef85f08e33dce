"""The types of what runs a command in the test's own process: see the fixture `command`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Result:
    """`code`: that of the process; argparse leaves with others, too."""

    code: int | str | None
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: object) -> Result: ...


class Command(Protocol):
    def __call__(self, name: str, rules: list[dict[str, Any]]) -> Run: ...
