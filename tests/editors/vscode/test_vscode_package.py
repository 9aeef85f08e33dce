"""What of the extension can be checked without an editor."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("needs", [True, False])
def test_extension_carries_what_llama_cpp_is_compiled_with(
    needs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import editors_vscode

    wheel = tmp_path / "copilot_lsp-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        requirement = "Requires-Dist: llama-cpp-python>=0.3.36\n" if needs else ""
        archive.writestr("copilot_lsp-1.0.dist-info/METADATA", f"Name: copilot-lsp\n{requirement}")
    bundled = tmp_path / "bundled"
    editors_vscode.carry(wheel, bundled)
    carried = {path.relative_to(bundled).as_posix() for path in bundled.rglob("*") if path.is_file()}
    recipe = {"llama.txt", "llama-build/fastbuild.cmake", "llama-build/gcc_amx_fix.h"}
    assert carried == {f"wheel/{wheel.name}"} | (recipe if needs else set())
    if needs:
        lock = (ROOT / "requirements-dev.lock").read_text("utf-8")
        assert f"\n{(bundled / 'llama.txt').read_text('utf-8')}" in lock


def test_lock_files_name_no_host() -> None:
    for folder in (EXTENSION, Path(__file__).parent):
        lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
        assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_extension_carries_the_licence_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
