"""Where a wheel of llama-cpp-python comes from: the ways to one, in the order in which they are tried.

1. the file that COPILOT_LSP_LLAMA_WHEEL names
2. our own wheel for this platform: it runs on every CPU of its kind and needs no compiler. An editor's extension may
   carry it; one that `portable_wheel.py` built lies in the user's cache; a released one is downloaded, and has to have
   the SHA-256 that llama-wheels.toml says
3. upstream's, where the user's package index offers a compiled one
4. compiled here

With the user's own CMAKE_ARGS (a GPU, say) only the first and the last.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import cache, compile, platforms, steps

HERE = Path(__file__).resolve().parents[1]
PINS = HERE / "llama-wheels.toml"
CARRIED = HERE / "llama-wheels"
TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Way:
    """`get` returns the wheel, or raises Failed or OSError."""

    name: str
    get: Callable[[], Path]


def pins() -> dict[str, Any]:
    return tomllib.loads(PINS.read_text("utf-8"))


def ways(python: Path, logs: Path) -> Iterator[Way]:
    """`python` has pip; the logs of what it does go into `logs`."""
    version = pins()["version"]
    if named := os.environ.get("COPILOT_LSP_LLAMA_WHEEL"):
        yield Way("the wheel that COPILOT_LSP_LLAMA_WHEEL names", partial(_named, Path(named)))
    if not compile.own_flags():
        yield from _own(version)
        yield Way("upstream's wheel", partial(_upstream, version, python, logs / "llama-upstream.log"))
    yield Way("llama.cpp compiled here", partial(compile.get, version, python, logs / "llama.log"))


def _named(wheel: Path) -> Path:
    if not wheel.is_file():
        raise steps.Failed(f"{wheel} is not a file")
    return wheel


def _own(version: str) -> Iterator[Way]:
    for folder in (CARRIED, built()):
        for wheel in sorted(folder.glob(f"llama_cpp_python-{version}-*.whl")):
            if platforms.runs(wheel.name):
                yield Way("our wheel", partial(_named, wheel))
    for pin in pins().get("wheel", []):
        name = pin["url"].rpartition("/")[2]
        if name.startswith(f"llama_cpp_python-{version}-") and platforms.runs(name):
            yield Way("our wheel", partial(_released, pin["url"], pin["sha256"]))


def built() -> Path:
    """Where `portable_wheel.py` leaves the wheels that it builds."""
    return cache.wheels() / "own"


def _released(url: str, sha256: str) -> Path:
    return download(url, sha256, cache.wheels() / "released")


def download(url: str, sha256: str, folder: Path) -> Path:
    """The file in `folder`, which keeps it. Raises Failed when it cannot be had or is another one."""
    kept = folder / urllib.parse.unquote(url.rpartition("/")[2])
    if kept.is_file() and checksum(kept) == sha256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    steps.say(f"Downloading {kept.name}")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".get-") as work:
        got = Path(work, kept.name)
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as source, got.open("wb") as target:
                shutil.copyfileobj(source, target)
        except urllib.error.URLError as error:
            raise steps.Failed(f"{url} cannot be had: {error.reason}") from None
        if (found := checksum(got)) != sha256:
            raise steps.Failed(f"{url} is not the file that was released: its SHA-256 is {found}")
        return got.replace(kept)


def checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _upstream(version: str, python: Path, log: Path) -> Path:
    """With the user's own index and extra indexes: upstream has one for its compiled wheels (PIP_EXTRA_INDEX_URL)."""
    folder = cache.wheels() / "upstream"
    if kept := [file for file in folder.glob(f"llama_cpp_python-{version}-*.whl") if platforms.runs(file.name)]:
        return kept[0]
    command: steps.Command = [python, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", folder, f"llama-cpp-python=={version}"]
    try:
        steps.run("Asking the package index for a compiled llama.cpp", command, log)
    except steps.Failed:
        raise steps.Failed(f"the package index offers none ({log})") from None
    return next(folder.glob(f"llama_cpp_python-{version}-*.whl"))
