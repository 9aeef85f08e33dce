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

from gguf import GGUFReader

from copilot_lsp.models import vocabulary
from copilot_lsp.models.trim import tokens_of, write_kept
from copilot_lsp.models.vocabulary import Tokens, TokenType
from training.batches import Corpus
from training.fim import CONTROL
from training.vocabulary import encode, read_tokenizer

SIZE = 32768
CHARACTERS = 20_000
"""Of a file; of a long one the beginning."""


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
    types = [TokenType.NORMAL] * len(tokens)
    return vocabulary.keep(Tokens(tokens, types, merges), (id for id, _ in counts.most_common()), size)


def write(base: Path, to: Path, kept: Sequence[int]) -> None:
    """Raises ValueError when a control token would change its id."""
    if list(kept[: max(CONTROL.values()) + 1]) != list(range(max(CONTROL.values()) + 1)):
        raise ValueError("the control tokens have to stay where they are")
    write_kept(GGUFReader(base), to, kept)


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
    tokens = tokens_of(GGUFReader(options.base))
    counts = count(_texts(options.corpus, options.files), options.base)
    kept = keep(tokens.texts, tokens.merges, counts, options.size)
    write(options.base, options.to, kept)
    used = sum(counts[id] for id in kept) / max(1, counts.total())
    print(f"{options.to}: {len(kept)} tokens, {used:.3%} of {counts.total()} in use; {len(counts)} of all occur")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
