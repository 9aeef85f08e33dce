"""Reading HumanEval-Infilling and SAFIM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from problems import DOUBLE, ECHO, suite

from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases import suites
from copilot_lsp.evaluation.cases.case import Suite
from copilot_lsp.postprocess.shape import Shape


@pytest.mark.parametrize("name", ["own.jsonl", "own.jsonl.gz"])
def test_infilling(tmp_path: Path, name: str) -> None:
    (case,) = suites.read(suite(tmp_path / name, DOUBLE))
    assert (case.suite, case.kind, case.language, case.path) == (Suite.INFILLING, "single-line", "python", "main.py")
    assert case.hole == "    return 2 * number"
    assert case.masked == "def double(number):\n\n\n"  # the line end is there, as in an editor
    assert case.shape is Shape.LINE
    assert case.test is not None
    assert case.test.before + case.truth + case.test.after == (
        "def double(number):\n    return 2 * number\n\n\n" + DOUBLE["test"] + "\ncheck(double)\n"
    )


def test_infilling_of_several_lines_asks_for_a_block(tmp_path: Path) -> None:
    row = DOUBLE | {"task_id": "RandomSpanInfillingLight/Own/0/1", "canonical_solution": "    a = 1\n    return a"}
    (case,) = suites.read(suite(tmp_path / "own.jsonl", row))
    assert (case.kind, case.shape, case.line_end) == ("random-span-light", Shape.BLOCK, "")


def test_infilling_in_another_language_is_not_run(tmp_path: Path) -> None:
    (case,) = suites.read(suite(tmp_path / "own.jsonl", DOUBLE | {"language": "js"}))
    assert (case.language, case.path, case.test) == ("javascript", "main.js", None)


def test_safim_completes_the_prompt_and_tests_the_program(tmp_path: Path) -> None:
    (case,) = suites.read(suite(tmp_path / "own.jsonl", ECHO))
    assert (case.suite, case.kind, case.shape) == (Suite.SAFIM, "control", Shape.LINE)
    assert case.prefix == '"""Print each word."""\nfor '
    assert case.suffix == "\n    print(word)\n"
    assert case.test is not None
    assert (case.test.before, case.test.examples) == ("for ", (("a b\n", ("a\nb\n",)), ("x\n", ("x\n",))))


def test_safim_takes_lists_single_outputs_and_programs_without_tests(tmp_path: Path) -> None:
    tests = [{"input": "1", "output": "1"}]
    rows: tuple[dict[str, Any], ...] = (
        ECHO | {"unit_tests": tests},
        ECHO | {"unit_tests": []},
        ECHO | {"lang": "java"},
    )
    listed, none, java = suites.read(suite(tmp_path / "own.jsonl", *rows))
    assert listed.test is not None
    assert listed.test.examples == (("1", ("1",)),)
    assert (none.test, java.test, java.language) == (None, None, "java")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no cases in it"),
        ("{]\n", "own.jsonl:1 is not JSON"),
        ("[1]\n", "own.jsonl:1 is not a JSON object"),
        ('\n{"prompt": 1}\n', "own.jsonl:2 is no case: its keys are those of no known suite (infilling has"),
        (json.dumps(DOUBLE | {"suffix": 3}), "own.jsonl:1 is no case: its suffix is no text"),
        (json.dumps(ECHO | {"eval_prompt": "for"}), "its eval_prompt has 0 times {{completion}}, not once"),
        (json.dumps(ECHO | {"unit_tests": "{}x"}), "own.jsonl:1 is no case"),
    ],
)
def test_what_is_no_suite_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as error:
        suites.read(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_compressed_although_its_name_says_so(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl.gz"
    path.write_text("{}", "utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        suites.read(path)
