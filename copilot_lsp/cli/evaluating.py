"""Runs `eval`: all models over the cases, the report at the end, and the comparison of two runs."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from copilot_lsp import __version__, models
from copilot_lsp.cli import INTERRUPTED, engines, streams
from copilot_lsp.cli.engines import Choice
from copilot_lsp.errors import EngineFailed, RecordLost, UsageError
from copilot_lsp.evaluation.cases import select
from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.report import html, results, table
from copilot_lsp.evaluation.report.measures import BY_NAME, Values
from copilot_lsp.evaluation.report.results import Results
from copilot_lsp.evaluation.run import runner, sandbox
from copilot_lsp.evaluation.run.outcome import Outcome
from copilot_lsp.evaluation.run.record import Record, code_digest
from copilot_lsp.evaluation.run.runner import Choose, Contender, Mode
from copilot_lsp.models.lookup import checksum
from copilot_lsp.settings import Settings

Bound = tuple[str, float]

WIDTH = 140
"""Of tables that go into a file or a pipe."""


@dataclass(frozen=True, slots=True)
class Options:
    """`cases` None: 300 of a folder, all of a suite. `confidence` None: that of the settings.

    `min` and `max` are the gates; `json` is a path or "-" for stdout.
    """

    paths: Sequence[Path]
    suite: str
    cases: int | None
    seed: int
    language: Sequence[str]
    kind: Sequence[str]
    exclude: Sequence[str]
    model: Sequence[str]
    bare: bool
    invoked: bool
    context: bool
    confidence: float | None
    sweep: bool
    json: str | None
    html: Path | None
    out: Path | None
    min: Sequence[Bound]
    max: Sequence[Bound]
    compare: Sequence[Path] | None


@dataclass(slots=True)
class Evaluation:
    """`outcomes` and `facts` by the model's name grow while it goes on; what is there stays when it is interrupted."""

    contenders: Sequence[Contender]
    cases: Mapping[str, Case]
    mode: Mode
    record: Record
    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return sum(map(len, self.outcomes.values()))

    @property
    def wanted(self) -> int:
        return len(self.cases) * len(self.contenders)


def evaluate(options: Options, choice: Choice) -> int:
    """The exit code. Raises UsageError, ModelError."""
    cases = cases_of(options)
    mode = Mode(options.bare, options.invoked, chooser_of(options))
    run = Evaluation(contenders_of(options.model, choice), cases, mode, Record(options.out))
    trouble, code = "", 0
    try:
        asyncio.run(answer(choice, run))
    except KeyboardInterrupt:
        trouble, code = "interrupted", INTERRUPTED
    except (EngineFailed, RecordLost) as error:
        trouble, code = str(error), error.exit_code
    found = results_of(options, run)
    write(options, found)
    if trouble:
        again = "the same command goes on from there" if options.out else "with --out FILE it could go on from there"
        streams.say(f"{trouble}: {run.done} of {run.wanted} are done, {again}")
    return code or gate(options, found)


def cases_of(options: Options) -> dict[str, Case]:
    wanted = select.Wanted(
        suite=options.suite,
        count=options.cases,
        seed=options.seed,
        languages=tuple(options.language),
        kinds=tuple(options.kind),
        exclude=tuple(options.exclude),
    )
    return select.cases(options.paths, wanted)


def chooser_of(options: Options) -> Choose:
    """Raises UsageError where text of other files cannot be had."""
    if not options.context:
        return runner.nothing
    if options.bare:
        raise UsageError("--bare is the model without the pipeline, which chooses the context: leave --context out")
    from copilot_lsp.cli import knowing

    return knowing.chooser(options.paths, Settings())


def contenders_of(names: Sequence[str], choice: Choice) -> list[Contender]:
    """Files of the same name are identified by their paths. Raises ModelError, UsageError."""
    found: dict[str, Contender] = {}
    for given in names or ["default"]:
        name, identity, path = given, given, given
        if choice.engine == "local":
            model = models.find(given)
            name, identity, path = model.name, checksum(model.path), str(model.path)
        if identity in found:
            raise UsageError(f"the model {given} is given twice")
        if any(other.name == name for other in found.values()):
            name = path
        found[identity] = Contender(name, identity, runner.settings_for(Settings(model=given)))
    return list(found.values())


async def answer(choice: Choice, run: Evaluation) -> None:
    """One model after the other, so that only one is in memory. Raises EngineFailed."""
    with _progress() as progress:
        for contender in run.contenders:
            bar = progress.add_task(contender.name, total=len(run.cases))
            await _answer_with(choice, run, contender, partial(progress.advance, bar))


