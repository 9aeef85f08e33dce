"""What of the extension can be checked without an editor."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

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
    inner = {"copilotLsp.acceptLine", "copilotLsp.dismiss", "copilotLsp.getModel", "copilotLsp.openSettings"}
    assert contributed == used - inner


@pytest.fixture
def editors_vscode(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("editors_vscode")


def test_extension_carries_the_installer_and_a_platforms_llama(editors_vscode: ModuleType, tmp_path: Path) -> None:
    wheel, llama = tmp_path / "copilot_lsp-1.0-py3-none-any.whl", tmp_path / "llama_cpp_python-1-py3-none-win_amd64.whl"
    for each in (wheel, llama):
        each.write_bytes(b"")
    editors_vscode.carry(wheel, tmp_path / "bundled", llama)
    carried = {path.relative_to(tmp_path / "bundled").as_posix() for path in (tmp_path / "bundled").rglob("*")}
    wanted = {f"wheel/{wheel.name}", f"llama-wheels/{llama.name}", "install.py", "installer/llama.py"}
    assert wanted | {"llama-wheels.toml", "llama-build/fastbuild.cmake"} <= carried


def test_carried_installer_runs_alone(editors_vscode: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "copilot_lsp-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    editors_vscode.carry(wheel, tmp_path / "bundled")
    command = [sys.executable, "-I", str(tmp_path / "bundled" / "install.py"), "--help"]
    assert "FOLDER" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("wheel", "platform"),
    [
        ("llama_cpp_python-0.3.36-py3-none-manylinux_2_34_x86_64.whl", "linux-x64"),
        ("llama_cpp_python-0.3.36-py3-none-manylinux_2_34_aarch64.whl", "linux-arm64"),
        ("llama_cpp_python-0.3.36-py3-none-macosx_11_0_arm64.whl", "darwin-arm64"),
        ("llama_cpp_python-0.3.36-py3-none-win_amd64.whl", "win32-x64"),
    ],
)
def test_platform_of_a_wheel(editors_vscode: ModuleType, wheel: str, platform: str) -> None:
    assert editors_vscode.vscode_platform(wheel) == platform


def test_a_public_home_is_in_what_is_packaged_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    vscode_home = importlib.import_module("vscode_home")
    file = EXTENSION / "package.json"
    before = file.read_bytes()
    with vscode_home.manifest(file, "https://example.org/r"):
        found = json.loads(file.read_text("utf-8"))
    assert found["repository"]["url"] == "https://example.org/r.git"
    assert {found["bugs"]["url"], found["qna"]} == {"https://example.org/r/issues"}
    assert found["contributes"] == json.loads(before)["contributes"]
    assert file.read_bytes() == before


def test_wheel_for_no_platform_of_vscode_is_refused(editors_vscode: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no platform of VS Code"):
        editors_vscode.vscode_platform("llama_cpp_python-0.3.36-py3-none-any.whl")


def test_lock_files_name_no_host() -> None:
    for folder in (EXTENSION, Path(__file__).parent):
        lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
        assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_extension_carries_the_licence_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_test_that_needs_all_is_known_by_its_name(editors_vscode: ModuleType) -> None:
    assert f"scenario('{editors_vscode.FROM_NOTHING}'" in (Path(__file__).parent / "clean.test.ts").read_text("utf-8")
