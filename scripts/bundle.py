"""What an editor's plugin carries to install the server by itself: see install.py."""

from __future__ import annotations

import shutil
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


def carry_installer(folder: Path, llama: Path | None = None, python: Path | None = None) -> None:
    """Into `folder`, which is there.

    `llama`: our wheel of llama-cpp-python for the plugin's platform. `python`: the archive for it of
    python-builds.json, for machines without a Python; without it, a plugin downloads the archive there.
    """
    for name in ("installer", "llama-build"):
        shutil.copytree(SCRIPTS / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("install.py", "llama-wheels.toml", "python-builds.json"):
        shutil.copy(SCRIPTS / name, folder)
    for name, file in (("llama-wheels", llama), ("python", python)):
        if file is not None:
            (folder / name).mkdir()
            shutil.copy(file, folder / name)
