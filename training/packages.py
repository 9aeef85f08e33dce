"""The packages that the corpus is made of: the list, and how each registry's own client fetches one."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).with_name("sources.txt")

# Wheels are chosen for this Python, so that the same list resolves on every machine.
WHEEL_PYTHON = "3.13"


@dataclass(frozen=True, slots=True)
class Package:
    """`version` "*" is whatever the registry has. `use`: "held-out" is for evaluation only, never learnt from;
    "core" packages make most of the corpus in a third of the time; "" is the rest.
    """

    registry: str
    name: str
    version: str
    use: str = ""

    @property
    def held_out(self) -> bool:
        return self.use == "held-out"

    @property
    def id(self) -> str:
        return f"{self.registry}:{self.name}"


def read_sources(path: Path = SOURCES) -> tuple[Package, ...]:
    """Reads `registry name version [use]` lines; raises ValueError that names a line it cannot read."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return tuple(_parse(line, f"{path.name}:{n}") for n, line in lines if line.strip() and line[0] != "#")


def _parse(line: str, where: str) -> Package:
    registry, *rest = line.split()
    if registry not in FETCH or len(rest) not in (2, 3) or rest[2:] not in ([], ["core"], ["held-out"]):
        raise ValueError(f"{where}: want 'registry name version [core|held-out]', got {line!r}")
    return Package(registry, *rest)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options that choose packages of the list."""
    parser.add_argument("--core", action="store_true", help="only the core packages and those held out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these packages of the list")


def choose(options: argparse.Namespace) -> list[Package]:
    packages = [package for package in read_sources() if package.use or not options.core]
    return [package for package in packages if not options.only or package.name in options.only]


def fetch(packages: Iterable[Package], folder: Path, jobs: int = 4) -> dict[str, str]:
    """Fetches what is not there yet; returns what failed: package id to the client's last line.

    Every package has its archives in a folder of its own (see `archives_of`).
    """
    missing = [package for package in packages if not archives_of(package, folder)]
    with ThreadPoolExecutor(jobs) as pool:
        errors = pool.map(lambda package: FETCH[package.registry](package, folder), missing)
        return {p.id: error for p, error in zip(missing, errors, strict=True) if error}


def archives_of(package: Package, folder: Path) -> list[Path]:
    return sorted(p for p in _home(package, folder).glob("*") if p.suffix not in (".dsc", ".asc", ".sig"))


def fetched_version(package: Package, folder: Path) -> str:
    """The version as the archive's name tells it, where the list leaves it open."""
    names = [path.name for path in archives_of(package, folder) if package.version == "*"]
    parts = re.split("-" if package.registry == "pypi" else "_", names[0]) if names else []
    return re.sub(r"\.(orig|debian|tar)\b.*$", "", parts[1]) if len(parts) > 1 else package.version


def _home(package: Package, folder: Path) -> Path:
    return folder / package.registry / package.name.replace("/", "__")


def _pip(package: Package, folder: Path) -> str:
    version = "" if package.version == "*" else f"=={package.version}"
    options = ("--no-deps", "--quiet", "--only-binary=:all:", "--python-version", WHEEL_PYTHON)
    return _client([sys.executable, "-m", "pip", "download", *options, package.name + version], package, folder)


def _npm(package: Package, folder: Path) -> str:
    version = "" if package.version == "*" else f"@{package.version}"
    npm = shutil.which("npm") or "npm"  # a batch file on Windows, which only its full name starts
    return _client([npm, "pack", "--ignore-scripts", "--silent", package.name + version], package, folder)


def _apt_source(package: Package, folder: Path) -> str:
    options = ("--download-only", "--only-source", "--quiet")
    return _client(["apt-get", *_apt_options(folder), "source", *options, package.name], package, folder)


def _apt_binary(package: Package, folder: Path) -> str:
    return _client(["apt-get", *_apt_options(folder), "download", "--quiet", package.name], package, folder)


FETCH = {"pypi": _pip, "npm": _npm, "debian-source": _apt_source, "debian-binary": _apt_binary}


def _client(command: Sequence[str], package: Package, folder: Path) -> str:
    """Runs a registry's client in the package's folder; returns "" or its last line of complaint."""
    home = _home(package, folder)
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    shutil.rmtree(home)  # nothing half-fetched may look complete
    return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]


def prepare_apt(folder: Path) -> None:
    """Gives apt a private list of what this machine's own Debian sources have, source packages included.

    Nothing of the machine's own configuration is changed. Raises CalledProcessError when apt cannot update.
    """
    for name in ("lists/partial", "cache/archives/partial"):
        (_apt_folder(folder) / name).mkdir(parents=True, exist_ok=True)
    (_apt_folder(folder) / "list.sources").write_text("\n\n".join(_debian_sources()) + "\n", encoding="utf-8")
    subprocess.run(["apt-get", *_apt_options(folder), "--quiet", "update"], check=True, stdout=sys.stderr)


def _debian_sources(etc: Path = Path("/etc/apt")) -> list[str]:
    """The deb822 paragraphs of Debian itself (not of third parties), asking for source packages as well."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(etc.glob("sources.list.d/*.sources"))]
    paragraphs = [paragraph for text in texts for paragraph in text.split("\n\n") if "debian-archive" in paragraph]
    return [paragraph.strip().replace("Types: deb\n", "Types: deb deb-src\n") for paragraph in paragraphs]


def _apt_folder(folder: Path) -> Path:
    return folder.absolute() / "apt"


def _apt_options(folder: Path) -> list[str]:
    home = _apt_folder(folder)
    settings = {
        "Dir::Etc::sourcelist": home / "list.sources",
        "Dir::Etc::sourceparts": os.devnull,
        "Dir::State::lists": home / "lists",
        "Dir::Cache": home / "cache",  # else apt reads all lists again at every call
        "APT::Sandbox::User": "root",  # else apt drops to a user who may not write into `folder`
    }
    return [f"-o{name}={value}" for name, value in settings.items()]
