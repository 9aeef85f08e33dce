"""llama-cpp-python, compiled for the CPU at hand. Takes minutes, so the wheel is kept in the user's cache folder.

Its key is made of everything that went into it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import cache, steps

BUILD_FILES = Path(__file__).resolve().parents[1] / "llama-build"
FLAGS = ("-DLLAVA_BUILD=OFF",)


def build_key(version: str) -> str:
    """Changes whenever another wheel would come out: version, compiler, CPU features, C library, our flags.

    Not the Python version: the wheel is py3-none, it loads its libraries through ctypes. Raises Failed.
    """
    digest = hashlib.sha256()
    for part in (version, *platform.libc_ver(), platform.machine(), *FLAGS, *own_flags()):
        digest.update(part.encode() + b"\0")
    digest.update(_native_macros())
    for file in sorted(BUILD_FILES.iterdir()):
        digest.update(file.read_bytes())
    return f"{version}-{digest.hexdigest()[:16]}"


def _native_macros() -> bytes:
    """What the compiler predefines for this CPU: its version and every instruction set that it will use."""
    if sys.platform == "win32":
        _check_visual_cpp()
        return platform.processor().encode()
    compiler = shlex.split(os.environ.get("CXX") or "c++")
    if shutil.which(compiler[0]) is None:
        raise steps.Failed(f"no C++ compiler ({compiler[0]}): install one ({HOW.get(sys.platform, HOW['linux'])})")
    preprocess = [*compiler, "-dM", "-E", "-x", "c++", os.devnull]
    for native in (["-march=native"], ["-mcpu=native"], []):
        result = subprocess.run([*preprocess, *native], capture_output=True, check=False)
        if result.returncode == 0:
            break
    else:
        raise steps.Failed(f"the C++ compiler does not work: {result.stderr.decode(errors='replace').strip()[:300]}")
    return result.stdout


HOW = {"darwin": "xcode-select --install", "linux": "Debian: apt install build-essential"}


def _check_visual_cpp() -> None:
    """Raises Failed where neither it nor another compiler is; its finder of itself is there since version 2017."""
    if any(shutil.which(name) for name in ("cl", "g++", "clang++")):
        return
    programs = Path(os.environ.get("PROGRAMFILES(X86)", r"C:\Program Files (x86)"))
    vswhere = programs / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    tools = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    query: steps.Command = [vswhere, "-latest", "-products", "*", "-requires", tools, "-property", "installationPath"]
    try:
        if subprocess.run(query, capture_output=True, check=False).stdout.strip():
            return
    except OSError:
        pass
    raise steps.Failed('no C++ compiler: install Visual Studio Build Tools, "Desktop development with C++"')


def own_flags() -> list[str]:
    """The user's, such as -DGGML_CUDA=on. They come last, and win."""
    return shlex.split(os.environ.get("CMAKE_ARGS", ""))


def environment(*flags: str) -> dict[str, str]:
    """What pip needs to compile llama.cpp the way we do; `flags` are CMake's."""
    include = f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={(BUILD_FILES / 'fastbuild.cmake').as_posix()}"
    return {
        "CMAKE_ARGS": shlex.join((*FLAGS, include, *flags, *own_flags())),
        # Without Ninja on the machine, pip fetches it; GNU make would compile one file at a time.
        "SKBUILD_NINJA_MAKE_FALLBACK": "0",
    }


def get(version: str, python: Path, log: Path) -> Path:
    """The wheel of this version for this machine, from the cache or compiled with the pip of `python`."""
    folder = cache.wheels() / build_key(version)
    if wheels := sorted(folder.glob("*.whl")):
        steps.say(f"llama-cpp-python {version}: already compiled for this machine ({folder})")
        return wheels[0]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as temporary:
        built = _compile(version, python, Path(temporary), log)
        return Path(shutil.move(built, folder / built.name))


def _compile(version: str, python: Path, into: Path, log: Path) -> Path:
    command: steps.Command = [python, "-m", "pip", "wheel", "--verbose", "--no-deps", "--no-cache-dir"]
    command += ["--wheel-dir", into, "--no-binary", "llama-cpp-python", f"llama-cpp-python=={version}"]
    title = f"Compiling llama.cpp for this machine (about 4 minutes on two cores; log: {log})"
    steps.run(title, command, log, environment())
    return next(into.glob("*.whl"))
