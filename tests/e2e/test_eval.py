"""`copilot-lsp eval` with the real model: a handful of cases, the same whatever came before them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"

AREA = {
    "task_id": "SingleLineInfilling/Own/0/L0",
    "entry_point": "rectangle_area",
    "prompt": "def rectangle_width(rectangle):\n    return rectangle.width\n\n\ndef rectangle_area(width, height):\n",
    "canonical_solution": "    return width * height\n",
    "suffix": "\n",
    "test": "def check(candidate):\n    assert candidate(3, 4) == 12\n",
}


def evaluate(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "copilot_lsp", "eval", *map(str, arguments), "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def texts(data: dict[str, Any]) -> dict[str, str]:
    return {case["id"]: result["text"] for case in data["cases"] for result in case["results"].values()}


def test_a_folder_and_a_suite_and_going_on(tmp_path: Path) -> None:
    suite, record = tmp_path / "own.jsonl", tmp_path / "done.jsonl"
    suite.write_text(json.dumps(AREA) + "\n", "utf-8")
    data = evaluate(EXAMPLES, suite, "--cases", 5, "--out", record)
    assert len(data["cases"]) == 6
    assert data["failures"] == {name: {} for name in data["models"]}
    (model,) = data["models"].values()
    assert model["sequences"] == 1
    assert {"passed": True, "verdict": ""}.items() <= next(iter(data["cases"][-1]["results"].values())).items()
    assert any(texts(data).values())
    assert texts(evaluate(EXAMPLES, suite, "--cases", 5, "--out", record)) == texts(data)


def test_the_order_of_the_cases_changes_no_text() -> None:
    few = texts(evaluate(EXAMPLES, "--cases", 1, "--kind", "mid"))
    more = texts(evaluate(EXAMPLES, "--cases", 3, "--kind", "block", "--kind", "mid"))
    assert few.items() <= more.items()
