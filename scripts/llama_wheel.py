"""The wheel of llama-cpp-python, compiled once for this machine and kept in the user's cache folder.

PyPI has only its source package. Compiled for the CPU at hand it takes minutes, so the wheel is kept for the
next clone under a key of everything that went into it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import steps

BUILD_FILES = Path(__file__).resolve().parent / "llama-build"
FLAGS = ("-DLLAVA_BUILD=OFF",)


def cache_folder() -> Path:
    """Where platformdirs puts the user's cache of copilot-lsp; the setup has only the standard library."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) / "copilot-lsp" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "copilot-lsp"
    xdg = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(xdg) if xdg else Path.home() / ".cache") / "copilot-lsp"


def locked_version(lock: Path) -> str:
    found = re.search(r"^llama[-_]cpp[-_]python==(\S+)$", lock.read_text("utf-8"), re.MULTILINE)
    if found is None:
        steps.fail(f"{lock.name} has no line llama_cpp_python==VERSION")
    return found[1]


def build_key(version: str) -> str:
    """Changes whenever another wheel would come out: version, compiler, CPU features, C library, our flags.

    Not the Python version: the wheel is py3-none, it loads its libraries through ctypes.
    """
    digest = hashlib.sha256()
    for part in (version, *platform.libc_ver(), platform.machine(), *_cmake_flags(Path())):
        digest.update(part.encode() + b"\0")
    digest.update(_native_macros())
    for file in sorted(BUILD_FILES.iterdir()):
        digest.update(file.read_bytes())
    return f"{version}-{digest.hexdigest()[:16]}"


def _native_macros() -> bytes:
    """What the compiler predefines for this CPU: its version and every instruction set that it will use."""
    if sys.platform == "win32":
        return platform.processor().encode()
    compiler = shlex.split(os.environ.get("CXX") or "c++")
    if shutil.which(compiler[0]) is None:
        steps.fail(f"no C++ compiler ({compiler[0]}): install one (Debian: apt install build-essential)")
    preprocess = [*compiler, "-dM", "-E", "-x", "c++", os.devnull]
    for native in (["-march=native"], ["-mcpu=native"], []):
        result = subprocess.run([*preprocess, *native], capture_output=True, check=False)
        if result.returncode == 0:
            break
    else:
        steps.fail(f"the C++ compiler does not work: {result.stderr.decode(errors='replace').strip()[:300]}")
    return result.stdout


def _cmake_flags(build_files: Path) -> tuple[str, ...]:
    """The user's own CMAKE_ARGS come last and win (such as -DGGML_CUDA=on)."""
    include = f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={build_files / 'fastbuild.cmake'}"
    return (*FLAGS, include, *shlex.split(os.environ.get("CMAKE_ARGS", "")))


def get(version: str, python: Path, log: Path) -> Path:
    """The wheel of this version for this machine, from the cache or compiled with the pip of `python`."""
    folder = cache_folder() / "wheels" / build_key(version)
    if wheels := sorted(folder.glob("*.whl")):
        steps.say(f"llama-cpp-python {version}: already compiled for this machine ({folder})")
        return wheels[0]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as temporary:
        built = _compile(version, python, Path(temporary), log)
        return Path(shutil.move(built, folder / built.name))


def _compile(version: str, python: Path, into: Path, log: Path) -> Path:
    command: steps.Command = [
        python,
        "-m",
        "pip",
        "wheel",
        "--verbose",
        "--no-deps",
        "--no-cache-dir",
        "--wheel-dir",
        into,
    ]
    command += ["--no-binary", "llama-cpp-python", f"llama-cpp-python=={version}"]
    env = {
        "CMAKE_ARGS": shlex.join(_cmake_flags(BUILD_FILES)),
        # Without Ninja on the machine, pip fetches it; GNU make would compile one file at a time.
        "SKBUILD_NINJA_MAKE_FALLBACK": "0",
    }
    steps.run(f"Compiling llama.cpp for this machine (about 4 minutes on two cores; log: {log})", command, log, env)
    return next(into.glob("*.whl"))
