"""Fetches the packages of sources.txt and reads their source files, of admitted licences only.

    python -m training.collect WORK [--jobs 4] [--core] [--only NAME ...]

What is there already is not fetched again. A package that cannot be had is reported and left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from copilot_lsp.source.languages import language_of_path
from training import filters, licences, packages
from training.archives import BROKEN, members, shorten
from training.licences import Grant
from training.packages import Package
from training.words import words

LANGUAGES = words(
    """python javascript javascriptreact typescript typescriptreact go rust java c cpp csharp ruby php lua
    shellscript"""
)
_NOT_SOURCE = (".pyi", ".gemspec", ".phtml", ".inl", ".zsh", ".ksh")  # stubs and the like
_LICENCE_FILES = ("licen", "copying", "copyright", "unlicense")


@dataclass(frozen=True, slots=True)
class Source:
    """One file. `package` is `registry:name`; `path` as the project itself names it."""

    package: str
    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a package holds: its licence as found, why it is refused ("" when it is not), its files.

    `grants`: what Debian's copyright file says of each. A file may be used only if it is `admitted`.
    """

    licence: str
    refused: str
    files: tuple[Source, ...] = ()
    grants: tuple[Grant, ...] = ()

    def admitted(self, source: Source) -> bool:
        """Whether the licence of one file allows it, by the grants and by what it says itself."""
        granted = not self.grants or licences.admits(licences.licence_of(source.path, self.grants))
        return granted and licences.admits_source(source.text)


def read_package(package: Package, folder: Path) -> Content:
    """Source files and licence of a fetched package; broken archives refuse it with a reason."""
    try:
        found = [item for archive in packages.archives_of(package, folder) for item in members(archive, _wanted)]
    except BROKEN as error:
        return Content("", f"broken archive: {error}")
    reader = _read_debian if package.registry.startswith("debian") else _read_registry
    return reader(package, {path: content.decode("utf-8", "replace") for path, content in found})


def _wanted(path: str) -> bool:
    return _is_source(path) or _is_about_licence(path)


def _is_source(path: str) -> bool:
    named = language_of_path(path) in LANGUAGES and not path.endswith(_NOT_SOURCE)
    return named and not filters.foreign(path)


def _is_about_licence(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return name in ("metadata", "package.json") or name.startswith(_LICENCE_FILES)


def _read_registry(package: Package, texts: dict[str, str]) -> Content:
    """A wheel or an npm tarball: the metadata names the licence, a licence file at the top confirms it."""
    named = _npm_licence(texts) if package.registry == "npm" else _wheel_licence(texts)
    if not licences.admits(named):
        return Content(named, "licence not admitted" if named else "no licence named")
    files = [text for path, text in texts.items() if _is_top_licence(path)]
    if not any(licences.admits_text(text) for text in files):
        return Content(named, "licence file not admitted" if files else "no licence file")
    return Content(named, "", tuple(_sources(package, texts)))


def _wheel_licence(texts: dict[str, str]) -> str:
    metadata = (text for path, text in texts.items() if path.endswith(".dist-info/METADATA"))
    return licences.of_wheel(next(metadata, ""))


def _npm_licence(texts: dict[str, str]) -> str:
    tops = (text for path, text in texts.items() if path.count("/") == 1 and path.endswith("/package.json"))
    named = json.loads(next(tops, "{}")).get("license", "")
    return named if isinstance(named, str) else str(named.get("type", ""))


def _is_top_licence(path: str) -> bool:
    parts = PurePosixPath(path).parts
    is_top = len(parts) == 2 or parts[0].endswith(".dist-info")
    return is_top and parts[-1].lower().startswith(_LICENCE_FILES)


def _read_debian(package: Package, texts: dict[str, str]) -> Content:
    """A Debian package: its machine-readable copyright file decides, file by file where paths are the project's."""
    grants = licences.read_copyright(next((t for path, t in texts.items() if _is_copyright(path)), ""))
    if not grants:
        return Content("", "no machine-readable copyright file")
    named = ", ".join(sorted({grant.licence for grant in grants}))
    if package.registry == "debian-binary" and not all(licences.admits(g.licence) for g in grants if not _packaging(g)):
        return Content(named, "licence not admitted")
    by_file = grants if package.registry == "debian-source" else ()
    return Content(named, "", tuple(_sources(package, texts)), by_file)


def _is_copyright(path: str) -> bool:
    in_source = path.endswith("debian/copyright") and path.count("/") <= 2
    return in_source or (path.startswith("usr/share/doc/") and path.endswith("/copyright"))


def _packaging(grant: Grant) -> bool:
    return all(pattern.startswith("debian/") for pattern in grant.patterns)


def _sources(package: Package, texts: dict[str, str]) -> Iterator[Source]:
    for path, text in texts.items():
        if _is_source(path):
            yield Source(package.id, shorten(path, package.registry), language_of_path(path), text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder for archives (kept) and results")
    parser.add_argument("--jobs", type=int, default=4, help="clients at a time")
    packages.add_choice(parser)
    options = parser.parse_args(arguments)
    chosen = packages.choose(options)
    archives = options.work / "archives"
    if any(package.registry.startswith("debian") for package in chosen):
        packages.prepare_apt(archives)
    failed = packages.fetch(chosen, archives, options.jobs)
    for name, error in failed.items():
        print(f"left out {name}: {error}", file=sys.stderr)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} packages are in {archives}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
