"""An index of our wheels and a machine without a compiler: what `pip install`, `uv tool install` and pipx find."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from machine import Machine

ROOT = Path(__file__).parents[2]
STAMP = ROOT / ".venv" / "setup-stamp.json"
sys.path.insert(0, str(ROOT / "scripts"))
wheels = importlib.import_module("installer.wheels")
sys.path.remove(str(ROOT / "scripts"))

TOOLS = ("uv==0.13.8", "pipx==1.18.4")


@pytest.fixture(scope="session")
def llama_wheel() -> Path:
    """Ours for all CPUs of this platform where it was built, or else what the setup found to work here."""
    if ours := sorted(wheels.built().glob(f"llama_cpp_python-{wheels.pins()['version']}-*.whl")):
        return Path(ours[-1])
    if not STAMP.is_file():
        pytest.fail("run `make setup` first: it finds the llama.cpp that works here")
    wheel = Path(json.loads(STAMP.read_text("utf-8"))["llama"])
    if not wheel.is_file():
        pytest.fail(f"{wheel} is gone: remove .venv and run `make setup`")
    return wheel


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory, llama_wheel: Path) -> Path:
    folder = tmp_path_factory.mktemp("index")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    shutil.copy(llama_wheel, folder)
    return folder


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of uv and pipx."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *TOOLS], check=True)
    return folder / "bin"


@pytest.fixture
def machine(tmp_path: Path, index: Path, tools: Path) -> Machine:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    machine = Machine(programs, index, tmp_path / "home", tools)
    machine.home.mkdir()
    return machine
