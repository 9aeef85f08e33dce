"""The entries of a menu of models: installed, in use, fitting this machine, recommended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot_lsp.errors import ModelError
from copilot_lsp.models import lookup, partial, trim
from copilot_lsp.models.fit import MEMORY_SHARE, memory, memory_needed
from copilot_lsp.models.recommend import Recommendation, recommend
from copilot_lsp.models.registry import Entry, File, Registry, Shipped, load

Origin = Literal["shipped", "registry", "user"]


@dataclass(frozen=True, slots=True)
class Item:
    """`size`, `memory` and `part` (what an interrupted pull left) in bytes; `size` 0 and `path` None: not known.

    `trimmable`: a copy without the tokens that code does not use is worth making (`trim.py`).
    """

    entry: Entry
    size: int
    path: Path | None
    part: int
    active: bool
    memory: int
    recommended: bool
    trimmable: bool
    origin: Origin

    @property
    def present(self) -> bool:
        return self.path is not None

    @property
    def fits(self) -> bool:
        return self.memory <= MEMORY_SHARE * memory()


def items(active: str, measured: str | None = None) -> tuple[list[Item], Recommendation | None]:
    """Everything with a name, and `active` (a name or a path) if it has none; sorted as a menu shows it.

    `measured`: the model that was chosen by measuring on this machine, if any.
    """
    registry = load()
    best = _recommendation(registry, measured)
    name = name_of(active)
    entries = list(registry.models.values())
    if name is None:
        entries += _unnamed(active)
        name = active
    found = [_item(registry, entry, name, best) for entry in entries]
    return sorted(found, key=_order), best


def name_of(name_or_path: str) -> str | None:
    """The registry's name for a model, also for the path of one; None for another file."""
    models = load()
    if not lookup.is_path(name_or_path):
        return models.default if name_or_path == "default" else name_or_path
    with suppress(ModelError):
        path = lookup.find(name_or_path).path
        return next((entry.name for entry in models.models.values() if entry.path == path), None)
    return None


def notice(entry: Entry) -> str:
    """What the user should read before a download, "" when there is nothing."""
    restricted = "" if entry.commercial else "its licence forbids COMMERCIAL USE"
    unknown = "its checksum is unknown: this download records it, and later ones must match it"
    return "; ".join(filter(None, (restricted, "" if entry.sha256 or not entry.remote else unknown)))


def _recommendation(registry: Registry, measured: str | None) -> Recommendation | None:
    if measured and (name := name_of(measured)) in registry.models:
        return Recommendation(str(name), "`copilot-lsp tune` chose it on this machine")
    return recommend(registry.models.values(), lambda entry: _present(entry) is not None)


def _unnamed(path: str) -> list[Entry]:
    with suppress(ModelError):
        model = lookup.find(path)
        return [Entry(path, model.name, "according to its author", (File(str(model.path)),), use="text")]
    return []


def _item(registry: Registry, entry: Entry, active: str, best: Recommendation | None) -> Item:
    path = _present(entry)
    size = path.stat().st_size if path else entry.size
    return Item(
        entry,
        size,
        path,
        0 if path else partial.size(entry),
        active=entry.name == active,
        memory=memory_needed(size, entry.shape),
        recommended=best is not None and best.name == entry.name,
        trimmable=path is not None and entry.name in registry.models and trim.is_worth_it(entry),
        origin=_origin(registry, entry),
    )


def _present(entry: Entry) -> Path | None:
    with suppress(ModelError):
        lookup.check_present(entry)
        return entry.path
    return None


def _origin(registry: Registry, entry: Entry) -> Origin:
    if any(isinstance(source, Shipped) for source in entry.sources):
        return "shipped"
    return "registry" if entry.name in registry.models and entry.name not in registry.own else "user"


def _order(item: Item) -> tuple[object, ...]:
    first = (not item.active, not item.present, not item.recommended, not item.fits)
    return (*first, -item.entry.rank, item.size, item.entry.name)
