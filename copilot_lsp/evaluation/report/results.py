"""The results of a run: scores, groups of scores, and their JSON file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cattrs

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases.case import Case, Suite
from copilot_lsp.evaluation.report import calibration
from copilot_lsp.evaluation.report.calibration import Calibration
from copilot_lsp.evaluation.report.measures import THRESHOLDS, Point, Values, summary
from copilot_lsp.evaluation.report.score import Score, gated, score
from copilot_lsp.evaluation.report.statistics import Difference, differences
from copilot_lsp.evaluation.run.outcome import Outcome

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Model:
    """`outcomes` and `scores` by case id, with the gate; `sweep` is what others would give.

    `calibration`: None when no text had a probability.
    """

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    sweep: Sequence[Point] = ()
    calibration: Calibration | None = None

    @property
    def silences(self) -> Counter[str]:
        """Requests that showed nothing, by the reason."""
        return Counter(
            "failure" if outcome.failure else outcome.silence or "low-confidence"
            for id, outcome in self.outcomes.items()
            if not self.scores[id].shown
        )

    @property
    def failures(self) -> dict[str, str]:
        return {id: outcome.failure for id, outcome in self.outcomes.items() if outcome.failure}


@dataclass(frozen=True, slots=True)
class Results:
    """`cases` by id, in their order; the first model is the one that the others are compared with."""

    options: Mapping[str, Any]
    cases: Mapping[str, Case]
    models: Sequence[Model]

    def groups(self) -> dict[str, list[str]]:
        """Ids of all cases, then of each kind and each language where there are several; by the group's name."""
        found = {"all": list(self.cases)}
        for values in ({id: case.kind for id, case in self.cases.items()}, self._languages()):
            names = list(dict.fromkeys(values.values()))
            if len(names) > 1:
                found |= {name: [id for id, value in values.items() if value == name] for name in names}
        return found

    def _languages(self) -> dict[str, str]:
        return {id: case.language or "other" for id, case in self.cases.items()}

    def summary(self, model: Model, ids: Sequence[str]) -> Values:
        return summary([model.scores[id] for id in ids if id in model.scores])

    def differences(self, seed: int = 0) -> dict[str, tuple[int, list[Difference]]]:
        """Of every other model from the first one: the number of cases that both did, and the measures."""
        first, *others = self.models
        return {other.name: compare(first.scores, other.scores, seed) for other in others}


def compare(base: Mapping[str, Score], other: Mapping[str, Score], seed: int) -> tuple[int, list[Difference]]:
    common = [id for id in base if id in other]
    return len(common), differences([base[id] for id in common], [other[id] for id in common], seed)


def judged(
    name: str, facts: Mapping[str, Any], cases: Mapping[str, Case], outcomes: Mapping[str, Outcome], least: float | None
) -> Model:
    """`least`: where the gate cuts a text, None for no gate; a suite asks for its texts, and gets them whole."""
    points = tuple(sweep(cases, outcomes))
    honest = calibration.of((cases[id], outcome) for id, outcome in outcomes.items())
    if least is not None:
        outcomes = {id: _gated(cases[id], outcome, least) for id, outcome in outcomes.items()}
    scores = {id: score(cases[id], outcome) for id, outcome in outcomes.items()}
    return Model(name, facts, outcomes, scores, points, honest)


def _gated(case: Case, outcome: Outcome, least: float) -> Outcome:
    return gated(case, outcome, least) if case.suite is Suite.REPLAY else outcome


def sweep(cases: Mapping[str, Case], outcomes: Mapping[str, Outcome]) -> Iterator[Point]:
    """What each threshold would give, from the lowest one up."""
    for least in THRESHOLDS:
        scores = [score(cases[id], _gated(cases[id], outcome, least)) for id, outcome in outcomes.items()]
        values = summary(scores)
        yield Point(least, values["shown"] or 0.0, values["right_when_shown"], values["keystrokes_saved"])


def as_data(results: Results, seed: int = 0) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "format": FORMAT,
        "options": dict(results.options),
        "models": {model.name: dict(model.facts) for model in results.models},
        "summary": {model.name: _summary(results, model) for model in results.models},
        "differences": {
            name: {"cases": count, "measures": [asdict(each) for each in found]}
            for name, (count, found) in results.differences(seed).items()
        },
        "silences": {model.name: dict(model.silences.most_common()) for model in results.models},
        "failures": {model.name: model.failures for model in results.models},
        "sweep": {model.name: [asdict(each) for each in model.sweep] for model in results.models},
        "calibration": {model.name: asdict(model.calibration) for model in results.models if model.calibration},
        "cases": [_case_data(results, case) for case in results.cases.values()],
    }


def _summary(results: Results, model: Model) -> dict[str, Values]:
    return {group: results.summary(model, ids) for group, ids in results.groups().items()}


def _case_data(results: Results, case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "digest": case.digest,
        "suite": case.suite,
        "kind": case.kind,
        "language": case.language,
        "truth": case.truth,
        "results": {
            model.name: {**asdict(model.outcomes[case.id]), "score": asdict(model.scores[case.id])}
            for model in results.models
            if case.id in model.outcomes
        },
    }


def read_scores(path: Path) -> dict[str, dict[str, Score]]:
    """From a JSON file that `as_data` made: the scores of each model, by what the case is. Raises UsageError."""
    try:
        data = json.loads(path.read_text("utf-8"))
        if data["format"] != FORMAT:
            raise UsageError(f"{path} was written by another version of `copilot-lsp eval` (format {data['format']})")
        found: dict[str, dict[str, Score]] = {name: {} for name in data["models"]}
        for case in data["cases"]:
            for name, result in case["results"].items():
                found[name][case["digest"]] = cattrs.structure(result["score"], Score)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, cattrs.BaseValidationError):
        raise UsageError(f"{path} is not what `copilot-lsp eval --json` writes") from None
    return found
