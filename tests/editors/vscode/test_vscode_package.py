"""What of the extension can be checked without an editor."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
EXTENSION = ROOT / "editors" / "vscode"


def test_settings_are_those_of_the_server() -> None:
    script = ROOT / "scripts" / "vscode_settings.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run scripts/vscode_settings.py:\n{done.stderr}"


def test_commands_of_the_sources_are_contributed() -> None:
    package = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    contributed = {each["command"] for each in package["contributes"]["commands"]}
    used = set(re.findall(r"'(copilotLsp\.\w+)'", (EXTENSION / "src" / "menu.ts").read_text("utf-8")))
    inner = {"copilotLsp.dismiss", "copilotLsp.getModel", "copilotLsp.openSettings"}
    assert contributed == used - inner


def test_lock_files_name_no_host() -> None:
    for folder in (EXTENSION, Path(__file__).parent):
        lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
        assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_extension_carries_the_licence_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
