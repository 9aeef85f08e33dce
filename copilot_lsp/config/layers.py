"""Merges options from several places, with the origin of each value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from copilot_lsp.config.options import Value, apply, get, resolve
from copilot_lsp.config.table import OPTIONS, SECTION
from copilot_lsp.settings import Settings

Kind = Literal["profile", "user", "project", "environment", "editor", "flags"]

ADDED = ("exclude", "disabledLanguages")
"""Options to which a project can only add."""

PROJECT_SECTIONS = ("completion.", "context.")
PROJECT_NAMES = ("enabled", "model", "maxParseBytes", *ADDED)
"""What a project may set at all. `include` would bring secrets back, `engine.*` costs the machine, and whatever is
added later has to be put here on purpose."""


OWN = {option.name for option in OPTIONS if option.own}
"""Options that an editor cannot set either, because it passes on a folder's own settings."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`values`: option names (nested or dotted) and what was written for them. `origin` is for the user.

    `models`: the layer counts only where the model that all layers together name is one of these; () always.
    """

    kind: Kind
    origin: str
    values: object
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effective:
    """`origins`: where each option that is not a default came from. `problems`: a line for each value not used."""

    settings: Settings
    origins: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def merge(layers: Iterable[Layer], base: Settings | None = None) -> Effective:
    """`layers` over `base`, the later ones win; a project's within its bounds."""
    layers = list(layers)
    always = [layer for layer in layers if not layer.models]
    if len(always) == len(layers):
        return _merged(layers, base)
    model = _merged(always, base).settings.model
    return _merged([layer for layer in layers if not layer.models or model in layer.models], base)


def _merged(layers: Iterable[Layer], base: Settings | None) -> Effective:
    settings = base or Settings()
    origins: dict[str, str] = {}
    problems: list[str] = []
    unknown: list[str] = []
    for layer in layers:
        resolved = resolve(layer.values, settings, _prefix(layer))
        values, refused = _kept(layer, resolved.values, settings, origins)
        settings = apply(settings, values)
        origins |= dict.fromkeys(values, layer.origin)
        problems += [*resolved.problems, *refused]
        if layer.kind in ("editor", "profile"):  # theirs may be of another version than ours: no reason to complain
            unknown += resolved.unknown
        else:
            problems += [f"{name} is not an option{hint(name)}" for name in resolved.unknown]
    return Effective(settings, origins, tuple(problems), tuple(unknown))


def hint(name: str) -> str:
    """A suggestion for an unknown name."""
    bare = re.sub(r"[-_](\w)", lambda letter: letter[1].upper(), name.rpartition(" ")[2].removeprefix(f"{SECTION}."))
    near = difflib.get_close_matches(bare, [option.name for option in OPTIONS], 1)
    return f": did you mean {near[0]}?" if near else ""


def _prefix(layer: Layer) -> str:
    return f"{SECTION}." if layer.kind == "editor" else f"{layer.origin}: "


Kept = tuple[dict[str, Value], list[str]]


def _kept(layer: Layer, values: Mapping[str, Value], below: Settings, origins: Mapping[str, str]) -> Kept:
    if layer.kind == "project":
        return _within_bounds(layer, values, below)
    if layer.kind != "editor":
        return dict(values), []
    return _of_editor(layer, values, origins)


def _of_editor(layer: Layer, values: Mapping[str, Value], origins: Mapping[str, str]) -> Kept:
    # VS Code sends every option, whether the user set it or not: one that says what is the default anyway leaves
    # what a profile or a file says.
    default = Settings()
    chosen = {
        name: value
        for name, value in values.items()
        if value != get(default, name) or origins.get(name, layer.origin) == layer.origin
    }
    refused = [name for name in chosen if name in OWN]
    where = "it counts only in your own copilot-lsp.toml (`copilot-lsp config path`)"
    problems = [f"{SECTION}.{name} is not used: {where}" for name in refused if chosen[name] != get(default, name)]
    return {name: value for name, value in chosen.items() if name not in refused}, problems


def _within_bounds(layer: Layer, values: Mapping[str, Value], below: Settings) -> Kept:
    kept: dict[str, Value] = {}
    problems: list[str] = []
    for name, value in values.items():
        refusal = _refusal(name, value, below)
        if refusal:
            problems.append(f"{layer.origin}: {name} is not used: {refusal}")
        elif name == "enabled":
            kept[name] = below.enabled and bool(value)
        elif name in ADDED:
            kept[name] = _added(get(below, name), value)
        else:
            kept[name] = value
    return kept, problems


def _added(first: Value, second: Value) -> Value:
    if isinstance(first, frozenset):
        return first | frozenset(cast("frozenset[str]", second))
    return (*cast("tuple[str, ...]", first), *cast("tuple[str, ...]", second))


def _refusal(name: str, value: Value, below: Settings) -> str:
    """Why a project may not set this, "" when it may."""
    if name not in PROJECT_NAMES and not name.startswith(PROJECT_SECTIONS):
        return "a project cannot set it; set it in your own copilot-lsp.toml or in the editor"
    if name == "model" and _is_path(str(value)) and not _is_allowed(str(value), below.model_folders):
        return f"a project can choose a model by name, or a file in your modelFolders, not {value}"
    return ""


def _is_path(model: str) -> bool:
    return model.endswith(".gguf") or "/" in model or "\\" in model


def _is_allowed(model: str, folders: Iterable[str]) -> bool:
    """Symbolic links are followed: the location of the target counts."""
    try:
        path = Path(model).expanduser().resolve()
        return any(path.is_relative_to(Path(folder).expanduser().resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError):
        return False
