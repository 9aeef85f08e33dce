"""Makes a clone ready to work: `.venv` with locked requirements, a llama.cpp that works here, the default model.

Run by any Python >= 3.11 with nothing installed: `python3 scripts/setup.py`. Running it again does nothing
until one of its inputs changes. What is slow to get (the wheel, the model) is kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

from installer import compile, llama, server, steps, wheels

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = server.python_of(VENV)
LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / "setup-stamp.json"
LOGS = ROOT / "build" / "setup"


def main() -> None:
    server.check_python()
    inputs = fingerprint()
    if up_to_date(inputs):
        return
    server.create(VENV, LOGS / "venv.log")
    install()
    model = pull_model()
    wheel = llama.install(PYTHON, LOGS)
    STAMP.write_text(json.dumps({"inputs": inputs, "model": model, "llama": str(wheel)}), "utf-8")
    steps.say("Ready.")


def fingerprint() -> str:
    """Of everything that decides what the environment has. With the path: environments cannot be moved."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("CMAKE_ARGS", "COPILOT_LSP_LLAMA_WHEEL"):
        digest.update(f"{name}={os.environ.get(name, '')}\0".encode())
    own = sorted(Path(wheels.__file__).parent.glob("*.py"))
    inputs = (ROOT / "pyproject.toml", LOCK, ROOT / "models" / "registry.toml", Path(__file__), wheels.PINS, *own)
    for path in (*inputs, *sorted(compile.BUILD_FILES.iterdir())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def up_to_date(inputs: str) -> bool:
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
        return bool(stamp["inputs"] == inputs and Path(stamp["model"]).is_file() and PYTHON.exists())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def install() -> None:
    """Everything but llama.cpp."""
    pip: steps.Command = [PYTHON, "-m", "pip", "install", *llama.PIP_OPTIONS]
    requirements = LOGS / "requirements.txt"
    requirements.parent.mkdir(parents=True, exist_ok=True)
    requirements.write_text("\n".join(without_llama(LOCK.read_text("utf-8"))) + "\n", "utf-8")
    steps.run("Installing the locked requirements", [*pip, "-r", requirements], LOGS / "install-lock.log")
    project = [*pip, "--no-deps", "--editable", ROOT]
    steps.run("Installing copilot-lsp (editable)", project, LOGS / "install-project.log")


def without_llama(lock: str) -> list[str]:
    return [line for line in lock.splitlines() if not line.replace("-", "_").startswith("llama_cpp_python==")]


def pull_model() -> str:
    """Returns the path of the default model."""
    command: steps.Command = [PYTHON, "-m", "copilot_lsp", "models"]
    steps.run("Getting the default model", [*command, "pull"], LOGS / "model.log")
    return subprocess.check_output([*command, "path"], text=True).strip()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except (steps.Failed, OSError) as failure:
        steps.end("setup", failure)
