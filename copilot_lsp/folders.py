"""The user's folders: where settings are read, and where what can be made or fetched again is kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs

NAME = "copilot-lsp"


def config() -> Path:
    """The user's settings, the profile of this machine, and models that the user named."""
    return platformdirs.user_config_path(NAME, appauthor=False)


def cache() -> Path:
    """Pulled models, and what was measured."""
    return platformdirs.user_cache_path(NAME, appauthor=False)
