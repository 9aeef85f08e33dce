"""From options in JSON (all optional, camelCase) to `Settings` (resolved, frozen).

Documentation and VS Code's settings are checked against `describe()`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from copilot_lsp.config.table import OPTIONS, RETIRED, SECTION, Option
from copilot_lsp.settings import Settings

Value = bool | int | float | str | tuple[str, ...] | frozenset[str]


@dataclass(frozen=True, slots=True)
class Resolved:
    """`problems`: a line for each option that was refused. `unknown`: names that are no options. `values`: the rest."""

    settings: Settings
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)


def resolve(sent: object, base: Settings | None = None, where: str = f"{SECTION}.") -> Resolved:
    """`base` (the defaults) with what was `sent`; a value that is not allowed leaves that of `base`.

    In a list, it leaves the others.

    `where` is put before a name in what is said of it.

    Nested objects and dotted names mean the same; null means not set. An empty list stands for an empty object:
    Lua knows no difference.
    """
    base = base or Settings()
    sent = None if sent == [] else sent
    if sent is not None and not isinstance(sent, Mapping):
        return Resolved(base, (f"{where.rstrip('. :')} must be an object with options, not {_shown(sent)}",))
    options = {option.name: option for option in OPTIONS}
    values: dict[str, Value] = {}
    problems: list[str] = []
    unknown: list[str] = []
    for name, value in _flat(sent or {}):
        if name in _sections() and value != []:
            problems.append(f"{where}{name} must be an object with options, not {_shown(value)}")
        elif name in _sections():
            continue
        elif name in RETIRED:
            problems.append(f"{where}{name} is gone: {RETIRED[name]}")
        elif (option := options.get(name)) is None:
            unknown.append(f"{where}{name}")
        elif (read := _read(option, value)) is None:
            kept = _readable(option, value)
            problems.append(_problem(option, value, get(base, name) if kept is None else kept, where))
            if kept is not None:
                values[name] = kept
        else:
            values[name] = read
    return Resolved(apply(base, values), tuple(problems), tuple(unknown), values)


def describe() -> dict[str, dict[str, object]]:
    """Every option with its type, default, range and description, as a JSON schema writes them."""
    return {
        f"{SECTION}.{option.name}": {
            **_schema(option),
            "default": _plain(get(Settings(), option.name)),
            "description": option.description,
        }
        for option in OPTIONS
    }


def plain(settings: Settings) -> dict[str, object]:
    """The value of every option, as JSON has it."""
    return {option.name: _plain(get(settings, option.name)) for option in OPTIONS}


def _flat(sent: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in sent.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif value is not None:
            yield name, value


def _sections() -> set[str]:
    return {option.name.rpartition(".")[0] for option in OPTIONS} - {""}


def _read(option: Option, value: object) -> Value | None:
    """The value with the type that settings.py gives it; None when it is not allowed."""
    kind = _type(option.name)
    origin = get_origin(kind)
    if origin is Literal:
        return value if isinstance(value, str) and value in get_args(kind) else None
    if origin in (tuple, frozenset):
        each_is_valid = isinstance(value, list | tuple) and all(_is_string(option, each) for each in value)
        return kind(value) if each_is_valid else None
    if kind in (int, float):
        return _number(kind, option, value)
    valid = _is_string(option, value) if kind is str else isinstance(value, bool)
    return cast(bool | str, value) if valid else None


def _readable(option: Option, value: object) -> Value | None:
    """The valid items of a list: one invalid pattern must not disable the others."""
    if not isinstance(value, list | tuple):
        return None
    readable = [each for each in value if _is_string(option, each)]
    return _read(option, readable) if readable else None


def _is_string(option: Option, value: object) -> bool:
    return isinstance(value, str) and option.check(value)


def _number(kind: type[int | float], option: Option, value: object) -> int | float | None:
    """Some clients write whole numbers as floating-point ones: 5.0 is 5."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if option.least is None or option.most is None or not option.least <= value <= option.most:
        return None
    return kind(value) if kind(value) == value else None


def schema_of(name: str) -> dict[str, object]:
    return _schema(next(option for option in OPTIONS if option.name == name))


def _type(name: str) -> Any:  # noqa: ANN401 -- an annotation
    section, _, key = snake(name).rpartition(".")
    owner = get_type_hints(Settings)[section] if section else Settings
    return get_type_hints(owner)[key]


def get(settings: Settings, name: str) -> Value:
    section, _, key = snake(name).rpartition(".")
    owner = getattr(settings, section) if section else settings
    value: Value = getattr(owner, key)
    return value


def apply(settings: Settings, values: Mapping[str, Value]) -> Settings:
    fields: dict[str, dict[str, Any]] = {"": {}}
    for name, value in values.items():
        section, _, key = snake(name).rpartition(".")
        fields.setdefault(section, {})[key] = value
    top = fields.pop("")
    sections = {name: replace(getattr(settings, name), **changes) for name, changes in fields.items()}
    return replace(settings, **top, **sections)


def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def _schema(option: Option) -> dict[str, object]:
    kind = _type(option.name)
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    if get_origin(kind) in (tuple, frozenset):
        return {"type": "array", "items": {"type": "string"}}
    if kind in (int, float):
        name = "integer" if kind is int else "number"
        return {"type": name, "minimum": option.least, "maximum": option.most}
    return {"type": "boolean" if kind is bool else "string"}


def _plain(value: Value) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _problem(option: Option, value: object, kept: Value, where: str) -> str:
    allowed = option.words or _allowed(_schema(option))
    used = json.dumps(_plain(kept))
    return f"{where}{option.name} must be {allowed}, not {_shown(value)}; {used} is used"


def _allowed(schema: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(each) for each in schema["enum"])
    words = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": "a string that is not empty",
        "array": "a list of strings",
    }
    bounds = f" from {schema['minimum']} to {schema['maximum']}" if "minimum" in schema else ""
    return words[schema["type"]] + bounds


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."
