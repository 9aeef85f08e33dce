"""Builds what a release has: wheel, source distribution, VS Code extension, SHA256SUMS. Run by `make dist`.

For each of our wheels of llama-cpp-python in dist/ (`make wheel`), an extension for that platform besides, with the
Python of python-builds.json in it.

Into dist/release; the notes, this version's section of CHANGELOG.md, into build/release-notes.md; into build/packaging
the files of packaging/ with the checksum, and with the address in COPILOT_LSP_REPOSITORY.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import editors_vscode
import fetch_python
from installer import steps

from copilot_lsp import __version__

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "dist" / "release"
NOTES = ROOT / "build" / "release-notes.md"
PACKAGES = ROOT / "build" / "packaging"


def build() -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", TARGET], cwd=ROOT, check=True)
    wheel = next(TARGET.glob("*.whl"))
    for llama in (None, *sorted((ROOT / "dist").glob("llama_cpp_python-*.whl"))):
        script = [sys.executable, str(ROOT / "scripts" / "editors_vscode.py"), "package", "--out", str(TARGET)]
        subprocess.run([*script, "--wheel", str(wheel), *(carried(llama) if llama else [])], check=True)


def carried(llama: Path) -> list[str]:
    """That wheel, and a Python for its platform. Where the Python cannot be had, the extension downloads it later."""
    options = ["--llama", str(llama)]
    try:
        python = fetch_python.fetch(editors_vscode.vscode_platform(llama.name), ROOT / "build" / "python")
    except (steps.Failed, OSError) as failure:
        steps.say(f"release: {llama.name} goes without a Python: {failure}")
        return options
    return [*options, "--python", str(python)]


def checksums(folder: Path) -> str:
    """As `sha256sum` writes them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def notes(changelog: str, version: str) -> str:
    """The section of `version`; that of what is not released yet where it has none."""
    for name in (version, "Unreleased"):
        if found := re.search(rf"^## \[{re.escape(name)}\].*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL):
            return found[1].strip() + "\n"
    raise SystemExit(f"release: CHANGELOG.md has no section for {version}")


def packages(folder: Path, sdist: Path, repository: str) -> None:
    """The files of packaging/ for other systems, filled in; without a `repository` its placeholder stays."""
    values = {"@SDIST_SHA256@": hashlib.sha256(sdist.read_bytes()).hexdigest()}
    if repository:
        values["@REPOSITORY@"] = repository
    for source in sorted((ROOT / "packaging").glob("*/*")):
        text = source.read_text("utf-8")
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        target = folder / source.relative_to(ROOT / "packaging")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


if __name__ == "__main__":
    build()
    (TARGET / "SHA256SUMS").write_text(checksums(TARGET), "utf-8")
    NOTES.parent.mkdir(exist_ok=True)
    packages(PACKAGES, next(TARGET.glob("*.tar.gz")), os.environ.get("COPILOT_LSP_REPOSITORY", ""))
    NOTES.write_text(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__), "utf-8")
    print(checksums(TARGET), end="")
