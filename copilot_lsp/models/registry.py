"""The models that have a name: registry.toml, and where each one's file belongs on this machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cattrs
import platformdirs

from copilot_lsp.errors import ModelMissing

PACKED = Path(__file__).parent / "data"
IN_REPOSITORY = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """`file` in the wheel of `package` at `version`, from the package index that pip is configured for."""

    package: str
    version: str
    file: str


@dataclass(frozen=True, slots=True)
class ShippedFile:
    """`file` beside registry.toml."""

    file: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`fim`: trained for fill-in-the-middle. `size` in bytes; `sha256` in lower-case hex digits."""

    name: str
    description: str
    licence: str
    fim: bool
    size: int
    sha256: str
    source: PackageFile | ShippedFile

    @property
    def path(self) -> Path:
        """Where the file is, or will be when pulled; a new checksum is a new name."""
        if isinstance(self.source, ShippedFile):
            return folder() / self.source.file
        return cache_folder() / f"{self.name}-{self.sha256[:8]}.gguf"


@dataclass(frozen=True, slots=True)
class Registry:
    default: str
    models: dict[str, Entry]

    def get(self, name: str) -> Entry:
        """The entry of `name`, or of the default for "default". Raises ModelMissing."""
        entry = self.models.get(self.default if name == "default" else name)
        if entry is None:
            known = ", ".join(sorted(self.models))
            raise ModelMissing(f"there is no model {name!r}: the names are {known}; or give the path of a .gguf file")
        return entry


def folder() -> Path:
    """The folder with registry.toml and the shipped models: in an installed wheel, or in the repository."""
    return PACKED if PACKED.is_dir() else IN_REPOSITORY


def cache_folder() -> Path:
    """Where pulled models are kept."""
    return platformdirs.user_cache_path("copilot-lsp", appauthor=False) / "models"


@cache
def load() -> Registry:
    return read(folder() / "registry.toml")


def read(path: Path) -> Registry:
    """Raises cattrs' and tomllib's own errors: a broken registry is our bug, not the user's."""
    data = tomllib.loads(path.read_text("utf-8"))
    named = {name: {"name": name, **fields} for name, fields in data.pop("models").items()}
    converter = cattrs.Converter(forbid_extra_keys=True)
    return converter.structure({**data, "models": named}, Registry)
