"""The corpus on disk: xz-compressed JSON lines, one file a line, the files of a package together.

Text is stored, not tokens: a hole is cut between characters, so tokenizing comes after the cut.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from training.collect import Source

# One dictionary for a whole shard: neighbouring packages of one language look alike. Preset 6 takes three times as
# long to make files 15 % smaller.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 3, "dict_size": 64 * 2**20}]


def write_shard(path: Path, sources: Iterable[Source]) -> int:
    """Writes one shard and returns its size in bytes."""
    with lzma.open(path, "wt", encoding="utf-8", filters=_FILTERS) as file:
        for source in sources:
            file.write(json.dumps(asdict(source), ensure_ascii=False) + "\n")
    return path.stat().st_size


def read_shard(path: Path) -> list[Source]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return [Source(**json.loads(line)) for line in file]


def read_corpus(folder: Path, jobs: int = 1) -> Iterator[Source]:
    """Every file of every shard. Raises FileNotFoundError when there is no shard."""
    shards = sorted(folder.glob("*.jsonl.xz"))
    if not shards:
        raise FileNotFoundError(f"{folder}: no corpus here (*.jsonl.xz); make one with training.prepare")
    if jobs <= 1:
        for shard in shards:
            yield from read_shard(shard)
        return
    with ProcessPoolExecutor(min(jobs, len(shards))) as pool:
        for sources in pool.map(read_shard, shards):
            yield from sources
