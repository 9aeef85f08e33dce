"""Upgrades `.venv` within pyproject.toml's bounds and writes what it then has to requirements-dev.lock.

Run with the Python of `.venv` (`make lock`). llama-cpp-python stays as it is: see the Makefile.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.lock"
HEADER = "# Exact versions for development and CI. Written by `make lock`; installed by scripts/setup.py.\n"


def upgrade() -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--upgrade"]
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder, "constraints.txt")
        keep.write_text(f"llama-cpp-python=={version('llama-cpp-python')}\n", "utf-8")
        subprocess.run([*pip, "pip"], check=True)  # --group needs pip 25.1
        eager = [*pip, "--upgrade-strategy", "eager", "--constraint", keep]
        subprocess.run([*eager, "--group", "dev", "--editable", "."], cwd=ROOT, check=True)


def locked_lines() -> list[str]:
    """`name==version` of what the project needs and what that needs, and of nothing else that is in `.venv`.

    Not from `pip freeze`: that would write the path that each came from.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [Requirement(text) for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])]
    found: dict[str, str] = {}
    while wanted:
        package = distribution(wanted.pop().name)
        if package.name not in found:
            found[package.name] = package.version
            wanted += [each for each in map(Requirement, package.requires or ()) if _applies(each)]
    return [f"{name}=={found[name]}" for name in sorted(found, key=str.lower)]


def _applies(requirement: Requirement) -> bool:
    """Here, and without extras."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


if __name__ == "__main__":
    upgrade()
    LOCK.write_text(HEADER + "\n".join(locked_lines()) + "\n", "utf-8")
