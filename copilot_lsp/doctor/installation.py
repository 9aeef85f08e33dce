"""Versions, packages, grammars, and the profile of this machine."""

from __future__ import annotations

import platform
import sys

from copilot_lsp import __version__, config
from copilot_lsp.doctor.check import Check, State


def of_installation() -> list[Check]:
    return [
        Check("copilot-lsp", __version__),
        Check("Python", f"{platform.python_version()}, {sys.executable}"),
        Check("platform", f"{platform.system()} {platform.machine()}"),
        *(_package(name) for name in ("llama-cpp-python", "pygls", "tree-sitter")),
        _grammars(),
        _profile(),
    ]


def _package(name: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check(name, version(name))
    except PackageNotFoundError:
        return Check(name, "not installed", State.FAILED, f"run `pip install {name}`")


def _grammars() -> Check:
    from copilot_lsp.source.languages import LANGUAGES

    loaded = {row.id: row.grammar.load() for row in LANGUAGES if row.grammar}
    if broken := [id for id, grammar in loaded.items() if isinstance(grammar, str)]:
        message = f"cannot be loaded: {', '.join(broken)}; completed without a syntax tree"
        return Check("grammars", message, State.WARNING)
    return Check("grammars", f"{len(loaded)} languages")


def _profile() -> Check:
    message, ok = config.profile.summary()
    return Check("profile", message, State.OK if ok else State.WARNING)
