"""Takes out of a GGUF file's vocabulary what code does not use, and keeps `--size` tokens.

    python -m training.trim BASE.gguf CORPUS --to OUT.gguf

Of SmolLM2's 49,152 tokens, 21,433 do not occur in 12 million tokens of code (" blueberries", " Therapeutic"), but their
embeddings are stored, and each token that is generated pays for a logit of every one of them. A word that was one
token becomes a few. What remains is tokenized as before. Works before training and after it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from gguf import GGUFReader, GGUFWriter

from training.batches import Corpus
from training.fim import CONTROL
from training.metadata import copy
from training.vocabulary import encode, read_tokenizer

SIZE = 32768
CHARACTERS = 20_000
"""Of a file; of a long one the beginning."""

_TOKENS, _TYPES, _MERGES = (f"tokenizer.ggml.{name}" for name in ("tokens", "token_type", "merges"))
_ROWS = "token_embd.weight"


def count(texts: Iterable[str], base: Path) -> Counter[int]:
    """How often each token comes."""
    tokenizer = read_tokenizer(base)
    found: Counter[int] = Counter()
    for text in texts:
        found.update(encode(tokenizer, text[:CHARACTERS]))
    return found


def keep(tokens: Sequence[str], merges: Sequence[str], counts: Counter[int], size: int) -> list[int]:
    """Ids of at most `size` tokens, ascending: control tokens and bytes, then the most used with what they are merged
    from, and where these leave room, the first of the others: those that are merged first are the most frequent ones.
    """
    ids = {token: id for id, token in enumerate(tokens)}
    parts = {ids["".join(pair)]: tuple(ids[part] for part in pair) for merge in merges if (pair := merge.split(" "))}
    kept = {id for id in range(len(tokens)) if id not in parts}
    for id in [*(id for id, _ in counts.most_common()), *range(len(tokens))]:
        wanted = _with_parts(id, parts, kept)
        if len(kept) + len(wanted) <= size:
            kept |= wanted
    return sorted(kept)


def _with_parts(id: int, parts: dict[int, tuple[int, ...]], kept: set[int]) -> set[int]:
    """`id` and all that it is merged from, as far as they are not `kept`."""
    if id in kept:
        return set()
    return {id}.union(*(_with_parts(part, parts, kept) for part in parts[id]))


def write(base: Path, to: Path, kept: Sequence[int]) -> None:
    """Raises ValueError when a control token would change its id."""
    if list(kept[: max(CONTROL.values()) + 1]) != list(range(max(CONTROL.values()) + 1)):
        raise ValueError("the control tokens have to stay where they are")
    reader = GGUFReader(base)
    tokens, types, merges = (reader.fields[key].contents() for key in (_TOKENS, _TYPES, _MERGES))
    left = [tokens[id] for id in kept]
    names = set(left)
    architecture = reader.fields["general.architecture"].contents()
    changed: dict[str, Any] = {
        _TOKENS: left,
        _TYPES: [types[id] for id in kept],
        _MERGES: [merge for merge in merges if merge.replace(" ", "") in names],
        f"{architecture}.vocab_size": len(kept),
    }
    writer = GGUFWriter(to, architecture)
    copy(reader, writer, changed)
    for tensor in reader.tensors:
        data = tensor.data[list(kept)] if tensor.name == _ROWS else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _texts(folder: Path, files: int) -> Iterable[str]:
    """Of files that are drawn as for training."""
    corpus, random = Corpus.read(folder), Random(1)
    return islice((corpus.draw(random).text for _ in iter(int, 1)), files)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--files", type=int, default=3000, help="files to count tokens in (default 3000)")
    options = parser.parse_args(arguments)
    fields = GGUFReader(options.base).fields
    counts = count(_texts(options.corpus, options.files), options.base)
    kept = keep(fields[_TOKENS].contents(), fields[_MERGES].contents(), counts, options.size)
    write(options.base, options.to, kept)
    used = sum(counts[id] for id in kept) / max(1, counts.total())
    print(f"{options.to}: {len(kept)} tokens, {used:.3%} of {counts.total()} in use; {len(counts)} of all occur")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
