"""Upgrades `.venv` within pyproject.toml's bounds and writes what it then has to the locks.

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
LOCKS = {
    "dev": "# Exact versions for development and CI. Written by `make lock`; installed by scripts/setup.py.\n",
    "docs": "# Exact versions for the documentation site. Written by `make lock`; installed by `make docs`.\n",
}
"""The groups of pyproject.toml with the first line of requirements-GROUP.lock."""


def upgrade() -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--upgrade"]
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder, "constraints.txt")
        keep.write_text(f"llama-cpp-python=={version('llama-cpp-python')}\n", "utf-8")
        subprocess.run([*pip, "pip"], check=True)  # --group needs pip 25.1
        eager = [*pip, "--upgrade-strategy", "eager", "--constraint", keep]
        groups = [part for group in LOCKS for part in ("--group", group)]
        subprocess.run([*eager, *groups, "--editable", "."], cwd=ROOT, check=True)


def locked_lines(group: str) -> list[str]:
    """`name==version` of what `group` needs and what that needs, and of nothing else that is in `.venv`.

    Not from `pip freeze`: that would write the path that each came from.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    own = project["project"]["dependencies"] if group == "dev" else []
    wanted = [Requirement(text) for text in (*own, *project["dependency-groups"][group])]
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
    for group, header in LOCKS.items():
        lines = "\n".join(locked_lines(group))
        (ROOT / f"requirements-{group}.lock").write_text(f"{header}{lines}\n", "utf-8")