async def _answer_with(choice: Choice, run: Evaluation, contender: Contender, advance: Callable[[], None]) -> None:
    """No engine is started when all is in the record."""
    outcomes = run.outcomes.setdefault(contender.name, {})
    facts = run.facts.setdefault(contender.name, {"sha256": contender.identity})

    def tell(case: Case, outcome: Outcome) -> None:
        outcomes[case.id] = outcome
        advance()

    missing = runner.recall(contender, list(run.cases.values()), run.mode, run.record, tell)
    if missing:
        async with engines.started(engines.create(choice, contender.settings)) as engine:
            facts.update(engine.status.details)
            await runner.run(engine, contender, missing, run.mode, run.record, tell)
            facts["safe_mode"] = engine.status.safe_mode


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def results_of(options: Options, run: Evaluation) -> Results:
    least = threshold_of(options)
    judged = [
        results.judged(name, run.facts.get(name, {}), run.cases, outcomes, least)
        for name, outcomes in run.outcomes.items()
    ]
    return Results(options_of(options, run, least), run.cases, judged)


def threshold_of(options: Options) -> float | None:
    """None where nothing is held back for its confidence: on request, and without the pipeline."""
    if options.confidence is not None:
        return options.confidence
    return None if options.bare or options.invoked else Settings().completion.confidence


def options_of(options: Options, run: Evaluation, least: float | None) -> dict[str, Any]:
    """The settings of the run, for the JSON file and the report."""
    return {
        "version": __version__,
        "code": code_digest(),
        "paths": [str(path) for path in options.paths],
        "seed": options.seed,
        "languages": options.language,
        "kinds": options.kind,
        "mode": mode_of(run),
        "context": options.context,
        "confidence": least if any(case.suite is Suite.REPLAY for case in run.cases.values()) else None,
        "cases": len(run.cases),
        "complete": run.done == run.wanted,
        "sandbox": sandbox.isolation() if any(case.test for case in run.cases.values()) else None,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
    }


def mode_of(run: Evaluation) -> str:
    """How the cases were asked; suites always are as a key does it."""
    if run.mode.bare:
        return "bare"
    return " and ".join(sorted({str(run.mode.trigger(case)) for case in run.cases.values()}))


def write(options: Options, found: Results) -> None:
    """To stdout and to the files that were asked for. Raises UsageError for one that cannot be written."""
    if options.json == "-":
        print(_json(options, found))
    else:
        _print(table.overview(found, options.seed, options.sweep))
    try:
        if options.json and options.json != "-":
            Path(options.json).write_text(_json(options, found) + "\n", "utf-8", errors="replace")
        if options.html:
            options.html.write_text(html.page(found, options.seed), "utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None


def _json(options: Options, found: Results) -> str:
    return json.dumps(results.as_data(found, options.seed), indent=1, ensure_ascii=False)


def _print(what: RenderableType) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(what)


def refuse_unknown_measures(options: Options) -> None:
    """Raises UsageError, before anything runs."""
    for name, _ in (*options.min, *options.max):
        if name not in BY_NAME:
            raise UsageError(f"there is no measure {name!r}: there are {', '.join(BY_NAME)}")


def gate(options: Options, found: Results) -> int:
    """1 when a model misses a bound, with a line for each; a measure without a value misses all."""
    missed = [
        f"{model.name}: {line}"
        for model in found.models
        for line in _missed(found.summary(model, list(found.cases)), options.min, options.max)
    ]
    for line in missed:
        streams.say(line)
    return int(bool(missed))


def _missed(values: Values, least: Sequence[Bound], most: Sequence[Bound]) -> Iterator[str]:
    for bounds, word, sign in ((least, "below", 1), (most, "above", -1)):
        for name, bound in bounds:
            value, measure = values[name], BY_NAME[name]
            if value is None:
                yield f"{name} was not measured in these cases"
            elif sign * value < sign * bound:
                yield f"{name} is {measure.text(value)}, {word} {measure.text(bound)}"


def compare(first: Path, second: Path, seed: int) -> int:
    """The models of the same name in two files; or the only one of each, whatever their names are."""
    base, other = results.read_scores(first), results.read_scores(second)
    pairs = [(name, name) for name in base if name in other]
    if not pairs and len(base) == len(other) == 1:
        pairs = [(next(iter(base)), next(iter(other)))]
    if not pairs:
        names = " and ".join(f"{path} has {', '.join(each)}" for path, each in ((first, base), (second, other)))
        raise UsageError(f"no model is in both files: {names}")
    for left, right in pairs:
        count, found = results.compare(base[left], other[right], seed)
        if not count:
            raise UsageError(f"{first} and {second} have no case in common: run both with the same PATH and --seed")
        labels = (left, right) if left != right else (f"{left}, {first.stem}", second.stem)
        _print(table.comparison(*labels, count, found))
    return 0
