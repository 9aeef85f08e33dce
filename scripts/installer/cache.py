"""The user's cache folder of copilot-lsp, as platformdirs names it; that is not installed yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) / "copilot-lsp" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "copilot-lsp"
    xdg = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(xdg) if xdg else Path.home() / ".cache") / "copilot-lsp"


def wheels() -> Path:
    return folder() / "wheels"
