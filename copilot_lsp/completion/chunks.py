"""Select context from other files: definitions of names around the cursor, then one similar window.

Pure functions over an index (`Library`) and a snapshot.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Protocol

from copilot_lsp.completion.wanted import Wanted, wanted
from copilot_lsp.engine.base import Chunk
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import language_of
from copilot_lsp.source.regions import Region, region_at
from copilot_lsp.source.site import Site
from copilot_lsp.workspace.index.imports import Imported
from copilot_lsp.workspace.index.library import Definition, File
from copilot_lsp.workspace.index.symbols import Outline, Symbol, outline
from copilot_lsp.workspace.index.terms import LINES, identifiers, parts, term

CHARS = 3.2
"""Characters per token of code, a low estimate; the engine drops chunks that do not fit."""

MAX_DEFINITIONS = 8
PER_NAME = 2
FEW = 3
"""Names with more definitions in the workspace are skipped, unless one is near (imported, open, same folder)."""

SPECIAL = re.compile(r"__\w+__")
"""Names given by the language, such as `__init__`, are ambiguous."""

SKELETON_LINES = 24
"""Maximum size of one definition."""

SHARE = 0.6
"""Share of the budget for definitions if there is a similar window."""

TERMS = 12
"""Number of query terms looked up, most selective first."""

FILES = 12
"""Number of files whose windows are compared."""

ALIKE = 0.35
"""Minimum score of a window, relative to one that contains the whole query."""

LEAST = 2
"""Minimum number of whole names that a window must share; a single name is covered by definitions."""

SAME = 0.5
"""Windows with a larger share of their lines already around the cursor are skipped."""

K1, B, MEAN_TERMS = 1.2, 0.75, 60
"""BM25 (Robertson and Zaragoza 2009, doi 10.1561/1500000019); the mean of distinct terms of 20 lines of code."""

SHOWN_LINES = 24
"""Lines shown of a similar window: the matching ones and those that follow."""


class Library(Protocol):
    """The interface of the index; see `workspace.index.library`."""

    @property
    def size(self) -> int: ...
    def resolved(self, statements: tuple[str, ...], language: str, at: str) -> Imported: ...
    def definitions(self, name: str, language: str) -> list[Definition]: ...
    def members(self, path: str, parent: str) -> list[Symbol]: ...
    def tops(self, path: str, name: str) -> list[Symbol]: ...
    def imports(self, path: str) -> tuple[str, ...]: ...
    def frequencies(self, terms: Iterable[int]) -> dict[int, int]: ...
    def files_with(self, term: int, language: str) -> list[int]: ...
    def file(self, id: int) -> File | None: ...
    def windows(self, file: int) -> Iterable[tuple[int, Set[int]]]: ...
    def lines(self, file: int, first: int, count: int) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Picked:
    """`why` is shown to the user: the name it defines, or its similarity."""

    chunk: Chunk
    why: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where is completed: `at` is the absolute path of the file; `open`: those of the files that are open."""

    snapshot: Snapshot
    offset: int
    at: str
    open: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Options:
    """`tokens`: budget. The switches are for measuring."""

    tokens: int
    definitions: bool = True
    similar: bool = True
    alike: float = ALIKE


@dataclass(slots=True)
class _Skeleton:
    """A definition that is to be shown: `names` are the wanted ones among its members."""

    path: str
    shown: str
    top: str
    why: str
    symbol: Symbol
    names: set[str] = field(default_factory=set)


