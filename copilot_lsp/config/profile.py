"""The profile of this machine, written only by `copilot-lsp tune`: measurements and choices.

    version = 1                  # of the format
    busy = false                 # whether other programs were running meanwhile
    made = 2026-11-25T13:40:00Z
    budget_ms = 400.0            # from a key to the first text
    [machine]                    # where it was measured; elsewhere the profile is stale
    [chosen]                     # model, key_ms, why: `model` is what the server uses
    [better]                     # the same of a model that is not here and would be better; may be absent
    [[models]]                   # every model that was measured or estimated, with the options that suit it

A stale profile is not used, and `doctor`, `tune` and the server's status say why.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cattrs

from copilot_lsp import folders
from copilot_lsp.config.machine import Machine, fingerprint, this_machine

VERSION = 1


@dataclass(frozen=True, slots=True)
class Pick:
    """A model by its name, or its path; the milliseconds from a typical key to the first text; and a sentence."""

    model: str
    key_ms: float
    why: str


@dataclass(frozen=True, slots=True)
class Model:
    """`file` and `fingerprint` are "" for one that is not here. `names`: what the option `model` calls it.

    `ms`: by the number of tokens in a batch (as text), the median time to evaluate it. `options` are those of
    copilot-lsp.toml that suit this model here.
    """

    name: str
    names: tuple[str, ...]
    key_ms: float
    estimated: bool
    file: str = ""
    fingerprint: str = ""
    ms: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    version: int
    made: datetime.datetime
    budget_ms: float
    machine: Machine
    chosen: Pick
    better: Pick | None = None
    models: tuple[Model, ...] = ()
    busy: bool = False

    def of(self, name: str) -> Model | None:
        """What is known about the speed of the model of that name."""
        return next((model for model in self.models if name in model.names), None)


def profile_file() -> Path:
    return folders.config() / "profile.toml"


def read() -> Profile | None:
    """None where there is none. Raises ValueError, with one line, for a file that cannot be understood."""
    path = profile_file()
    try:
        return _converter().structure(tomllib.loads(path.read_text("utf-8")), Profile)
    except FileNotFoundError:
        return None
    except cattrs.BaseValidationError as error:
        reason = cattrs.transform_error(error)[0]
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
    raise ValueError(f"{path} cannot be read and is left out: {reason}; run `copilot-lsp tune` again")


def stale(profile: Profile) -> str:
    """Why the profile must not be used, for the user; "" if it may be."""
    if profile.version != VERSION:
        return "it is of another version of copilot-lsp"
    if difference := this_machine().difference(profile.machine):
        return f"it was measured with another {difference}"
    chosen = profile.of(profile.chosen.model)
    if chosen is None or not is_same(chosen):
        return f"the file of {profile.chosen.model} is not the one that was measured"
    return ""


def is_same(model: Model) -> bool:
    """Whether the model's file is the one that was measured."""
    try:
        return bool(model.file) and fingerprint(Path(model.file)) == model.fingerprint
    except OSError:
        return False


def usable() -> Profile | None:
    """The profile, unless it is stale or there is none. Raises ValueError as `read` does."""
    profile = read()
    return profile if profile is not None and not stale(profile) else None


def summary() -> tuple[str, bool]:
    """One line for `doctor` and the status, and whether all is well: to have no profile is no fault."""
    try:
        profile = read()
    except ValueError as error:
        return str(error), False
    if profile is None:
        return "none: `copilot-lsp tune` measures this machine", True
    if why := stale(profile):
        return f"not used: {why}; run `copilot-lsp tune`", False
    found = f"{profile.chosen.model}, {profile.chosen.key_ms:.0f} ms a key, tuned {profile.made:%Y-%m-%d}"
    if profile.busy:
        return f"{found} while other programs were running: run `copilot-lsp tune` when the machine is idle", False
    return found, True


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(datetime.datetime, lambda value, _: _time(value))
    return converter


def _time(value: object) -> datetime.datetime:
    if not isinstance(value, datetime.datetime):
        raise ValueError("made is no date and time")
    return value
