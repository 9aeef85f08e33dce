"""`copilot-lsp tune` from its arguments to the profile, with measurements that are written down."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from scripted import Benches, steady

from copilot_lsp import config, models
from copilot_lsp.cli import main, tuned
from copilot_lsp.config import profile
from copilot_lsp.models import registry
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.tuning import bench, calibration, copy, run
from copilot_lsp.tuning.bench import Filled


def tune(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["tune", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def measured(benches: Benches) -> Benches:
    benches.add("small", steady(5, 0.5))
    benches.add("good", steady(20, 3))
    return benches


def test_it_chooses_and_the_settings_follow(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    found = tune(capsys)
    assert found["chosen"]["model"] == "good"
    assert found["better"]["model"] == "great"
    assert found["written"] == str(profile.profile_file())
    loaded = config.load()
    assert loaded.settings.model == "good"
    assert loaded.origins["model"] == "the profile"
    assert profile.summary()[1]
    known = profile.read()
    assert known is not None
    assert {model.name: model.estimated for model in known.models} == {"small": False, "good": False, "great": True}
    assert known.of("default") is known.of("small")


def test_people_get_a_table(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune"]) == 0
    captured = capsys.readouterr()
    assert "use good: 109 ms from a typical key to the first text" in captured.out
    assert "`copilot-lsp models pull great`: better, and in time by an estimate" in captured.out
    assert captured.err == ""
    (row,) = [line.split() for line in captured.out.splitlines() if line.startswith("great")]
    assert row[-1] == "guess"


def test_a_smaller_budget_chooses_a_quicker_model(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(capsys, "--budget", "100")["chosen"]["model"] == "small"


def test_the_model_that_is_named_is_the_only_one(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    found = tune(capsys, "--model", "small", "--model", "default")
    assert found["chosen"]["model"] == "small"
    assert measured.made["good"].asked == []


def test_a_file_can_be_named(measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "good.gguf"
    assert tune(capsys, "--model", str(path))["chosen"]["model"] == str(path)
    assert config.load().settings.model == str(path)


def test_dry_run_writes_nothing(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune(capsys, "--dry-run")["written"] is None
    assert not profile.profile_file().exists()
    assert main(["tune", "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().out


def test_a_model_that_crashes_is_left_out(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    measured.add("good", steady(20, 3), dies=True)
    found = tune(capsys)
    assert found["chosen"]["model"] == "small"
    (note,) = [note for note in found["notes"] if "left out" in note]
    assert note == "good was left out: model.gguf: llama.cpp ended with -11: run `copilot-lsp doctor`"


def test_no_model_that_runs_is_one_line(measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("small", "good"):
        measured.add(name, steady(20, 3), dies=True)
    assert main(["tune"]) == 1
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1
    assert "llama.cpp ended with -11" in captured.err
    assert not profile.profile_file().exists()


def test_no_model_at_all(measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("small", "good"):
        (here / f"{name}.gguf").unlink()
    assert main(["tune"]) == 1
    assert capsys.readouterr().err == (
        "copilot-lsp: no model that can fill in is on this machine: see `copilot-lsp models list`\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--budget", "0"], 2, "'0' is not a positive number"),
        (["--budget", "soon"], 2, "'soon' is not a positive number"),
        (["--model", "nobody"], 1, "there is no model 'nobody'"),
        (["--model", "great"], 1, "run `copilot-lsp models pull great`"),
        (["--model", "./x.gguf"], 1, "there is no model file"),
        (["--dry-run", "--requantize"], 2, "leave one out"),
    ],
)
def test_bad_input(
    measured: Benches, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    returned: int | str | None
    try:
        returned = main(["tune", *arguments])
    except SystemExit as exit:
        returned = exit.code
    assert returned == code
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_measured(
    measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "user").write_text("a file where the folder would be")
    assert main(["tune"]) == 1
    error = capsys.readouterr().err
    assert "profile.toml cannot be written" in error
    assert "--dry-run" in error
    assert len(error.splitlines()) == 1
    assert measured.made["small"].asked == []


def test_terminated_it_leaves_no_half_copy(measured: Benches, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured.add("good-4bit", steady(10, 1))

    def killed(_source: Path, target: Path, *_: object) -> None:
        target.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr(rounding, "write", killed)
    with pytest.raises(SystemExit) as ended:
        main(["tune", "--requantize", "--model", "good"])
    assert ended.value.code == 143
    assert list((here / "cache" / "models").iterdir()) == []


def test_interrupted_it_leaves_what_was_there(
    measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tune(capsys)
    before = profile.profile_file().read_bytes()

    def interrupted(*_: object) -> float:
        raise KeyboardInterrupt

    measured.add("good", interrupted)
    assert main(["tune", "--requantize"]) == 130
    assert profile.profile_file().read_bytes() == before
    assert [path.name for path in profile.profile_file().parent.iterdir()] == ["profile.toml"]


def test_a_busy_machine_is_noticed_and_remembered(
    measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(psutil, "cpu_percent", lambda _seconds: 80.0)
    assert any("other programs were running" in note for note in tune(capsys)["notes"])
    message, ok = profile.summary()
    assert not ok
    assert "when the machine is idle" in message


def test_repetitions_that_differ_are_noticed(benches: Benches, capsys: pytest.CaptureFixture[str]) -> None:
    turns = iter(range(10**6))
    benches.add("small", lambda _config, _batch: 5.0 if next(turns) % 3 else 50.0)
    assert tune(capsys, "--model", "small")["busy"]


def test_on_battery(measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: SimpleNamespace(power_plugged=False), raising=False)
    assert tune(capsys)["notes"][0].startswith("on battery: ")


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [2, 1]), (3, [3, 2, 1]), (8, [8, 6, 4])])
def test_thread_counts(cores: int, counts: list[int]) -> None:
    assert run.thread_counts(cores) == counts


def test_without_a_terminal_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 15.0, 15.0, 29.0, 30.0, 30.0])
    report = tuned.lines(lambda: next(times))
    for share in (0.1, 0.2, 0.3, 0.4):
        report("rounding", share)
    assert capsys.readouterr().err == "rounding (20%)\nrounding (40%)\n"


class TestCopies:
    """`--requantize`."""

    def test_a_quicker_one_that_is_as_good_is_kept_and_used(
        self, measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        original = (here / "good.gguf").read_bytes()
        measured.add("good-4bit", steady(10, 1))
        found = tune(capsys, "--requantize", "--model", "good")
        assert found["chosen"]["model"] == "good-4bit"
        entry = models.load().get("good-4bit")
        assert entry.copy_of == "good"
        assert entry.path.is_file()
        assert entry.quality.startswith("against good: +0.000 nats a token (+0.000 to +0.000), 96 instead of 96 of 96")
        assert models.verify("good-4bit").path == entry.path
        assert config.load().settings.model == "good-4bit"
        assert (here / "good.gguf").read_bytes() == original
        assert list((here / "cache" / "models").iterdir()) == [entry.path]
        assert main(["models", "list"]) == 0
        assert "made here from good: IQ4_NL" in " ".join(capsys.readouterr().out.split())

    @pytest.mark.parametrize(("ms", "expected"), [(9.5, "IQ4_NL"), (8.0, "Q4_0")])
    def test_the_less_precise_type_has_to_be_much_quicker(
        self, measured: Benches, ms: float, expected: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured.add("good-4bit-iq4_nl", steady(10, 1))
        measured.add("good-4bit-q4_0", steady(ms, ms / 10))
        measured.add("good-4bit.new", steady(ms, ms / 10))
        found = tune(capsys, "--requantize", "--model", "good")
        assert found["notes"][0].startswith(f"good-4bit ({expected}): ")
        entry = models.load().get("good-4bit")
        assert entry.description == f"made here from good: {expected}"

    def test_no_weights_are_rounded_for_a_copy_that_is_not_quicker(
        self, measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured.add("good-4bit", steady(20, 3))
        monkeypatch.setattr(rounding, "write", None)
        assert tune(capsys, "--requantize", "--model", "good")["notes"][0].endswith(": not kept")

    @pytest.mark.parametrize("what", ["slower", "worse"])
    def test_one_that_is_not_leaves_nothing(
        self, measured: Benches, here: Path, what: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        speed = steady(20, 3) if what == "slower" else steady(10, 1)
        measured.add("good-4bit", speed, nats=14.0 if what == "worse" else 10.0)
        found = tune(capsys, "--requantize", "--model", "good")
        assert found["chosen"]["model"] == "good"
        assert found["notes"][0].endswith(": not kept")
        assert list((here / "cache" / "models").iterdir()) == []
        assert "good-4bit" not in models.load().models

    def test_the_quantizer_fails(
        self, measured: Benches, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured.add("good-4bit", steady(10, 1))

        def full(_source: Path, target: Path, *_: object) -> None:
            target.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(rounding, "write", full)
        found = tune(capsys, "--requantize", "--model", "good")
        assert found["chosen"]["model"] == "good"
        assert found["notes"] == ["good: no copy was made: No space left on device"]
        assert list((here / "cache" / "models").iterdir()) == []

    def test_llama_cpp_rounds_what_we_cannot(
        self, measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def full(_source: Path, _target: Path, *_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(rounding, "is_possible", lambda _file: False)
        monkeypatch.setattr(bench, "quantize", full)
        found = tune(capsys, "--requantize", "--model", "good")
        assert found["notes"] == ["good: no copy was made: No space left on device"]

    def test_none_is_made_twice(self, measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
        measured.add("good-4bit", steady(10, 1))
        tune(capsys, "--requantize")
        notes = tune(capsys, "--requantize")["notes"]
        assert "good: no copy was made: good-4bit is here already" in notes
        assert "good-4bit: no copy was made: it is itself such a copy" in notes

    def test_it_is_removed_alone_and_with_its_original(
        self, measured: Benches, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured.add("good-4bit", steady(10, 1))
        tune(capsys, "--requantize", "--model", "good")
        path = models.load().get("good-4bit").path
        assert models.remove("good-4bit") > 0
        assert not path.exists()
        assert "good-4bit" not in registry.load().models
        assert config.load().settings.model == "default", "the profile is stale without the file"

    def test_a_licence_stays_what_it_is(self, measured: Benches, capsys: pytest.CaptureFixture[str]) -> None:
        text = (registry.folder() / "registry.toml").read_text("utf-8")
        changed = text.replace('description = "good"', 'description = "good"\ncommercial = false')
        (registry.folder() / "registry.toml").write_text(changed, "utf-8")
        registry.load.cache_clear()
        measured.add("good-4bit", steady(10, 1))
        tune(capsys, "--requantize", "--model", "good")
        registry.load.cache_clear()
        assert models.load().get("good-4bit").commercial is False

    def test_the_holes_are_the_same_every_time(self) -> None:
        holes = copy.holes()
        assert len(holes) == copy.HOLES
        assert holes == copy.holes()
        assert all(hole.truth and len(hole.prefix) <= bench.PREFIX for hole in holes)

    @pytest.mark.parametrize(
        ("worse", "high", "after", "expected"),
        [
            (0.054, 0.093, 168, True),  # the 0.5B model's copy, as measured (docs/models.md)
            (0.158, 0.251, 168, False),  # rounded by llama.cpp
            (0.054, 0.250, 168, False),  # too few holes to be sure
            (0.054, 0.093, 200, False),  # hardly quicker
            (0.010, 0.040, 210, True),
            (0.103, 0.136, 90, True),  # from 213 to below a typist's key: what is quicker than that does not count
        ],
    )
    def test_time_has_its_price(self, worse: float, high: float, after: float, expected: bool) -> None:
        assert copy.Quality(48, 3000, worse, 0.0, high, 3, 4).is_worth(213, after) is expected

    def test_a_model_that_is_quick_enough_gives_nothing_for_time(self) -> None:
        found = copy.Quality(48, 3000, 0.103, 0.066, 0.136, 3, 2)
        assert not found.is_worth(91, 60)
        assert not found.is_worth(130, 60)

    def test_without_code_to_learn_from_llama_cpp_rounds(
        self, measured: Benches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measured.add("good-4bit", steady(10, 1))
        monkeypatch.setattr(calibration, "holes", list)
        monkeypatch.setattr(rounding, "write", None)
        assert tune(capsys, "--requantize", "--model", "good")["notes"][0].endswith(": kept")

    def test_a_loss_counts_by_tokens_and_at_the_end_of_its_interval(self) -> None:
        before = [Filled(10.0, 10, True), Filled(10.0, 30, False)] * 24
        after = [Filled(10.4, 10, True), Filled(10.0, 30, True)] * 24
        found = copy.compare(before, after)
        assert found.worse == pytest.approx(0.4 / 40)
        assert found.low < found.worse < found.high
        assert (found.holes, found.tokens, found.exact_before, found.exact) == (48, 960, 24, 48)
        assert found.is_good
        assert not copy.compare(before, [Filled(each.nats + 1, each.tokens, False) for each in before]).is_good
