"""The user's folders for configuration and for the cache."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

NAME = "copilot-lsp"


def config() -> Path:
    """The user's settings, the profile of this machine, models that the user named. COPILOT_LSP_CONFIG_DIR moves it."""
    if folder := os.environ.get("COPILOT_LSP_CONFIG_DIR"):
        return Path(folder)
    return platformdirs.user_config_path(NAME, appauthor=False)


def runtime() -> Path:
    """Sockets of what runs now: in the session's folder, where the system has one."""
    folder = session()
    return folder / NAME if folder else cache() / "run"


def session() -> Path | None:
    """XDG_RUNTIME_DIR: private, on this machine, and gone when the user logs out."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    return folder if folder.is_absolute() and folder.is_dir() else None


def cache() -> Path:
    """Pulled models, and what was measured."""
    return platformdirs.user_cache_path(NAME, appauthor=False)
