"""Makes a clone ready to work: `.venv` with locked requirements, llama.cpp for this CPU, the default model.

Run by any Python >= 3.11 with nothing installed: `python3 scripts/setup.py`. Running it again does nothing
until one of its inputs changes. What is slow to get (the wheel, the model) is kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import llama_wheel
import steps

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / "setup-stamp.json"
LOGS = ROOT / "build" / "setup"


def main() -> None:
    check_python()
    inputs = fingerprint()
    if up_to_date(inputs):
        return
    version = llama_wheel.locked_version(LOCK)
    create_venv()
    install(llama_wheel.get(version, PYTHON, LOGS / "llama.log"))
    model = pull_model()
    STAMP.write_text(json.dumps({"inputs": inputs, "model": model}), "utf-8")
    steps.say("Ready.")


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (the Python that runs this is the user's)
        steps.fail(f"needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    if importlib.util.find_spec("ensurepip") is None:
        steps.fail("this Python cannot create virtual environments (Debian: apt install python3-venv)")


def fingerprint() -> str:
    """Of everything that decides what the environment has. With the path: environments cannot be moved."""
    digest = hashlib.sha256(str(ROOT).encode())
    own = (Path(module.__file__ or "") for module in (sys.modules[__name__], llama_wheel, steps))
    inputs = (ROOT / "pyproject.toml", LOCK, ROOT / "models" / "registry.toml", *own)
    for path in (*inputs, *sorted(llama_wheel.BUILD_FILES.iterdir())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def up_to_date(inputs: str) -> bool:
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
        return bool(stamp["inputs"] == inputs and Path(stamp["model"]).is_file() and PYTHON.exists())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def create_venv() -> None:
    works = PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False)
    if works and works.returncode == 0:
        return
    steps.run(f"Creating {VENV}", [sys.executable, "-m", "venv", "--clear", VENV], LOGS / "venv.log")


def install(llama: Path) -> None:
    """The compiled wheel goes first: then the lock's llama_cpp_python is there, and pip compiles nothing."""
    pip: steps.Command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    steps.run("Installing llama.cpp", [*pip, "--no-deps", "--force-reinstall", llama], LOGS / "install-llama.log")
    steps.run("Installing the locked requirements", [*pip, "-r", LOCK], LOGS / "install-lock.log")
    project = [*pip, "--no-deps", "--editable", ROOT]
    steps.run("Installing copilot-lsp (editable)", project, LOGS / "install-project.log")


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
    except OSError as error:
        steps.fail(str(error))
