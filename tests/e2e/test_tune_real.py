"""`copilot-lsp tune` with the real default model. Nothing here depends on how fast the machine is."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_lsp import models
from copilot_lsp.engine.local.measure import is_written
from copilot_lsp.models import gguf
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.models.rounding.blocks import Q4_0, Grid
from copilot_lsp.tuning import bench, calibration, copy, fourbits
from copilot_lsp.tuning.speed import BATCHES, Config

COMMAND = [sys.executable, "-m", "copilot_lsp"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COPILOT_LSP_CONFIG_DIR": str(folder)}
    return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_profile_is_made_and_used(tmp_path: Path) -> None:
    tuned = run(tmp_path, "tune", "--quick", "--model", "default", "--json")
    assert tuned.returncode == 0, tuned.stderr
    found = json.loads(tuned.stdout)
    measured, *others = found["models"]
    assert measured["name"] == found["chosen"]["model"] == "copilot-lsp-fim"
    assert not measured["estimated"]
    assert all(other["estimated"] for other in others)
    assert set(measured["ms"]) <= {str(batch) for batch in BATCHES}
    assert measured["ms"]["64"] > measured["ms"]["1"] > 0
    shown = json.loads(run(tmp_path, "config", "show", "--json").stdout)
    assert shown["options"]["model"] == {"value": "copilot-lsp-fim", "origin": "the profile"}
    assert shown["problems"] == []
    (tmp_path / "a.py").write_text("def add(a, b):\n    return \n")
    completed = run(tmp_path, "complete", str(tmp_path / "a.py:2:12"), "--json")
    assert completed.returncode == 0, completed.stderr
    assert json.loads(completed.stdout)["model"] == "copilot-lsp-fim"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model in eight bits."""
    target = tmp_path_factory.mktemp("wide") / "wide.gguf"
    bench.quantize(models.find("default").path, target, "Q8_0", 2)
    return target


@pytest.fixture(scope="module")
def plain(wide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each weight rounded by itself."""
    target = tmp_path_factory.mktemp("plain") / "plain.gguf"
    bench.quantize(wide, target, "Q4_0", 2)
    return target


def test_a_copy_has_other_weights_and_says_nearly_the_same(wide: Path, plain: Path) -> None:
    assert fourbits.could_gain(wide)
    assert not fourbits.could_gain(plain)
    assert not fourbits.could_gain(models.find("default").path)
    holes = copy.holes()[:8]
    with bench.opened(wide) as old, bench.opened(plain) as new:
        quality = copy.compare(old.fill(holes), new.fill(holes))
    assert quality.holes == 8
    assert abs(quality.worse) < 1.0


@pytest.mark.parametrize("grid", fourbits.TYPES)
def test_llama_cpp_rounds_all_layers_to_one_type(wide: Path, grid: Grid, tmp_path: Path) -> None:
    bench.quantize(wide, tmp_path / "copy.gguf", grid.name, 2)
    file = gguf.read(tmp_path / "copy.gguf")
    assert {each.type_name for each in rounding.matrices(file)} == {grid.name}
    assert next(each.type_name for each in file.tensors if each.name == "token_embd.weight") == "Q8_0"


def test_errors_that_make_up_for_each_other_cost_less(wide: Path, plain: Path, tmp_path: Path) -> None:
    rounded = tmp_path / "rounded.gguf"
    holes = copy.holes()[:12]
    with bench.opened(wide) as old:
        shares = list(rounding.write(wide, rounded, old.tokens(calibration.holes()[:8]), Q4_0))
        before = old.fill(holes)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert not fourbits.could_gain(rounded)
    with bench.opened(plain) as alone, bench.opened(rounded) as new:
        assert copy.compare(before, new.fill(holes)).worse < copy.compare(before, alone.fill(holes)).worse


def test_a_hole_is_the_less_surprising_the_more_it_is_what_stood_there() -> None:
    hole = bench.Hole("def add(first, second):\n    return first + ", "\n\n\nprint(add(1, 2))\n", "second")
    nonsense = bench.Hole(hole.prefix, hole.suffix, "qwxz_17")
    with bench.opened(models.find("default").path) as loaded:
        likely, unlikely = loaded.fill([hole, nonsense])
    assert likely.exact
    assert not unlikely.exact
    assert 0 < likely.nats < unlikely.nats < unlikely.tokens * math.log(10**6)


def test_every_way_to_run_it_is_timed() -> None:
    with bench.opened(models.find("default").path) as loaded:
        for config in (Config(1), Config(2), Config(2, True), Config(2, True, "q8_0"), Config(1)):
            found = loaded.speed(config, (1, 16), 300)
            assert set(found) == {1, 16}
            assert all(ms > 0 for ms in found.values())


def test_a_last_token_that_ends_the_line_too_is_right() -> None:
    pieces = (b"first", b",", b",\n", b", ", b",\n    return", b"second")
    for last, is_right in ((1, True), (2, True), (3, False), (4, False), (5, False)):
        assert is_written([0, 1], [0, last], pieces.__getitem__) is is_right
    assert not is_written([0, 1], [5, 1], pieces.__getitem__)
