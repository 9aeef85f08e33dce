"""From nothing to a completion with a real model, the ways that people install: without a compiler on the machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from machine import Machine

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("install", [pip, uv, pipx])
def test_a_completion_without_a_compiler(machine: Machine, install: Callable[[Machine], Path]) -> None:
    program = install(machine)
    shutil.copy(ROOT / "examples" / "grid.py", machine.home)
    completed = json.loads(machine.run(program, "complete", "grid.py:18:1", "--json"))
    assert "self.cells[y][x] = value" in completed["text"]
    checks = {check["name"]: check for check in json.loads(machine.run(program, "doctor", "--json"))["checks"]}
    assert checks["safe mode"]["state"] == "ok"
