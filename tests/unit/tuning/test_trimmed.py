"""`copilot-lsp models trim`, with losses that are written down."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from scripted import Benches, steady

from copilot_lsp import models
from copilot_lsp.cli import main
from copilot_lsp.models import vocabulary


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model's 260 tokens are many."""
    monkeypatch.setattr(vocabulary, "SIZE", 130)


@pytest.fixture
def measured(benches: Benches) -> Benches:
    for name, ms in (("small", 5), ("good", 20), ("good-trimmed", 12)):
        benches.add(name, steady(ms, 1))
    return benches


def left(here: Path) -> list[Path]:
    """Besides the locks."""
    return [path for path in (here / "cache" / "models").iterdir() if path.suffix != ".lock"]


def test_a_copy_that_is_as_good_is_kept(measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = (here / "good.gguf").read_bytes()
    assert main(["models", "trim", "good"]) == 0
    assert "+0.000 nats a token (+0.000 to +0.000), 96 instead of 96 of 96 holes" in capsys.readouterr().out
    entry = models.load().get("good-trimmed")
    assert (entry.copy_of, entry.description) == ("good", "made here from good: 130 tokens")
    assert models.verify("good-trimmed").path == entry.path
    assert (here / "good.gguf").read_bytes() == original
    assert left(here) == [entry.path]


def test_tune_names_the_command_and_then_takes_the_copy(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    def tune() -> dict[str, Any]:
        assert main(["tune", "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    advice = "good: `copilot-lsp models trim good` makes a smaller, quicker copy for code with English comments"
    assert advice in tune()["notes"]
    main(["models", "trim", "good"])
    capsys.readouterr()
    found = tune()
    assert found["chosen"]["model"] == "good-trimmed"
    assert advice not in found["notes"]


def test_a_copy_that_is_worse_leaves_nothing(measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured.add("good-trimmed", steady(12, 1), nats=11.0)
    assert main(["models", "trim", "good"]) == 1
    assert "the copy was not kept, it is worse: +0.100 nats a token" in capsys.readouterr().err
    assert left(here) == []
    assert "good-trimmed" not in models.load().models


def test_time_that_is_gained_makes_up_for_a_small_loss(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    for name, ms in (("good", 100), ("good-trimmed", 80)):
        measured.add(name, steady(ms, 1), nats=10.0 if name == "good" else 10.6)
    assert main(["models", "trim", "good"]) == 0
    assert "+0.060 nats a token" in capsys.readouterr().out
    main(["models", "rm", "good-trimmed"])
    measured.add("good-trimmed", steady(95, 1), nats=10.6)
    assert main(["models", "trim", "good"]) == 1


def test_a_copy_goes_with_its_original_and_copies_of_it_too(
    measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["models", "add", str(here / "good.gguf"), "--name", "mine"])
    measured.add("mine", steady(20, 1))
    measured.add("mine-trimmed-4bit", steady(5, 1))
    assert main(["models", "trim", "good"]) == 0
    measured.add("good-trimmed-4bit", steady(5, 1))
    assert main(["tune", "--requantize", "--model", "good-trimmed"]) == 0
    assert {"good-trimmed", "good-trimmed-4bit"} <= models.load().models.keys()
    capsys.readouterr()
    assert main(["models", "rm", "good-trimmed"]) == 0
    assert "good-trimmed and its copy good-trimmed-4bit are gone: " in capsys.readouterr().out
    assert left(here) == []
    assert "good-trimmed-4bit" not in models.load().models


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("./good.gguf", 2, "is a path: `copilot-lsp models add` gives a file a name"),
        ("great", 1, "is not on this machine"),
        ("good-trimmed", 2, "good-trimmed is a copy itself: trim good"),
        ("good", 2, "good-trimmed is a model already: `copilot-lsp models rm good-trimmed` first"),
    ],
)
def test_what_is_refused(
    measured: Benches, name: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["models", "trim", "good"])
    capsys.readouterr()
    assert main(["models", "trim", name]) == code
    assert said in capsys.readouterr().err


def test_too_little_memory_is_said_before_anything_is_written(
    measured: Benches, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=10**10, available=10**8))
    assert main(["models", "trim", "good"]) == 1
    assert "too little memory to try a copy: 300 MB are needed, and 100 MB are free" in capsys.readouterr().err
    assert left(here) == []


def test_a_small_vocabulary_gains_little(
    measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vocabulary, "SIZE", 131)
    assert main(["models", "trim", "good"]) == 2
    assert "good has 260 tokens: a copy with 131 would gain little" in capsys.readouterr().err