def select(library: Library, place: Cursor, options: Options) -> tuple[Picked, ...]:
    """The selected chunks, most relevant last (next to the prefix). Empty inside comments, strings and prose."""
    snapshot = place.snapshot
    if not _in_code(snapshot, place.offset) or options.tokens <= 0:
        return ()
    here = outline(snapshot.tree, snapshot.language)
    brought = library.resolved(here.imports, snapshot.language, place.at)
    imported = with_reexports(brought, library, snapshot.language)
    names = wanted(snapshot, place.offset, imported.names)
    budget = options.tokens * CHARS
    meant = list(definitions(library, place, names, imported, here)) if options.definitions else []
    alike = similar(library, place, names, options.alike) if options.similar else None
    if alike and alike.chunk.path in {each.chunk.path for each in meant}:
        alike = None
    room = budget * (SHARE if alike else 1)
    found: list[Picked] = []
    for picked in meant:
        if cost(picked) <= (room if found else budget):
            room -= cost(picked)
            found.append(picked)
    if alike and cost(alike) <= budget - sum(map(cost, found)):
        found.append(alike)
    return tuple(reversed(found))


def cost(picked: Picked) -> int:
    """In characters."""
    return len(picked.chunk.path) + len(picked.chunk.text) + 4


def _in_code(snapshot: Snapshot, offset: int) -> bool:
    tree = snapshot.tree
    if language_of(snapshot.language).grammar is None or tree is None:
        return False
    return region_at(tree, snapshot.language, offset) is Region.CODE


def with_reexports(imported: Imported, library: Library, language: str) -> Imported:
    """And what the imported files import themselves: a package's `__init__.py` or `index.ts` only passes on."""
    paths = dict.fromkeys(imported.paths)
    for path in imported.paths:
        name = posixpath.splitext(posixpath.basename(path))[0]
        if name in ("__init__", "index", "mod", "lib"):
            paths |= dict.fromkeys(library.resolved(library.imports(path), language, path).paths)
    return Imported(tuple(paths), imported.names)


def definitions(library: Library, place: Cursor, names: Wanted, imported: Imported, here: Outline) -> Iterator[Picked]:
    """Skeletons of the definitions of the names, heaviest name first."""
    own = {symbol.name for symbol in here.symbols}
    skeletons: dict[tuple[str, str], _Skeleton] = {}
    for name in names.weights:
        if SPECIAL.fullmatch(name) or (name in own and name not in imported.names):
            continue
        for definition, why in nearest(library.definitions(name, place.snapshot.language), place, imported, names):
            symbol = definition.symbol
            top = symbol.parent or symbol.name
            skeleton = _Skeleton(definition.path, definition.shown, top, f"defines {name} ({why})", symbol)
            skeletons.setdefault((definition.path, top), skeleton).names.add(name)
        if len(skeletons) >= MAX_DEFINITIONS:
            break
    for skeleton in list(skeletons.values())[:MAX_DEFINITIONS]:
        yield Picked(Chunk(skeleton.shown, text_of(library, skeleton), skeleton.path), skeleton.why)


def nearest(found: list[Definition], place: Cursor, imported: Imported, names: Wanted) -> list[tuple[Definition, str]]:
    """The most plausible definitions of a name, and why."""
    others = [each for each in found if each.path != place.at]
    folder = posixpath.dirname(place.at)
    tiers = (
        ("imported", [each for each in others if each.path in imported.paths]),
        ("open", [each for each in others if each.path in place.open]),
        ("same folder", [each for each in others if posixpath.dirname(each.path) == folder]),
        ("only here", others if len(others) <= FEW else []),
    )
    for why, tier in tiers:
        # A member's name says little without its type: `get` of what?
        believed = [each for each in tier if not each.symbol.parent or why == "only here" or _known(each, names)]
        if believed:
            return [(each, why) for each in sorted(believed, key=lambda each: bool(each.symbol.parent))[:PER_NAME]]
    return []


def _known(definition: Definition, names: Wanted) -> bool:
    return definition.symbol.parent in names.weights


