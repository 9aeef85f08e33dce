"""Writes the profile that `config.profile` reads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import tomlkit

from copilot_lsp import atomic
from copilot_lsp.config.profile import Profile, profile_file
from copilot_lsp.errors import CopilotLspError

HEAD = """\
# Written by `copilot-lsp tune`, which replaces it. Your own settings win over it: write them in copilot-lsp.toml.
"""


def check() -> None:
    """Raises CopilotLspError if a profile could not be written; called before measuring."""
    path = profile_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=path.name):
            pass
    except OSError as error:
        raise CopilotLspError(f"{path} cannot be written: {error.strerror}; --dry-run only measures") from None


def write(profile: Profile) -> Path:
    """Replaces the profile in one step. Raises OSError."""
    path = profile_file()
    atomic.write(path, (HEAD + tomlkit.dumps(plain(profile))).encode())
    return path


def plain(profile: Profile) -> dict[str, Any]:
    """As TOML has it: what is not there is left out, and options are nested as in copilot-lsp.toml."""
    fields = {name: value for name, value in asdict(profile).items() if value is not None}
    return {**fields, "models": [{**each, "options": nested(each["options"])} for each in fields["models"]]}


def nested(options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in options.items():
        section, _, key = name.rpartition(".")
        (found.setdefault(section, {}) if section else found)[key] = value
    return found
