"""The profile of this machine: when it is used, what it is used for, and what is said when it is not."""

from __future__ import annotations

import datetime
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from copilot_lsp import config
from copilot_lsp.cli import main
from copilot_lsp.config import Layer, merge, profile
from copilot_lsp.config.machine import Machine, described, fingerprint, this_machine
from copilot_lsp.config.profile import Model, Pick, Profile, profile_file
from copilot_lsp.settings import Settings
from copilot_lsp.tuning import store


@pytest.fixture
def tuned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """Two models were measured here, and `good` was chosen; it is written."""
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.chdir(tmp_path)
    models = tuple(_measured(tmp_path, name, threads) for name, threads in (("good", 3), ("quick", 2)))
    guessed = Model("large", ("large",), 900.0, True)
    made = datetime.datetime(2026, 11, 25, 13, 40, tzinfo=datetime.UTC)
    chosen, better = Pick("good", 120.5, "the best in time"), Pick("large", 300.0, "estimated")
    written = Profile(profile.VERSION, made, 400.0, this_machine(), chosen, better, (*models, guessed))
    store.write(written)
    return written


def _measured(folder: Path, name: str, threads: int) -> Model:
    file = folder / f"{name}.gguf"
    file.write_bytes(b"GGUF" + name.encode() * 50_000)
    options = {"engine.threads": threads, "context.coldMs": 700}
    return Model(name, (name, f"{name}-too"), 120.5, False, str(file), fingerprint(file), {"1": 5.0}, options)


def test_what_was_written_is_read(tuned: Profile) -> None:
    found = profile.read()
    assert found is not None
    assert store.plain(found) == store.plain(tuned)
    assert (found.chosen, found.better, found.made) == (tuned.chosen, tuned.better, tuned.made)
    assert found.of("quick-too") is found.models[1]
    assert found.of("nobody") is None


def test_it_chooses_model_and_options(tuned: Profile) -> None:
    found = config.load()
    assert (found.settings.model, found.settings.engine.threads, found.settings.context.cold_ms) == ("good", 3, 700)
    assert found.origins == dict.fromkeys(("model", "engine.threads", "context.coldMs"), "the profile")
    assert found.problems == ()


@pytest.mark.parametrize("written", ["in the file", "by the editor", "on the command line"])
def test_options_are_those_of_the_model_that_counts(tuned: Profile, written: str) -> None:
    """Whoever names another model gets what was measured for that one."""
    editor, flags = {}, {}
    if written == "in the file":
        config.set_user("model", "quick")
    elif written == "by the editor":
        editor = {"model": "quick-too"}
    else:
        flags = {"model": "quick"}
    layers, _ = config.layers_of([])
    found = merge([*layers, Layer("editor", "the editor", editor), Layer("flags", "flags", flags)])
    assert found.settings.engine.threads == 2
    assert found.origins["engine.threads"] == "the profile"


def test_a_model_that_was_not_measured_gets_the_defaults(tuned: Profile) -> None:
    found = config.load(flags={"model": "other"})
    assert found.settings == replace(Settings(), model="other")


def test_what_is_set_wins(tuned: Profile) -> None:
    config.set_user("engine.threads", 7)
    assert config.load().settings.engine.threads == 7
    assert config.load().settings.context.cold_ms == 700


@pytest.mark.parametrize("field", ["processor", "cores", "engine"])
def test_it_is_not_used_on_another_machine(tuned: Profile, field: str) -> None:
    other: dict[str, Any] = {field: 77 if field == "cores" else "another"}
    store.write(replace(tuned, machine=replace(this_machine(), **other)))
    assert config.load().settings == Settings()
    message, ok = profile.summary()
    assert not ok
    assert message.startswith("not used: it was measured with another ")
    assert message.endswith("; run `copilot-lsp tune`")


@pytest.mark.parametrize("happened", ["replaced", "deleted"])
def test_it_is_not_used_without_the_file_that_was_measured(tuned: Profile, happened: str, tmp_path: Path) -> None:
    file = tmp_path / "good.gguf"
    file.unlink() if happened == "deleted" else file.write_bytes(b"GGUF something else")
    assert config.load().settings == Settings()
    assert profile.summary() == (
        "not used: the file of good is not the one that was measured; run `copilot-lsp tune`",
        False,
    )


def test_a_file_that_changed_costs_only_its_own_options(tuned: Profile, tmp_path: Path) -> None:
    (tmp_path / "quick.gguf").unlink()
    assert config.load(flags={"model": "quick"}).settings == replace(Settings(), model="quick")
    assert config.load().settings.engine.threads == 3


@pytest.mark.parametrize(
    "text", ["version = ", "version = 1\nmade = 3", "version = 'one'", "", "\xff", "version = 1\nchosen = []"]
)
def test_a_broken_one_is_one_line(tuned: Profile, text: str) -> None:
    profile_file().write_bytes(text.encode("latin-1"))
    (problem,) = config.load().problems
    assert "\n" not in problem
    assert str(profile_file()) in problem
    assert "copilot-lsp tune" in problem
    assert config.load().settings == Settings()


def test_one_of_another_version_is_not_used(tuned: Profile) -> None:
    store.write(replace(tuned, version=99))
    assert config.load().settings == Settings()
    assert "another version" in profile.summary()[0]


def test_doctor_says_what_it_is(tuned: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--engine", "fake"])
    assert "good, 120 ms a key, tuned 2026-11-25" in capsys.readouterr().out
    profile_file().unlink()
    main(["doctor", "--engine", "fake"])
    assert "none: `copilot-lsp tune` measures this machine" in capsys.readouterr().out


def test_no_half_profile_is_left_where_it_cannot_be_written(tuned: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    before = profile_file().read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.write(tuned)
    assert profile_file().read_bytes() == before
    assert list(profile_file().parent.iterdir()) == [profile_file()]


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("model name\t: Big CPU\nflags\t\t: fpu avx2 avx512f\nmodel name\t: Big CPU\n", "Big CPU (avx2 avx512f)"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\nFeatures\t: fp asimddp\n", "0x41 0xd0c (asimddp)"),
        ("", ""),
    ],
)
def test_a_processor_is_its_name_and_what_it_can(cpuinfo: str, expected: str) -> None:
    assert described(cpuinfo) == expected


def test_machines_differ_by_what_speed_depends_on() -> None:
    mine = Machine("a", 2, "x")
    assert mine.difference(Machine("a", 2, "x")) == ""
    assert mine.difference(Machine("a", 2, "y")) == "llama.cpp"


def test_this_machine_has_a_name() -> None:
    found = this_machine()
    assert found.processor
    assert found.cores >= 1
    assert found.engine.startswith("llama-cpp-python ")
