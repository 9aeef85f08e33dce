"""Makes the corpus out of the fetched packages: filters, benchmarks and duplicates out, the rest into shards.

    python -m training.prepare WORK [--jobs 2] [--benchmark FILE.jsonl ...] [--core] [--only NAME ...]

Writes WORK/corpus (what is learnt from), WORK/held-out (for evaluation) and WORK/corpus.json (counts, licences).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from training import filters, packages
from training.benchmarks import Run, contaminated, overlap_index
from training.collect import Content, Source, read_package
from training.corpus import write_shard
from training.duplicates import Fingerprint, Seen, fingerprint
from training.packages import Package
from training.words import words

MAX_CHARACTERS = 2_000_000
MAX_OF_RARE = 5_000_000
RARE = words("c cpp csharp go java lua php ruby rust shellscript")
"""No package has more of one language than this, so that no one project's style is all there is; languages that few
packages are in may take more of each."""
SHARD_CHARACTERS = 24_000_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A package after the filters that look at one file at a time; `dropped` counts files by reason."""

    package: Package
    licence: str
    refused: str
    dropped: Counter[str]
    kept: tuple[tuple[Source, Fingerprint], ...]


def prepare(package: Package, archives: Path, benchmark: frozenset[Run] = frozenset()) -> Prepared:
    content = read_package(package, archives)
    dropped: Counter[str] = Counter()
    kept: list[Source] = []
    used: Counter[str] = Counter()
    for source in sorted(content.files, key=_folders_at_random):
        text = filters.clean(source.text) if _has_room(source, used) else ""
        reason = _reason_to_drop(source, text, content, benchmark)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(replace(source, text=text))
            used[source.language] += len(text)
    marked = tuple((source, fingerprint(source.text)) for source in kept)
    return Prepared(package, content.licence, content.refused, dropped, marked)


def _has_room(source: Source, used: Counter[str]) -> bool:
    return used[source.language] < (MAX_OF_RARE if source.language in RARE else MAX_CHARACTERS)


def _reason_to_drop(source: Source, text: str, content: Content, benchmark: frozenset[Run]) -> str:
    """`text` is the cleaned text, "" where the package has given enough of the language."""
    if not text:
        return "package too big"
    if not content.admitted(source):
        return "licence"
    return filters.dropped_by(text) or ("benchmark" if contaminated(text, benchmark) else "")


def _folders_at_random(source: Source) -> tuple[str, str]:
    """Whole folders stay together, in an order that is random but always the same."""
    folder = source.path.rpartition("/")[0]
    return hashlib.md5(folder.encode(), usedforsecurity=False).hexdigest(), source.path


def without_duplicates(prepared: Iterable[Prepared]) -> Iterator[Prepared]:
    """Drops what an earlier package had: give the held-out packages first, so that their copies go."""
    seen = Seen()
    for number, one in enumerate(prepared, 1):
        print(f"\r{number} packages", end="", file=sys.stderr, flush=True)
        fresh = []
        for source, mark in one.kept:
            repeated = seen.repeated(mark)
            if repeated:
                one.dropped[repeated] += 1
            else:
                fresh.append((source, mark))
        yield replace(one, kept=tuple(fresh))
    print(file=sys.stderr)


def write(prepared: Iterable[Prepared], folder: Path, jobs: int) -> None:
    """Shards of one language each, the files of a package together and in the order of their paths."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sources = [source for one in prepared for source, _ in one.kept]
    sources.sort(key=lambda source: (source.language, source.package, source.path))
    shards = [
        (folder / f"{language}-{number:02}.jsonl.xz", shard)
        for language, group in groupby(sources, key=lambda source: source.language)
        for number, shard in enumerate(_shards(group))
    ]
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(write_shard, *zip(*shards, strict=True)))


def _shards(sources: Iterable[Source]) -> Iterator[list[Source]]:
    shard: list[Source] = []
    room = SHARD_CHARACTERS
    for source in sources:
        shard.append(source)
        room -= len(source.text)
        if room < 0:
            yield shard
            shard, room = [], SHARD_CHARACTERS
    if shard:
        yield shard


def summary(prepared: Iterable[Prepared], archives: Path) -> dict[str, object]:
    """What the model card tells: counts by language and by reason, and every package with its licence."""
    files: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    table = []
    for one in prepared:
        dropped += one.dropped
        for source, _ in one.kept:
            files[source.language] += 1
            characters[source.language] += len(source.text)
        size = sum(len(source.text) for source, _ in one.kept)
        table.append(
            {
                "package": one.package.id,
                "version": packages.fetched_version(one.package, archives),
                "licence": one.licence,
                "refused": one.refused,
                "held_out": one.package.held_out,
                "files": len(one.kept),
                "characters": size,
            }
        )
    return {"files": files, "characters": characters, "dropped": dropped, "packages": table}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="the folder that training.collect filled")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--benchmark", type=Path, nargs="+", default=[], help="JSON lines not to be learnt")
    packages.add_choice(parser)
    options = parser.parse_args(arguments)
    chosen = packages.choose(options)
    chosen.sort(key=lambda package: not package.held_out)
    task = partial(prepare, archives=options.work / "archives", benchmark=overlap_index(options.benchmark))
    with ProcessPoolExecutor(options.jobs) as pool:
        prepared = list(without_duplicates(pool.map(task, chosen)))
    told = summary(prepared, options.work / "archives")
    (options.work / "corpus.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: told[key] for key in ("files", "characters", "dropped")}, indent=1), flush=True)
    write((one for one in prepared if not one.package.held_out), options.work / "corpus", options.jobs)
    write((one for one in prepared if one.package.held_out), options.work / "held-out", options.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
