"""What an editor's plugin carries to install the server by itself: see install.py."""

from __future__ import annotations

import shutil
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


def carry_installer(folder: Path, llama: Path | None = None) -> None:
    """Into `folder`, which is there. `llama`: our wheel of llama-cpp-python for the plugin's platform."""
    for name in ("installer", "llama-build"):
        shutil.copytree(SCRIPTS / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("install.py", "llama-wheels.toml"):
        shutil.copy(SCRIPTS / name, folder)
    if llama is not None:
        (folder / "llama-wheels").mkdir()
        shutil.copy(llama, folder / "llama-wheels")