def text_of(library: Library, skeleton: _Skeleton) -> str:
    """The first line, the first line of documentation, and the members without their bodies."""
    members = library.members(skeleton.path, skeleton.top)
    head = library.tops(skeleton.path, skeleton.top)[:1] if skeleton.symbol.parent else [skeleton.symbol]
    lines = [line for symbol in head for line in _head(symbol, skeleton.shown)]
    room = SKELETON_LINES - len(lines)
    shown = [each for each in members if each.name in skeleton.names or not each.name.startswith("_")]
    shown = [each for each in members if each in shown or each.name == "__init__"]
    if len(shown) > room:
        first = [each for each in shown if each.name in skeleton.names]
        rest = [each for each in shown if each.name not in skeleton.names]
        kept = {id(each) for each in [*first, *rest][:room]}
        shown = [each for each in shown if id(each) in kept]
    return "\n".join([*lines, *(f"    {each.signature}" for each in shown)])


def _head(symbol: Symbol, path: str) -> Iterator[str]:
    yield symbol.signature
    if symbol.doc and path.endswith((".py", ".pyi")):
        yield f'    """{symbol.doc}"""'
    elif symbol.doc:
        yield f"    // {symbol.doc}"


def similar(library: Library, place: Cursor, names: Wanted, least: float = ALIKE) -> Picked | None:
    """The window of another file that shares the most names with the cursor's surroundings, if it shares enough."""
    query = _query(library, names)
    if not query:
        return None
    best: tuple[float, File, int] | None = None
    whole, full = sum(query.values()), {term(name) for name in names.weights}
    for id in _promising(library, query, place.snapshot.language):
        file = library.file(id)
        if file is None or file.path == place.at:
            continue
        for first, terms in library.windows(id):
            score = _bm25(query, terms) / whole
            if score < least or (best is not None and score <= best[0]) or len(full & terms) < LEAST:
                continue
            if not _repeats(library, place, id, first):
                best = (score, file, first)
    if best is None:
        return None
    score, file, first = best
    text = "\n".join(library.lines(file.id, first, SHOWN_LINES)).strip("\n")
    return Picked(
        Chunk(file.shown, text, file.path), f"lines {first + 1} to {first + SHOWN_LINES} are alike ({score:.2f})"
    )


def _promising(library: Library, query: dict[int, float], language: str) -> list[int]:
    """The files that contain most of the query."""
    scores: dict[int, float] = {}
    for each, weight in query.items():
        for file in library.files_with(each, language):
            scores[file] = scores.get(file, 0.0) + weight
    return sorted(scores, key=lambda file: (-scores[file], file))[:FILES]


def _query(library: Library, names: Wanted) -> dict[int, float]:
    """The most selective terms with their weights; words inside a name count half."""
    weights: dict[int, float] = {}
    for name, weight in names.weights.items():
        for text, share in ((name, weight), *((part, weight / 2) for part in parts(name))):
            weights[term(text)] = max(weights.get(term(text), 0.0), share)
    frequencies = library.frequencies(weights)
    count = max(library.size, 1)
    telling = {
        each: weight * math.log(1 + (count - frequencies[each] + 0.5) / (frequencies[each] + 0.5))
        for each, weight in weights.items()
        if each in frequencies
    }
    return dict(sorted(telling.items(), key=lambda each: (-each[1], each[0]))[:TERMS])


def _bm25(query: dict[int, float], terms: Set[int]) -> float:
    """With each term counted once; `query` holds the inverse document frequencies already.

    A short window is worth no more than one of mean length: what is left out of it could not be shown either.
    """
    found = sum([weight for each, weight in query.items() if each in terms])
    length = max(len(terms), MEAN_TERMS) / MEAN_TERMS
    return found * (K1 + 1) / (1 + K1 * (1 - B + B * length))


def _repeats(library: Library, place: Cursor, file: int, first: int) -> bool:
    site = Site.of(place.snapshot, place.offset)
    around = {line.strip() for line in (*site.above[-2 * LINES :], site.left, *site.below[:LINES])}
    lines = [line.strip() for line in library.lines(file, first, LINES) if any(identifiers(line))]
    return sum(line in around for line in lines) > SAME * len(lines)
