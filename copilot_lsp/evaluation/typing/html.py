"""A typing simulation as one HTML file, in the style of the other reports. All text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources

from copilot_lsp.evaluation.report import reliability
from copilot_lsp.evaluation.report.calibration import Calibration, of_points
from copilot_lsp.evaluation.report.plots import Axis, Line, bars, curves, legend, rounded
from copilot_lsp.evaluation.typing.measures import BY_NAME, MEASURES, by_language, value
from copilot_lsp.evaluation.typing.session import Typed
from copilot_lsp.evaluation.typing.table import Run, told
from copilot_lsp.evaluation.typing.typist import Verdict


def page(run: Run, options: Mapping[str, object], seed: int = 0) -> str:
    return _document(" and ".join(run), options, _values(run, seed) + _plots(run, seed))


def of_models(runs: Mapping[str, Run], options: Mapping[str, object], seed: int = 0) -> str:
    """The same for each model, by its name, under one head."""
    parts = [
        f'<h1 class="model">{escape(name)}</h1><p class="facts"><span>places: <b>{_count(run)}</b></span></p>'
        f"{_values(run, seed)}{_plots(run, seed)}"
        for name, run in runs.items()
    ]
    return _document(" and ".join(runs), options, "".join(parts))


def _count(run: Run) -> int:
    return len(next(iter(run.values()), []))


def _document(subject: str, options: Mapping[str, object], body: str) -> str:
    style = resources.files("copilot_lsp.evaluation.report").joinpath("report.css").read_text("utf-8")
    names = escape(subject)
    facts = "".join(f"<span>{escape(name)}: <b>{escape(str(value))}</b></span>" for name, value in options.items())
    body = f'<h1>Typing with {names}</h1><p class="facts">{facts}</p>{body}'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>copilot-lsp eval --typing: {names}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _values(run: Run, seed: int) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in ("measure", *run))
    rows = []
    for measure in MEASURES:
        found = [value(measure, typed, seed) for typed in run.values()]
        if any(each is not None for each in found):
            cells = "".join(f'<td class="number">{escape(told(measure, each))}</td>' for each in found)
            rows.append(f"<tr><td>{escape(measure.title)}</td>{cells}</tr>")
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<h2>Measures</h2><p>With 95 % intervals, bootstrapped over places.</p><div class="wide">{table}</div>'


def _plots(run: Run, seed: int) -> str:
    saved = BY_NAME["keystrokes_saved"]
    groups = {name: by_language(typed) for name, typed in run.items()}
    languages = list(next(iter(groups.values()), {}))
    shares = [
        (language, [found.value if (found := value(saved, each[language], seed)) else None for each in groups.values()])
        for language in languages
    ]
    figures = _figure("Keystrokes saved", bars(shares))
    lines = [Line(name, points) for name, typed in run.items() if (points := _waits(typed))]
    if lines:
        top = rounded(max(line.points[-1][0] for line in lines))
        axes = Axis("milliseconds from the key to the ghost", top, "{:.0f}"), Axis("ghosts", 1)
        figures += _figure("Time to ghost", curves(lines, *axes, dots=False))
    figures += reliability.figure({name: _calibration(typed) for name, typed in run.items()})
    return f'<h2>Plots</h2>{legend(list(run))}<div class="plots">{figures}</div>'


def _waits(typed: Sequence[Typed]) -> list[tuple[float, float, str]]:
    times = sorted(1000 * seen.wait for each in typed for seen in each.seen)
    return [(time, (number + 1) / len(times), "") for number, time in enumerate(times)]


def _calibration(typed: Sequence[Typed]) -> Calibration | None:
    """Of the ghosts, each with the probability of all of it; right is what was written to its end."""
    ghosts = [(seen.probability, seen.verdict is Verdict.FULL) for each in typed for seen in each.seen]
    return of_points([(probability, right) for probability, right in ghosts if probability is not None])


def _figure(title: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"
