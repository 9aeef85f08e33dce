"""The report as one self-contained HTML file, without scripts, fonts or external images.

All text that comes from cases or models is escaped, or it could put anything into the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources

from copilot_lsp.evaluation.cases.case import Case, unified
from copilot_lsp.evaluation.report import reliability
from copilot_lsp.evaluation.report.measures import BY_NAME, MEASURES
from copilot_lsp.evaluation.report.plots import Axis, Line, bars, curves, legend, rounded
from copilot_lsp.evaluation.report.results import Model, Results

WORST = 20
"""Cases shown: wrong ones, those first of which the model was surest."""

ABOVE, BELOW, COLUMNS, TRUTH_LINES = 8, 3, 160, 24

TEXT = BY_NAME["shown"].text


def page(results: Results, seed: int = 0) -> str:
    style = resources.files("copilot_lsp.evaluation.report").joinpath("report.css").read_text("utf-8")
    names = " and ".join(model.name for model in results.models)
    body = [
        f"<h1>Completions of {escape(names)}</h1>",
        _options(results),
        "<h2>Measures</h2>",
        _values(results),
        *_differences(results, seed),
        *_plots(results),
        *_silences(results),
        *_worst(results),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>copilot-lsp eval: {escape(names)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _options(results: Results) -> str:
    given = {name: value for name, value in results.options.items() if value not in (None, [], "")}
    parts = (f"<span>{escape(name)}: <b>{escape(_plain(value))}</b></span>" for name, value in given.items())
    return f'<p class="facts">{"".join(parts)}</p>'


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """The first `left` columns are names."""

    def cells(tag: str, values: Sequence[str]) -> str:
        classes = ("" if index < left else ' class="number"' for index in range(len(values)))
        return "".join(f"<{tag}{css}>{escape(value)}</{tag}>" for css, value in zip(classes, values, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{cells("th", head)}</tr></thead><tbody>{body}</tbody></table></div>'


def _values(results: Results) -> str:
    rows = [
        (group, model, len([id for id in ids if id in model.scores]), results.summary(model, ids))
        for group, ids in results.groups().items()
        for model in results.models
    ]
    measures = [each for each in MEASURES if any(values[each.name] is not None for *_, values in rows)]
    body = [
        (group, model.name, str(count), *(each.text(values[each.name]) for each in measures))
        for group, model, count, values in rows
    ]
    return _table(["cases", "model", "n", *(each.title for each in measures)], body, left=2)


def _differences(results: Results, seed: int) -> Iterator[str]:
    for name, (count, found) in results.differences(seed).items():
        rows = []
        for each in found:
            measure = BY_NAME[each.measure]
            scale, unit = (1, " ms") if measure.quantile is not None else (100, "")
            digits = 0 if unit else 1
            gap = f"{scale * (each.other - each.base):+.{digits}f}{unit}"
            low, high = each.low, each.high
            interval = (
                "–" if low is None or high is None else f"{scale * low:+.{digits}f} to {scale * high:+.{digits}f}{unit}"
            )
            sure = "yes" if each.is_sure else "no"
            rows.append((measure.title, measure.text(each.base), measure.text(each.other), gap, interval, sure))
        base = results.models[0].name
        yield f"<h2>{escape(name)} against {escape(base)}</h2><p>{count} cases in common; paired bootstrap.</p>"
        yield _table(["measure", base, name, "difference", "95 % interval", "leaves out 0"], rows)


def _plots(results: Results) -> Iterator[str]:
    names = [model.name for model in results.models]
    yield f'<h2>Plots</h2>{legend(names)}<div class="plots">'
    yield _figure("Exact match", bars(list(_exact(results))))
    precision = [Line(model.name, _precision(model)) for model in results.models]
    told = "Right when shown, by how much is shown, for thresholds of confidence"
    yield _figure(told, curves(precision, Axis("requests that showed something", 1), Axis("right when shown", 1)))
    yield reliability.figure({model.name: model.calibration for model in results.models})
    latency = [Line(model.name, points) for model in results.models if (points := _latency(model))]
    if latency:
        top = rounded(max(line.points[-1][0] for line in latency))
        axes = Axis("milliseconds, of a document that is new to the engine", top, "{:.0f}"), Axis("answered", 1)
        yield _figure("Time to the answer", curves(latency, *axes, dots=False))
    yield "</div>"


def _figure(title: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def _exact(results: Results) -> Iterator[tuple[str, list[float | None]]]:
    for group, ids in results.groups().items():
        yield group, [results.summary(model, ids)["exact_match"] for model in results.models]


def _precision(model: Model) -> list[tuple[float, float, str]]:
    return [
        (point.shown, right, f"confidence {point.threshold}: {TEXT(point.shown)} shown, {TEXT(right)} right")
        for point in model.sweep
        if (right := point.right_when_shown) is not None
    ]


def _latency(model: Model) -> list[tuple[float, float, str]]:
    times = sorted(score.milliseconds for score in model.scores.values() if score.milliseconds is not None)
    return [(time, (number + 1) / len(times), "") for number, time in enumerate(times)]


def _silences(results: Results) -> Iterator[str]:
    reasons = list(dict.fromkeys(reason for model in results.models for reason, _ in model.silences.most_common()))
    if reasons:
        rows = [(reason, *(str(model.silences[reason]) for model in results.models)) for reason in reasons]
        yield "<h2>Why nothing was shown</h2>"
        yield _table(["reason", *(model.name for model in results.models)], rows)
    for model in results.models:
        for id, message in model.failures.items():
            yield f'<p class="bad">{escape(model.name)}: {escape(id)}: {escape(message)}</p>'


def _worst(results: Results) -> Iterator[str]:
    model = results.models[-1]
    wrong = [id for id, score in model.scores.items() if score.shown and not score.exact]
    wrong.sort(key=lambda id: model.scores[id].confidence or float("-inf"), reverse=True)
    if wrong:
        yield f"<h2>Where {escape(model.name)} was confident but wrong</h2>"
    for id in wrong[:WORST]:
        yield _example(results, results.cases[id])


def _example(results: Results, case: Case) -> str:
    before = unified(case.prefix).split("\n")[-ABOVE:]
    after = unified(case.line_end + case.suffix).split("\n")[: BELOW + 1]
    context = _code("\n".join(before)) + f"<ins>{_code(_short(case.hole))}</ins>" + _code("\n".join(after))
    answers = "".join(_answer(model, case) for model in results.models if case.id in model.outcomes)
    return f"<details open><summary>{escape(case.id)}</summary><pre>{context}</pre>{answers}</details>"


def _answer(model: Model, case: Case) -> str:
    outcome, score = model.outcomes[case.id], model.scores[case.id]
    sure = "" if outcome.confidence is None else f", confidence {outcome.confidence:.2f}"
    verdict = (
        "right" if score.exact else "wrong" if score.shown else f"nothing shown ({outcome.silence or 'confidence'})"
    )
    failed = f", {outcome.verdict}" if outcome.verdict else ""
    note = escape(f"{model.name}: {verdict}{sure}{failed}")
    css = "good" if score.exact else "bad" if score.shown else "none"
    return f'<p class="{css}">{note}</p><pre class="{css}">{_code(_short(unified(outcome.text)))}</pre>'


def _short(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines[:TRUTH_LINES] + ["…"] * (len(lines) > TRUTH_LINES))


def _code(text: str) -> str:
    return escape("\n".join(line if len(line) <= COLUMNS else line[:COLUMNS] + "…" for line in text.split("\n")))
