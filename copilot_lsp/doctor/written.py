"""Checks of the settings: invalid values, and conflicting places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from copilot_lsp.config import Layer, resolve
from copilot_lsp.config.options import Value, get
from copilot_lsp.doctor.check import Check, State
from copilot_lsp.settings import Settings

OWN = ("user", "environment", "editor")
"""Places that hold the user's own choice for everything; a project's or a command's is meant to differ."""


def of_settings(layers: Sequence[Layer], problems: Sequence[str]) -> list[Check]:
    """`layers`: lowest first, as they are merged. `problems`: what could not be used of them."""
    checks = [Check("settings", problem, State.WARNING, "correct it") for problem in problems]
    checks += _disagreements([layer for layer in layers if layer.kind in OWN])
    return checks or [Check("settings", f"from {_places(layers)}")]


def _disagreements(layers: Sequence[Layer]) -> Iterator[Check]:
    said = sorted(
        (name, index, layer.origin, repr(value))
        for index, layer in enumerate(layers)
        for name, value in _set(layer).items()
    )
    for name, group in groupby(said, key=lambda each: each[0]):
        places = list(group)
        if len({value for *_, value in places}) > 1:
            text = "; ".join(f"{origin} says {value}" for *_, origin, value in places)
            wins = places[-1][2]
            yield Check("settings", f"{name}: {text}; {wins} wins", State.WARNING, f"keep `{name}` in one place only")


def _set(layer: Layer) -> dict[str, Value]:
    """An editor may send every option, whether the user set it or not: a default says nothing (`config.layers`)."""
    default = Settings()
    values = resolve(layer.values).values
    return {name: value for name, value in values.items() if layer.kind != "editor" or value != get(default, name)}


def _places(layers: Sequence[Layer]) -> str:
    return ", ".join(dict.fromkeys(layer.origin for layer in layers if layer.values)) or "the defaults"
