"""Reads options from this machine: two files, the profile, environment variables."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from copilot_lsp import atomic, folders
from copilot_lsp.config import profile
from copilot_lsp.config.layers import Effective, Layer, hint, merge
from copilot_lsp.config.options import schema_of, snake
from copilot_lsp.config.table import OPTIONS
from copilot_lsp.errors import UsageError

PROJECT_FILE = "copilot-lsp.toml"
PREFIX = "COPILOT_LSP_"
ORIGIN = "the profile"


def user_file() -> Path:
    return folders.config() / PROJECT_FILE


def load(projects: Iterable[Path] = (), flags: Mapping[str, object] | None = None) -> Effective:
    """The options in effect without an editor. Unreadable files are problems, not errors."""
    layers, problems = layers_of(projects)
    found = merge([*layers, Layer("flags", "the command line", flags or {})])
    return Effective(found.settings, found.origins, (*problems, *found.problems), found.unknown)


def layers_of(projects: Iterable[Path]) -> tuple[list[Layer], list[str]]:
    """The layers below the editor's options, lowest first, and one line for each unreadable file."""
    layers: list[Layer] = []
    problems: list[str] = []
    for layer in (_profile, _user, *(_project(folder) for folder in projects), _environment):
        try:
            layers += layer()
        except (OSError, ValueError) as error:
            problems.append(str(error))
    return layers, problems


def project_of(path: Path) -> Iterator[Path]:
    """The nearest folder above `path` with an options file, not above a repository or the home folder."""
    ends = {Path.home()}
    for folder in [path.absolute(), *path.absolute().parents]:
        if (folder / PROJECT_FILE).is_file():
            yield folder
            return
        if folder in ends or (folder / ".git").exists():
            return


def set_user(name: str, value: object) -> Path:
    """Writes one option into the user's file and keeps what else is in it. Raises UsageError when that is broken."""
    import tomlkit
    from tomlkit.exceptions import ParseError

    path = user_file()
    try:
        document: Any = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        *sections, key = name.split(".")
        table = document
        for section in sections:
            table = table.setdefault(section, tomlkit.table())
        table[key] = value
        atomic.write(path, tomlkit.dumps(document).encode())
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise UsageError(f"{path} cannot be changed: {error}; mend it first") from None
    return path


def allow(host: str, allowed: Iterable[str]) -> Path:
    """Adds `host` to those in `allowed` that may receive text, in the user's file. Raises UsageError as `set_user`."""
    return set_user("remote.allowed", list(dict.fromkeys([*allowed, host])))


def read(path: Path) -> dict[str, Any]:
    """{} where there is no file. Raises ValueError with one line."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read and is left out: {str(error).partition(chr(10))[0]}") from None


def _profile() -> list[Layer]:
    """The model that was chosen; and for each model what suits it, whatever chose it."""
    found = profile.usable()
    if found is None:
        return []
    suited = [each for each in found.models if each.options and profile.is_same(each)]
    layers = [Layer("profile", ORIGIN, each.options, each.names) for each in suited]
    return [Layer("profile", ORIGIN, {"model": found.chosen.model}), *layers]


def _user() -> list[Layer]:
    return _file("user", user_file())


def _project(folder: Path) -> Any:  # noqa: ANN401
    return lambda: _file("project", folder / PROJECT_FILE)


def _file(kind: Any, path: Path) -> list[Layer]:  # noqa: ANN401
    values = read(path)
    return [Layer(kind, str(path), values)] if values else []


def _environment() -> list[Layer]:
    names = {PREFIX + snake(option.name).replace(".", "_").upper(): option.name for option in OPTIONS}
    values = {names[name]: _parsed(names[name], text) for name, text in os.environ.items() if name in names}
    return [Layer("environment", "the environment", values)] if values else []


def misspelled() -> list[str]:
    """Environment variables that look like misspelled options."""
    names = {PREFIX + snake(option.name).replace(".", "_").upper() for option in OPTIONS}
    ours = [name for name in os.environ if name.startswith(PREFIX) and name not in names]
    hints = {name: hint(name.removeprefix(PREFIX).lower()) for name in ours}
    return [f"{name} is no option's variable{found}" for name, found in hints.items() if found]


def _parsed(name: str, text: str) -> object:
    """As JSON, or as plain text: words between commas where the option is a list."""
    kind = schema_of(name)["type"]
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return [word.strip() for word in text.split(",") if word.strip()] if kind == "array" else text
