"""Which llama.cpp is installed: the order of the ways to one, and what becomes of one that does not work."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(ROOT / "scripts"))
cache = importlib.import_module("installer.cache")
llama = importlib.import_module("installer.llama")
platforms = importlib.import_module("installer.platforms")
server = importlib.import_module("installer.server")
steps = importlib.import_module("installer.steps")
wheels = importlib.import_module("installer.wheels")
sys.path.remove(str(ROOT / "scripts"))

Release = tuple[Path, Any]
"""A wheel, and the way to it."""

Outcomes = tuple[dict[str, bool | str], list[str]]

VERSION = wheels.pins()["version"]
NAME = f"llama_cpp_python-{VERSION}-py3-none-any.whl"


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No carried wheel, an empty cache, none of the user's variables."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(wheels, "CARRIED", tmp_path / "carried")
    for name in ("COPILOT_LSP_LLAMA_WHEEL", "CMAKE_ARGS"):
        monkeypatch.delenv(name, raising=False)


def names(tmp_path: Path) -> list[str]:
    return [way.name for way in wheels.ways(Path("python"), tmp_path)]


def test_upstreams_wheel_comes_before_the_compiler(tmp_path: Path) -> None:
    assert names(tmp_path) == ["upstream's wheel", "llama.cpp compiled here"]


def test_own_wheels_come_first_the_carried_one_before_the_built_and_the_released(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in (tmp_path / "carried", wheels.built()):
        folder.mkdir(parents=True)
        (folder / NAME).touch()
        (folder / f"llama_cpp_python-{VERSION}-py3-none-plan9_mips.whl").touch()
    pin = {"url": f"https://example.org/{NAME}", "sha256": "0"}
    monkeypatch.setattr(wheels, "pins", lambda: {"version": VERSION, "wheel": [pin]})
    found = list(wheels.ways(Path("python"), tmp_path))
    assert [way.name for way in found[:-2]] == ["our wheel"] * 3
    assert [way.get() for way in found[:2]] == [tmp_path / "carried" / NAME, wheels.built() / NAME]


def test_a_named_wheel_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COPILOT_LSP_LLAMA_WHEEL", str(tmp_path / "mine.whl"))
    first = next(wheels.ways(Path("python"), tmp_path))
    with pytest.raises(steps.Failed, match=r"mine\.whl is not a file"):
        first.get()


def test_own_flags_are_for_the_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=on")
    assert names(tmp_path) == ["llama.cpp compiled here"]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Release:
    file = tmp_path / "release" / NAME
    file.parent.mkdir()
    file.write_bytes(b"the wheel")
    pin = {"url": file.as_uri(), "sha256": hashlib.sha256(b"the wheel").hexdigest()}
    monkeypatch.setattr(wheels, "pins", lambda: {"version": VERSION, "wheel": [pin]})
    return file, next(wheels.ways(Path("python"), tmp_path))


def test_a_released_wheel_is_downloaded_once(release: Release) -> None:
    file, way = release
    kept = way.get()
    assert kept.read_bytes() == b"the wheel"
    file.unlink()
    assert way.get() == kept


def test_another_file_under_the_same_address_is_not_used(release: Release) -> None:
    file, way = release
    file.write_bytes(b"something else")
    with pytest.raises(steps.Failed, match="is not the file that was released"):
        way.get()
    assert not [path for path in cache.wheels().rglob("*") if path.is_file()]


def test_a_release_that_cannot_be_had_is_one_line(release: Release) -> None:
    file, way = release
    file.unlink()
    with pytest.raises(steps.Failed, match="cannot be had"):
        way.get()


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("manylinux_2_28_x86_64", True),
        ("manylinux_2_35_x86_64", True),
        ("manylinux_2_36_x86_64", False),
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("manylinux_2_28_aarch64", False),
        ("musllinux_1_2_x86_64", False),
        ("macosx_11_0_arm64", False),
        ("win_amd64", False),
        ("any", True),
    ],
)
def test_what_runs_on_a_linux_with_glibc_2_35(monkeypatch: pytest.MonkeyPatch, tag: str, fits: bool) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "confstr", lambda _: "glibc 2.35")
    assert platforms.runs(f"llama_cpp_python-1-py3-none-{tag}.whl") is fits


@pytest.mark.parametrize(("tag", "fits"), [("macosx_11_0_arm64", True), ("macosx_16_0_arm64", False)])
def test_what_runs_on_a_mac(monkeypatch: pytest.MonkeyPatch, tag: str, fits: bool) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("15.2", ("", "", ""), "arm64"))
    assert platforms.runs(f"llama_cpp_python-1-py3-none-{tag}.whl") is fits


def test_what_runs_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    assert platforms.runs("llama_cpp_python-1-py3-none-win_amd64.whl")
    assert not platforms.runs("llama_cpp_python-1-py3-none-manylinux_2_28_x86_64.whl")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    """A machine on which each way has an outcome: True (safe mode), False (works), or why it fails."""
    outcomes: dict[str, bool | str] = {}
    installed: list[str] = []

    def put(way: Any, _python: Path, _logs: Path) -> Path:
        installed.append(way.name)
        return Path(way.name)

    def in_safe_mode(_python: Path) -> bool:
        outcome = outcomes[installed[-1]]
        if isinstance(outcome, str):
            raise steps.Failed(outcome)
        return outcome

    monkeypatch.setattr(wheels, "ways", lambda _python, _logs: [wheels.Way(name, Path) for name in outcomes])
    monkeypatch.setattr(llama, "_put", put)
    monkeypatch.setattr(llama, "in_safe_mode", in_safe_mode)
    return outcomes, installed


def test_the_first_that_decodes_is_kept(machine: Outcomes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes, installed = machine
    outcomes.update({"ours": "its test failed: died by signal 4", "upstream's": False, "compiled": False})
    assert llama.install(Path("python"), tmp_path) == Path("upstream's")
    assert installed == ["ours", "upstream's"]
    assert "\n  not used, ours: its test failed: died by signal 4\n" in capsys.readouterr().out


def test_safe_mode_is_better_than_nothing(machine: Outcomes, tmp_path: Path) -> None:
    outcomes, installed = machine
    outcomes.update({"ours": True, "compiled": "no C++ compiler"})
    llama.install(Path("python"), tmp_path)
    assert installed == ["ours", "compiled", "ours"]


def test_when_nothing_works_each_reason_is_said(machine: Outcomes, tmp_path: Path) -> None:
    outcomes, _ = machine
    outcomes.update({"ours": "broken", "compiled": "no C++ compiler"})
    with pytest.raises(steps.Failed, match=r"\(ours: broken; compiled: no C\+\+ compiler\)"):
        llama.install(Path("python"), tmp_path)


def stand_in(tmp_path: Path, output: str, error: str = "") -> Path:
    """A program that answers like `python -m copilot_lsp doctor --json`."""
    program = tmp_path / "python"
    script = f"#!{sys.executable}\nimport sys\nprint({output!r})\nprint({error!r}, file=sys.stderr)\n"
    program.write_text(script, "utf-8")
    program.chmod(0o755)
    return program


def doctor(**states: str) -> str:
    checks = [{"name": name.replace("_", " "), "value": "a value", "state": state} for name, state in states.items()]
    return json.dumps({"checks": checks})


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a #! line")
def test_the_test_is_a_decode_by_the_server(tmp_path: Path) -> None:
    assert llama.in_safe_mode(stand_in(tmp_path, doctor(engine_test="ok", safe_mode="ok"))) is False
    assert llama.in_safe_mode(stand_in(tmp_path, doctor(engine_test="ok", safe_mode="warning"))) is True
    with pytest.raises(steps.Failed, match="its test failed: a value"):
        llama.in_safe_mode(stand_in(tmp_path, doctor(engine="failed")))
    with pytest.raises(steps.Failed, match="its test did not run: no module"):
        llama.in_safe_mode(stand_in(tmp_path, "", "no module"))


@pytest.mark.parametrize("needs_llama", [True, False])
def test_the_server_and_what_it_needs_come_before_llama_cpp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, needs_llama: bool
) -> None:
    ran: list[list[object]] = []
    monkeypatch.setattr(steps, "run", lambda _title, command, _log: ran.append(command))
    monkeypatch.setattr(llama, "install", lambda _python, _logs: ran.append(["llama.cpp"]))
    wheel = tmp_path / "copilot_lsp-1-py3-none-any.whl"
    lines = ["Name: copilot-lsp", "Requires-Dist: rich>=13", "Requires-Dist: ws; extra == 'ws'"]
    lines += ["Requires-Dist: llama-cpp-python>=0.3"] if needs_llama else []
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("copilot_lsp-1.dist-info/METADATA", "\n".join(lines) + "\n\n")
    server.fill(Path("python"), wheel, tmp_path)
    needs = ["rich>=13", *(server.LLAMA_NEEDS if needs_llama else ())]
    assert ran[0][-len(needs) :] == needs
    assert ran[1][-2:] == ["--no-deps", wheel]
    assert ran[2:] == ([["llama.cpp"]] if needs_llama else [])


def test_a_file_that_is_no_wheel_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "copilot_lsp-1-py3-none-any.whl"
    broken.write_bytes(b"half a whe")
    with pytest.raises(steps.Failed, match="is not a wheel"):
        server.requirements(broken)


def test_the_needs_of_llama_cpp_are_those_it_declares() -> None:
    from importlib.metadata import requires

    declared = [text for text in requires("llama-cpp-python") or [] if "extra" not in text]
    assert sorted(declared) == sorted(server.LLAMA_NEEDS)
