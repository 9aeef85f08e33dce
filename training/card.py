"""Writes the model card's facts: data, training, scores while training, limits, how to make it again.

    python -m training.card WORK --run RUN [--run RUN] [--how TEXT] [--evaluation FILE.md] > CARD.md

Takes WORK/corpus.json (training.prepare) and each RUN/log.jsonl (training.train; of runs that went on from each other,
in their order); the evaluation is written by hand and put in as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

CARD = """# copilot-lsp FIM

SmolLM2-135M (Apache-2.0) taught to fill in the middle of code. Apache-2.0, too.

## Data
{files} files, {characters:.0f} million characters of source code of {packages} packages under permissive licences
(by package metadata and licence files; Debian packages file by file). Left out: {dropped}.

{languages}

Held out as a whole, for evaluation only: {held_out}.

## Training
{how}

{steps} steps, {tokens:.2f} million tokens, {minutes:.0f} minutes. Loss of the text to be filled in: {first:.3f} at
the start, {last:.3f} at the end (mean of ten steps each).

Held-out packages, greedy decoding, share of holes filled exactly: {checked}

## Evaluation
{evaluation}

## Limits
A small model: it knows idioms and what the prompt shows, not facts. It was trained on published packages, comments
in English. It can repeat what it has read; licences of the sources are below. Nothing it writes is checked.

## Again
See `training/README.md`.

## Packages
{table}
"""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)


Log = Sequence[Mapping[str, float]]


def card(corpus: Mapping[str, Any], logs: Sequence[Log], how: str, evaluation: str) -> str:
    """The card in Markdown, from what prepare and train wrote. Raises ValueError when nothing was trained."""
    runs = [[entry for entry in log if "step" in entry] for log in logs]
    if not all(runs):
        raise ValueError("the log has no training step")
    ends = [run[-1] for run in runs]
    used = [package for package in corpus["packages"] if package["files"]]
    learnt = [package for package in used if not package["held_out"]]
    checks = [entry for entry in logs[-1] if "holes" in entry]
    return CARD.format(
        files=sum(package["files"] for package in learnt),
        characters=sum(package["characters"] for package in learnt) / 1e6,
        packages=len(learnt),
        dropped=", ".join(f"{count} ({reason})" for reason, count in corpus["dropped"].items()),
        languages=_languages(corpus),
        held_out=", ".join(package["package"] for package in used if package["held_out"]) or "none",
        how=how or "See `training/README.md` for the command.",
        steps=sum(int(end["step"]) for end in ends),
        tokens=sum(end["tokens"] for end in ends) / 1e6,
        minutes=sum(end["seconds"] for end in ends) / 60,
        first=_mean(runs[0][:10]),
        last=_mean(runs[-1][-10:]),
        checked=_checked(checks[-1]) if checks else "not checked",
        evaluation=evaluation or "Not evaluated yet.",
        table=_packages(learnt),
    )


def _mean(steps: Sequence[Mapping[str, float]]) -> float:
    return sum(step["loss"] for step in steps) / len(steps)


def _checked(check: Mapping[str, float]) -> str:
    shares = (f"{name.removeprefix('exact_')} {share:.1%}" for name, share in check.items() if "exact" in name)
    return f"{', '.join(shares)} ({check['holes']:.0f} holes)."


def _languages(corpus: Mapping[str, Any]) -> str:
    sizes = sorted(corpus["characters"].items(), key=lambda item: -item[1])
    rows = [(name, corpus["files"][name], f"{size / 1e6:.1f}") for name, size in sizes]
    return table(("language", "files", "million characters"), rows)


def _packages(packages: Iterable[Mapping[str, Any]]) -> str:
    rows = [(p["package"], p["version"], p["licence"], p["files"], p["characters"]) for p in packages]
    return table(("package", "version", "licence", "files", "characters"), rows)


def _lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--run", type=Path, action="append", required=True)
    parser.add_argument("--how", default="", help="on what machine and with which options it was trained")
    parser.add_argument("--evaluation", type=Path)
    options = parser.parse_args(arguments)
    corpus = json.loads((options.work / "corpus.json").read_text(encoding="utf-8"))
    logs = [_lines(run / "log.jsonl") for run in options.run]
    evaluation = options.evaluation.read_text(encoding="utf-8") if options.evaluation else ""
    print(card(corpus, logs, options.how, evaluation), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
