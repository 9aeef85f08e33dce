"""Starts each of our processes other than the server: `python -I launch.py MODULE ROOT [FOLDER...]`.

Isolated (-I), Python takes neither the current folder nor PYTHONPATH: a `numpy.py` in the user's project must not
come between us and numpy. What the server was found with is told explicitly: ROOT holds `copilot_lsp`, which may be
a working tree beside an installed version; the FOLDERs hold packages where this interpreter does not look by itself.
"""

from __future__ import annotations

import importlib
import site
import sys
from pathlib import Path


def command(module: str) -> list[str]:
    """Runs `main` of a module of ours. Folders of packages only: what else is on the path may be the user's project."""
    folders = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    folders += [each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")]
    root = str(Path(__file__).absolute().parents[1])
    return [sys.executable, "-I", str(Path(__file__).absolute()), module, root, *folders]


def main() -> None:
    module, root, *folders = sys.argv[1:]
    sys.path += [folder for folder in (*folders, root) if folder not in sys.path]
    sys.path.insert(0, root)
    importlib.import_module("copilot_lsp")  # this one, whatever else is installed
    del sys.path[0]
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
