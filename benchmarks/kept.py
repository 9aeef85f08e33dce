"""Rows of a long run in a file of JSON lines: what was done before a run was stopped counts, and is not done again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Row = TypeVar("Row", bound=DataclassInstance)


def keep(file: Path | None, row: DataclassInstance) -> None:
    if file:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(asdict(row)) + "\n")


def read(file: Path | None, row: type[Row]) -> list[Row]:
    if file is None or not file.exists():
        return []
    return [row(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
