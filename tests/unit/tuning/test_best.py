"""`copilot-lsp models best`, with measurements that are written down and a download that copies a file."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted import Benches, steady

from copilot_lsp import config, models
from copilot_lsp.cli import main
from copilot_lsp.config import profile
from copilot_lsp.errors import DiskFull, DownloadFailed
from copilot_lsp.models import vocabulary
from copilot_lsp.models.rounding import write as rounding

Pull = Callable[..., None]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model's 260 tokens are many."""
    monkeypatch.setattr(vocabulary, "SIZE", 130)


@pytest.fixture
def pulled(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is downloaded."""
    names: list[str] = []

    def pull(name: str, _report: object) -> None:
        names.append(name)
        path = models.load().get(name).path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((here / "good.gguf").read_bytes())

    monkeypatch.setattr(models, "pull", pull)
    return names


@pytest.fixture
def measured(benches: Benches) -> Benches:
    """Estimates of `great` come from `small`, and are too hopeful."""
    benches.add("small", steady(5, 0.5))
    benches.add("good", steady(20, 3), dies=True)
    benches.add("great", steady(50, 5))
    benches.add("great-trimmed", steady(45, 5))
    benches.add("great-trimmed-4bit", steady(30, 3))
    benches.add("great-4bit", steady(35, 3))
    return benches


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def type(text: str) -> None:
        keyboard = io.StringIO(text)
        keyboard.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", keyboard)

    return type


def test_one_command_downloads_fits_and_switches(
    measured: Benches, pulled: list[str], answers: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers("\ny\n")
    assert main(["models", "best"]) == 0
    assert pulled == ["great"]
    assert config.load().settings.model == "great-trimmed-4bit"
    captured = capsys.readouterr()
    assert "great is better and should be fast enough: about" in captured.err
    assert "ms a key (0 MB, licence MIT). Download it? [Y/n] " in captured.err
    assert "Is your code commented in English only?" in captured.err
    assert "use great-trimmed-4bit" in captured.out
    assert "great: no copy was made: one of its trimmed copy is quicker" in captured.out


def test_whoever_writes_other_languages_keeps_their_tokens(
    measured: Benches, pulled: list[str], answers: Callable[[str], None]
) -> None:
    answers("what?\nyes\n\n")
    assert main(["models", "best"]) == 0
    assert config.load().settings.model == "great-4bit"
    assert "great-trimmed" not in models.load().models


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_nothing_is_downloaded_that_nobody_wants(
    measured: Benches, pulled: list[str], answers: Callable[[str], None], typed: str
) -> None:
    answers(typed)
    assert main(["models", "best"]) == 0
    assert pulled == []
    assert config.load().settings.model == "small"


def test_a_script_says_yes_and_is_asked_nothing(
    measured: Benches, pulled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "best", "--yes", "--english"]) == 0
    assert "?" not in capsys.readouterr().err
    assert config.load().settings.model == "great-trimmed-4bit"


def test_without_a_person_or_a_yes_it_is_a_usage_error(
    measured: Benches, pulled: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["models", "best"]) == 2
    assert "run it in a terminal, or add --yes" in capsys.readouterr().err
    assert measured.made["small"].asked == []


def test_what_cannot_be_had_leaves_the_best_that_is_here(
    measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_name: str, _report: object) -> None:
        raise DownloadFailed("great could not be downloaded; the web: no answer")

    monkeypatch.setattr(models, "pull", fails)
    assert main(["models", "best", "--yes"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "great could not be downloaded; the web: no answer\n"
    assert "use small" in captured.out


def test_a_full_disk_ends_it_and_the_profile_is_there(
    measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_name: str, _report: object) -> None:
        raise DiskFull("1 MB is needed")

    monkeypatch.setattr(models, "pull", full)
    assert main(["models", "best", "--yes"]) == 1
    assert capsys.readouterr().err == "copilot-lsp: 1 MB is needed\n"
    assert profile.profile_file().exists()


def test_terminated_it_leaves_no_half_copy(
    measured: Benches, pulled: list[str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_source: Path, target: Path, *_: object) -> None:
        target.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr(rounding, "write", killed)
    with pytest.raises(SystemExit) as ended:
        main(["models", "best", "--yes"])
    assert ended.value.code == 143
    assert list((here / "cache" / "models").iterdir()) == [models.load().get("great").path]


def test_without_any_model_it_says_so(measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("small", "good"):
        (here / f"{name}.gguf").unlink()
    assert main(["models", "best", "--yes"]) == 1
    assert "no model that can fill in is on this machine" in capsys.readouterr().err


def test_a_second_run_makes_the_copies_that_the_first_did_not(
    measured: Benches, pulled: list[str], answers: Callable[[str], None]
) -> None:
    models.pull("great", lambda _: None)
    answers("y\n")
    assert main(["models", "best"]) == 0
    assert pulled == ["great"]
    assert config.load().settings.model == "great-trimmed-4bit"


def test_a_setting_that_wins_is_said(
    measured: Benches, pulled: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.set_user("model", "small")
    assert main(["models", "best", "--yes"]) == 0
    assert "sets another model, which wins: small" in capsys.readouterr().err
