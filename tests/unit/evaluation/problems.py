"""Little problems in the published forms."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from copilot_lsp.evaluation.cases.case import Case, Suite

DOUBLE = {
    "task_id": "SingleLineInfilling/Own/0/L0",
    "entry_point": "double",
    "prompt": "def double(number):\n",
    "canonical_solution": "    return 2 * number\n",
    "suffix": "\n",
    "test": "def check(candidate):\n    assert candidate(4) == 8\n    assert candidate(-1) == -2\n",
}
ECHO = {
    "task_id": "control_completion_000001",
    "lang": "python",
    "prompt": '"""Print each word."""\nfor # TODO: Your code here\n    print(word)\n',
    "eval_prompt": "for {{completion}}\n    print(word)\n",
    "ground_truth": "word in input().split():",
    "unit_tests": json.dumps([{"input": "a b\n", "output": ["a\nb\n"]}, {"input": "x\n", "output": ["x\n"]}]),
}


def suite(path: Path, *rows: dict[str, Any]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, "utf-8")
    return path


def replayed(prefix: str, truth: str, suffix: str = "\n", kind: str = "line", language: str = "python") -> Case:
    return Case(f"main.py {kind} {truth}", Suite.REPLAY, kind, language, "main.py", prefix, truth, suffix)
