"""From nothing to a completion with a real model, the ways that people install: without a compiler on the machine."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from machine import Machine

ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(ROOT / "scripts"))
bundle = importlib.import_module("bundle")
sys.path.remove(str(ROOT / "scripts"))


def pip(machine: Machine) -> Path:
    machine.run("python3", "-m", "venv", machine.home / "venv")
    python = machine.home / "venv" / "bin" / "python"
    machine.run(python, "-m", "pip", "install", "--quiet", "--find-links", machine.index, "copilot-lsp")
    return python.with_name("copilot-lsp")


def uv(machine: Machine) -> Path:
    python = machine.programs / "python3"
    options = ("--quiet", "--python", python, "--find-links", machine.index)
    machine.run(machine.tools / "uv", "tool", "install", *options, "copilot-lsp")
    assert not list((machine.home / "uv").rglob("pip/__init__.py")), "uv's environments have no pip"
    return machine.home / "bin" / "copilot-lsp"


def pipx(machine: Machine) -> Path:
    options = ("--quiet", "--python", machine.programs / "python3", f"--pip-args=--find-links {machine.index}")
    machine.run(machine.tools / "pipx", "install", *options, "copilot-lsp")
    return machine.home / "bin" / "copilot-lsp"


def installer(machine: Machine) -> Path:
    """What an editor's plugin runs; nothing but the carried files is there."""
    carried = machine.home / "carried"
    carried.mkdir()
    bundle.carry_installer(carried, next(machine.index.glob("llama_cpp_python-*.whl")))
    server = next(machine.index.glob("copilot_lsp-*.whl"))
    said = machine.run("python3", "-I", carried / "install.py", machine.home / "server", server)
    assert "Installing llama.cpp: our wheel" in said
    return machine.home / "server" / "bin" / "copilot-lsp"


@pytest.mark.parametrize("install", [pip, uv, pipx, installer])
def test_a_completion_without_a_compiler(machine: Machine, install: Callable[[Machine], Path]) -> None:
    program = install(machine)
    shutil.copy(ROOT / "examples" / "grid.py", machine.home)
    completed = json.loads(machine.run(program, "complete", "grid.py:18:1", "--json"))
    assert "self.cells[y][x] = value" in completed["text"]
    checks = {check["name"]: check for check in json.loads(machine.run(program, "doctor", "--json"))["checks"]}
    assert checks["safe mode"]["state"] == "ok"
