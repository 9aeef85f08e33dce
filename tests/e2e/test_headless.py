"""`copilot-lsp complete` and `doctor` with the real model, each in a process of its own, as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = "examples/grid.py:18:1"


def run(*arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "copilot_lsp", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, input=input)


def test_the_demo_completes_the_method_and_does_so_every_time() -> None:
    first, second = run("complete", DEMO), run("complete", DEMO)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.endswith("        self.cells[y][x] = value")
    assert first.stdout == second.stdout
    compile((ROOT / "examples" / "grid.py").read_text("utf-8") + first.stdout, "grid.py", "exec")


def test_stdin_streaming_and_json_agree() -> None:
    source = (ROOT / "examples" / "averages.py").read_text("utf-8")
    place = ("--stdin", "--path", "averages.py", "16:59")
    streamed = run("complete", *place, "--stream", input=source)
    data = json.loads(run("complete", *place, "--json", input=source).stdout)
    assert streamed.stdout == data["insert"] == " / len(values)"
    assert data["tokens"]["generated"] > 0
    assert data["confidence"] > -3


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_seed_gives_the_same_every_time(seed: str) -> None:
    outputs = {run("complete", DEMO, "--seed", seed).stdout for _ in range(2)}
    assert len(outputs) == 1


def test_another_language_ends_with_its_block() -> None:
    assert run("complete", "examples/cart.js:21:1").stdout == "    return this.items.length === 0;"


def test_many_places_cost_no_more_tokens_than_each_alone_and_what_was_read_is_not_read_again() -> None:
    places = [DEMO, "examples/averages.py:16:59", "examples/cart.js:21:1"]
    alone = [json.loads(run("complete", place, "--json").stdout) for place in places]
    done = run("complete", *places, *places)
    together = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [each["place"] for each in together]) == (0, places * 2)
    assert [each["insert"] for each in together] == [each["insert"] for each in alone] * 2
    for kind in ("evaluated", "generated"):
        assert all(one["tokens"][kind] <= own["tokens"][kind] for one, own in zip(together, alone, strict=False))
    assert [each["tokens"]["evaluated"] for each in together[3:]] == [1, 1, 1]


def test_doctor_finds_everything_in_order() -> None:
    done = run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, done.stdout
    assert checks["engine test"]["state"] == "ok"
    assert "verified" in checks["model"]["value"]
