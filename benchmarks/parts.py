"""What each part of an answer takes, apart from the model: the goals that are not a comparison with somebody else.

    .venv/bin/python -m benchmarks.parts [--model NAME|PATH] [--rounds 200]

llama.cpp is loaded in this process, beside an engine process of the usual kind.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.engine import requests
from copilot_lsp import models
from copilot_lsp.completion import context
from copilot_lsp.completion.completer import Completer, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine import fim
from copilot_lsp.engine.base import InfillRequest, Limits, Piece
from copilot_lsp.engine.local import decode, kv, supervisor, windows
from copilot_lsp.engine.local.llama import Llama, ModelParams, silence_log, template_of
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document, Edit

SOURCE = Path(supervisor.__file__)
LINES = 5000
URI = "file:///a.py"
TYPED = "value = compute(first, second)\n"

Times = list[float]
"""Milliseconds."""


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def long_document() -> Document:
    lines = (SOURCE.read_text("utf-8") * 100).split("\n")[:LINES]
    return Document.open(URI, "a.py", "python", 0, "\n".join(lines), 1_000_000)


def change_to_tree(rounds: int) -> Times:
    """Somebody types lines in the middle of 5,000: each key, until the syntax tree is that of the new text."""
    document = long_document()
    document.snapshot()
    column, found = 0, []
    line = document.text.line_at(document.text.data.index(b"\n\n\n", len(document.text.data) // 2)) + 1

    def press(key: str) -> None:
        at = line, column
        document.apply([Edit(at, at, key, "utf-16")], document.version + 1)
        document.snapshot()

    for key in (TYPED * rounds)[:rounds]:
        found.append(timed(partial(press, key)))
        line, column = (line + 1, 0) if key == "\n" else (line, column + 1)
    return found


def snapshot_to_prompt(llama: Llama, rounds: int, typing: bool) -> Times:
    """The window in the server and the tokens in the engine: at a key of somebody who types, or after a jump."""
    document, rng = long_document(), random.Random(0)
    vocabulary, template, budget = parts_of(llama)
    starts = document.text.starts
    offset, pin = starts[LINES // 2], None

    def prompt() -> None:
        nonlocal pin
        snapshot = document.snapshot()
        around = context.build(snapshot, offset, pin)
        request = InfillRequest("d", "a.py", around.prefix, around.suffix, around.cuts, anchor=around.anchor)
        made = fim.build(vocabulary, template, replace(request, pinned=around.pinned), budget)
        pin = context.pin_of(snapshot, offset, around, made.cut) if typing else None

    found = []
    for number in range(rounds):
        if typing:
            at = LINES // 2, number
            document.apply([Edit(at, at, "x", "utf-16")], number)
            offset += 1
        else:
            offset = starts[rng.randrange(len(starts))]
        document.snapshot()
        found.append(timed(prompt))
    return found


def parts_of(llama: Llama) -> tuple[LlamaVocabulary, fim.Template, fim.Budget]:
    vocabulary = LlamaVocabulary(llama.vocabulary)
    budget = windows.whole(Settings().context, llama.context_size - 256)
    return vocabulary, template_of(llama, vocabulary), budget


def decode_overhead(llama: Llama, rounds: int) -> Iterator[float]:
    """Our loop over llama.cpp alone for the same tokens, a ratio a round; drafts are off, so a token is a token."""
    vocabulary, template, budget = parts_of(llama)
    request = requests(lines=0, tokens=64, keystrokes=1)[0]
    for _ in range(rounds):
        slot = kv.Slot(0)
        work = decode.Work(request, fim.build(vocabulary, template, request, budget), slot, 64)
        for _ in decode.generate(llama, vocabulary, template, work, drafts=0):
            pass
        ours = work.milliseconds - work.prefill_ms
        start = len(work.prompt.tokens)
        written = slot.tokens[start:]
        llama.forget(0, start)

        def alone(written: list[int] = written, start: int = start) -> None:
            for number, token in enumerate(written):
                llama.evaluate([token], start + number, 0, 1)

        raw = timed(alone)
        llama.forget(0, 0)
        if written:
            yield ours / raw


async def cancel_to_free(engine: LocalEngine, rounds: int) -> Times:
    """From a cancelled decode until the engine works on the next request.

    The next one has one token to evaluate, as every request has; what that takes on a free engine is subtracted.
    """
    found = []
    asked = requests(lines=0, tokens=64, keystrokes=1)[0]
    nothing = InfillRequest("e", "e.py", "\n", "\n", limits=Limits(max_tokens=0))
    await drained(engine, nothing, 0.0)
    for _ in range(rounds):
        async with aclosing(engine.infill(asked)) as stream:
            async for item in stream:
                if isinstance(item, Piece):
                    break
            begun = time.perf_counter()
        after = await drained(engine, nothing, begun)
        found.append(after - await drained(engine, nothing, time.perf_counter()))
    return found


async def drained(engine: LocalEngine, request: InfillRequest, begun: float) -> float:
    """Milliseconds from `begun` to the end of `request`."""
    async for _ in engine.infill(request):
        pass
    return 1000 * (time.perf_counter() - begun)


async def typed_through(engine: LocalEngine, rounds: int) -> Times:
    """An answer from memory, as the completer takes it: keys of a completion that is there."""
    found: Times = []
    text = SOURCE.read_text("utf-8")
    places = [at + len("self.") for at in range(len(text)) if text.startswith("self.", at)]
    for at in places:
        completer = Completer(engine, Settings())
        first = await ask(completer, text, at, "")
        shown = first[0]
        for count in range(1, len(shown)):
            _, source, milliseconds = await ask(completer, text, at, shown[:count])
            if source == "cache":
                found.append(milliseconds)
        await completer.close()
        if len(found) >= rounds:
            break
    return found


async def ask(completer: Completer, text: str, at: int, typed: str) -> tuple[str, str, float]:
    end = text.index("\n", at)
    source = text[:at] + typed + text[end:]
    document = Document.open(URI, "a.py", "python", len(typed), source, 500_000)
    offset = len((text[:at] + typed).encode())
    answer = await completer.complete(Query(document.snapshot(), offset, Trigger.INVOKED, wait_for_all=True))
    shown = answer.completions[0].text if answer.completions else ""
    return shown, answer.source, answer.milliseconds


@asynccontextmanager
async def started(model: Path) -> AsyncIterator[LocalEngine]:
    engine = LocalEngine(model, Settings())
    await engine.start()
    await engine.ready()
    try:
        yield engine
    finally:
        await engine.close()


async def with_engine(model: Path, rounds: int) -> dict[str, Times]:
    async with started(model) as engine:
        return {
            "cancel to a free engine": await cancel_to_free(engine, min(rounds, 40)),
            "an answer from memory": await typed_through(engine, rounds),
        }


def report(found: dict[str, Times], overhead: list[float]) -> None:
    table = Table("part", "n", "p50 (ms)", "p95 (ms)")
    for name, times in found.items():
        ordered = sorted(times)
        p95 = ordered[int(0.95 * (len(ordered) - 1))]
        table.add_row(name, str(len(ordered)), f"{statistics.median(ordered):.2f}", f"{p95:.2f}")
    console = Console(highlight=False)
    console.print(table)
    ratio = statistics.median(overhead)
    console.print(f"decode loop / llama.cpp alone, same tokens: {ratio:.3f} (median of {len(overhead)} rounds)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    model = models.find(arguments.model).path
    os.environ.setdefault("GOMP_SPINCOUNT", "300")  # as the engine process has it
    silence_log()
    found = {"didChange to tree, 5,000 lines": change_to_tree(arguments.rounds)}
    found |= asyncio.run(with_engine(model, arguments.rounds))
    llama = Llama(ModelParams(model, 2048, Settings().engine))
    for name, typing in (("snapshot to prompt, a key", True), ("snapshot to prompt, a jump", False)):
        found[name] = snapshot_to_prompt(llama, min(arguments.rounds, 80), typing)
    found["one token decoded"] = one_token(llama, arguments.rounds)
    report(found, list(decode_overhead(llama, 10)))


def one_token(llama: Llama, rounds: int) -> Times:
    llama.evaluate(list(range(20, 52)), 0, 0, 0)
    times = []
    for _ in range(min(rounds, 50)):
        times.append(timed(lambda: llama.evaluate([20], 32, 0, 1)))
        llama.forget(0, 32)
    llama.forget(0, 0)
    return times


if __name__ == "__main__":
    main()
