"""Published suites as JSON lines: HumanEval-Infilling (arXiv 2207.14255) and SAFIM (arXiv 2403.04814).

infilling  {"prompt", "suffix", "canonical_solution", "task_id"?, "entry_point"?, "test"?, "language"?}
safim      {"lang", "prompt", "eval_prompt", "ground_truth", "task_id"?, "unit_tests"?}
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases.case import Case, Suite, Test
from copilot_lsp.source.languages import LANGUAGES, language_of

KEYS = {
    Suite.INFILLING: {"prompt", "suffix", "canonical_solution"},
    Suite.SAFIM: {"lang", "prompt", "eval_prompt", "ground_truth"},
}
ENDINGS = (".jsonl", ".jsonl.gz")

HOLE = "{{completion}}"

PLACEHOLDERS = ("# TODO: Your code here", "/* TODO: Your code here */")
"""What SAFIM's `prompt`, which has the problem's description as well, has for the hole."""


def is_suite(path: Path) -> bool:
    return path.name.endswith(ENDINGS)


def read(path: Path, wanted: Suite | None = None) -> list[Case]:
    """The cases of a file, in its order. Raises UsageError with the line for what is no case."""
    cases: list[Case] = []
    for number, data in _objects(path):
        try:
            cases.append(_case(data, wanted or _suite_of(data), f"{path.name}:{number}"))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path}:{number} is no case: {_why(error)}") from None
    if not cases:
        raise UsageError(f"{path} has no cases in it")
    return cases


def _why(error: Exception) -> str:
    return f"it has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _objects(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.name.endswith(".gz") else data).decode("utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _object(line, f"{path}:{number}")


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{where} is not a JSON object")
    return found


def _suite_of(data: Mapping[str, Any]) -> Suite:
    for suite, keys in KEYS.items():
        if keys <= data.keys():
            return suite
    known = "; ".join(f"{suite} has {', '.join(sorted(keys))}" for suite, keys in KEYS.items())
    raise ValueError(f"its keys are those of no known suite ({known})")


def _case(data: Mapping[str, Any], suite: Suite, where: str) -> Case:
    missing = KEYS[suite] - data.keys()
    if missing:
        raise KeyError(min(missing))
    return _infilling(data, where) if suite is Suite.INFILLING else _safim(data, where)


def _infilling(data: Mapping[str, Any], where: str) -> Case:
    id = str(data.get("task_id", where))
    language = language_of(_text(data, "language", "python")).id
    prompt, suffix = _text(data, "prompt"), _text(data, "suffix")
    test = None
    if language == "python" and data.get("test") and data.get("entry_point"):
        after = f"{suffix}\n{_text(data, 'test')}\ncheck({_text(data, 'entry_point')})\n"
        test = Test(prompt, after)
    truth = _text(data, "canonical_solution")
    return Case(id, Suite.INFILLING, _kind(id), language, _name(language), prompt, truth, suffix, test)


def _kind(id: str) -> str:
    """`SingleLineInfilling/HumanEval/0/L0` is `single-line`."""
    found = re.match(r"(\w+?)Infilling(\w*)/", id)
    return re.sub(r"(?<!^)(?=[A-Z])", "-", found[1] + found[2]).lower() if found else "hole"


def _safim(data: Mapping[str, Any], where: str) -> Case:
    language = language_of(_text(data, "lang")).id
    whole = _text(data, "eval_prompt")
    if whole.count(HOLE) != 1:
        raise ValueError(f"its eval_prompt has {whole.count(HOLE)} times {HOLE}, not once")
    before, after = whole.split(HOLE)
    prefix, suffix = _around(_text(data, "prompt")) or (before, after)
    examples = _examples(data.get("unit_tests"))
    test = Test(before, after, examples) if language == "python" and examples else None
    id = str(data.get("task_id", where))
    truth = _text(data, "ground_truth")
    return Case(id, Suite.SAFIM, id.split("_")[0], language, _name(language), prefix, truth, suffix, test)


def _around(prompt: str) -> tuple[str, str] | None:
    for mark in (*PLACEHOLDERS, HOLE):
        before, found, after = prompt.partition(mark)
        if found and mark not in after:
            return before, after
    return None


def _examples(tests: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`unit_tests` is a list of {"input", "output"}, or JSON of one; an output is a text or several that are right."""
    rows = json.loads(tests) if isinstance(tests, str) and tests.strip() else tests
    if not rows:
        return ()
    if not isinstance(rows, list):
        raise ValueError("its unit_tests are no list")
    return tuple((str(row["input"]), _outputs(row["output"])) for row in rows)


def _outputs(output: str | Sequence[str]) -> tuple[str, ...]:
    return (output,) if isinstance(output, str) else tuple(map(str, output))


def _text(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"its {key} is no text")
    return value


def _name(language: str) -> str:
    """A file name for a text that has none."""
    return next((f"main{row.suffixes[0]}" for row in LANGUAGES if row.id == language and row.suffixes), "main.txt")
