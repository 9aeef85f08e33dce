"""Fetches the code that measurements are made on, as code.toml pins it, into the user's cache folder.

    .venv/bin/python -m benchmarks.fetch_code [--set tuning|report]      a megabyte each, 17 packages

A set is a folder with a folder for each package: `keystrokes.py` and `copilot-lsp eval` take either. The packages come
from the index that pip or npm is configured for. They are strangers' code: only unpacked, never installed or built.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cattrs
import httpx2
from unearth import PackageFinder

from copilot_lsp.folders import cache

LIST = Path(__file__).with_name("code.toml")


@dataclass(frozen=True, slots=True)
class Source:
    """A row of code.toml."""

    set: Literal["tuning", "report"]
    index: Literal["pypi", "npm"]
    name: str
    version: str
    published: date
    language: str
    licence: str
    sha256: str


class Unfetched(Exception):
    """The message names the package and what went wrong."""


def sources(file: Path = LIST) -> list[Source]:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(date, lambda value, _: value)
    return converter.structure(tomllib.loads(file.read_text("utf-8"))["package"], list[Source])


def folder(source: Source, root: Path | None = None) -> Path:
    return (root or cache() / "code") / source.set / source.name.split("/")[-1]


def fetch(source: Source, root: Path | None = None) -> Path:
    """Where it lies; nothing is done when it is there. Raises Unfetched."""
    target = folder(source, root)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as work:
        archive = {"pypi": _from_pip, "npm": _from_npm}[source.index](source, Path(work))
        _check(archive, source)
        unpack(archive, target)
    return target


def _check(archive: Path, source: Source) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != source.sha256:
        raise Unfetched(f"{source.name} {source.version} is not what code.toml pins: its SHA-256 is {found}")


def unpack(archive: Path, target: Path) -> None:
    """The one folder of `archive`, as `target`; there is all of it or nothing."""
    with TemporaryDirectory(dir=target.parent) as work:
        with tarfile.open(archive) as opened:
            opened.extractall(work, filter="data")
        next(Path(work).iterdir()).rename(target)


def _from_pip(source: Source, work: Path) -> Path:
    """Not `pip download`: that runs a source package's build to learn its name."""
    index = os.environ.get("PIP_INDEX_URL")
    finder = PackageFinder(index_urls=[index] if index else (), no_binary=[":all:"], ignore_compatibility=True)
    best = finder.find_best_match(f"{source.name}=={source.version}", allow_prereleases=True).best
    if best is None:
        raise Unfetched(f"the package index has no source package {source.name} {source.version}")
    archive = work / best.link.filename
    answer = finder.session.get(best.link.normalized)
    answer.raise_for_status()
    archive.write_bytes(answer.content)
    return archive


def _from_npm(source: Source, work: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise Unfetched(f"{source.name} needs npm to be fetched")
    package = f"{source.name}@{source.version}"
    line = [npm, "pack", "--ignore-scripts", "--silent", "--pack-destination", str(work), package]
    done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Unfetched(f"npm did not fetch {package}: {done.stderr.strip() or done.returncode}")
    return next(work.glob("*.tgz"))


def fetch_all(wanted: Sequence[Source]) -> int:
    """How many could not be fetched; says what happens to each."""
    failed = 0
    for source in wanted:
        try:
            print(f"{source.language:10}  {fetch(source)}")
        except (Unfetched, httpx2.HTTPError, tarfile.TarError, OSError) as error:
            failed += 1
            print(f"{source.language:10}  {error}", file=sys.stderr)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("tuning", "report"), help="default: both")
    chosen = parser.parse_args().set
    return 1 if fetch_all([each for each in sources() if chosen in (None, each.set)]) else 0


if __name__ == "__main__":
    sys.exit(main())
