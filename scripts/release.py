"""Builds what a release has: wheel, source distribution, VS Code extension, SHA256SUMS. Run by `make dist`.

For each of our wheels of llama-cpp-python in dist/ (`make wheel`), an extension for that platform besides.

Into dist/release; the notes, this version's section of CHANGELOG.md, into build/release-notes.md.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from copilot_lsp import __version__

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "dist" / "release"
NOTES = ROOT / "build" / "release-notes.md"


def build() -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", TARGET], cwd=ROOT, check=True)
    wheel = next(TARGET.glob("*.whl"))
    for llama in (None, *sorted((ROOT / "dist").glob("llama_cpp_python-*.whl"))):
        script = [sys.executable, str(ROOT / "scripts" / "editors_vscode.py"), "package", "--out", str(TARGET)]
        carried = ["--llama", str(llama)] if llama else []
        subprocess.run([*script, "--wheel", str(wheel), *carried], check=True)


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


if __name__ == "__main__":
    build()
    (TARGET / "SHA256SUMS").write_text(checksums(TARGET), "utf-8")
    NOTES.parent.mkdir(exist_ok=True)
    NOTES.write_text(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__), "utf-8")
    print(checksums(TARGET), end="")
