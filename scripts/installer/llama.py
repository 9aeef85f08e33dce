"""Installs the first llama.cpp that works: after each, the server decodes a few tokens with it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from . import steps, wheels

PIP_OPTIONS = ("--disable-pip-version-check", "--no-input")
TEST_SECONDS = 300


def install(python: Path, logs: Path) -> Path:
    """Into the environment of `python`, which has the server and everything else that it needs; returns the wheel.

    Raises Failed.
    """
    failures: list[str] = []
    safe: wheels.Way | None = None
    for way in wheels.ways(python, logs):
        try:
            wheel = _put(way, python, logs)
            steps.say("Letting it decode a few tokens")
            if not in_safe_mode(python):
                return wheel
            safe = safe or way
            failures.append(f"{way.name}: works in safe mode only")
        except (steps.Failed, OSError) as failure:
            failures.append(f"{way.name}: {failure}")
        steps.say(f"  not used, {failures[-1]}")
    if safe is None:
        raise steps.Failed(f"no llama.cpp works on this machine ({'; '.join(failures)})")
    return _put(safe, python, logs)


def _put(way: wheels.Way, python: Path, logs: Path) -> Path:
    wheel = way.get()
    command: steps.Command = [python, "-m", "pip", "install", *PIP_OPTIONS, "--no-deps", "--force-reinstall", wheel]
    steps.run(f"Installing llama.cpp: {way.name}", command, logs / "install-llama.log")
    return wheel


def in_safe_mode(python: Path) -> bool:
    """Lets the engine decode. Raises Failed when it cannot. Safe mode: the fast kernels of this build crash here."""
    command = [str(python), "-P", "-m", "copilot_lsp", "doctor", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TEST_SECONDS, env=_environment(), check=False)
        checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    except subprocess.TimeoutExpired:
        raise steps.Failed(f"its test took longer than {TEST_SECONDS} s") from None
    except (ValueError, KeyError, TypeError):
        raise steps.Failed(f"its test did not run: {done.stderr.decode(errors='replace').strip()[-300:]}") from None
    if "engine test" not in checks:
        reason = next((check["value"] for check in checks.values() if check["state"] == "failed"), "no reason given")
        raise steps.Failed(f"its test failed: {reason}")
    return bool(checks["safe mode"]["state"] != "ok")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8"}
