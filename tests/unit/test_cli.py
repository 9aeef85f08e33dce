"""The top level of the command line, `models` and `doctor`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copilot_lsp import __version__, cli
from copilot_lsp.cli import complete, main
from copilot_lsp.models import registry


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "copilot_lsp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any pulled model."""
    monkeypatch.setattr(registry, "cache_folder", lambda: tmp_path / "cache")


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"copilot-lsp {__version__}\n")


@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command.split(), "--help"])
    assert "usage: copilot-lsp" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    heavy = ("rich", "cattrs", "pygls", "tree_sitter", "numpy", "llama_cpp")
    script = "import sys; from copilot_lsp.cli import parser; parser()"
    script += f"; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [[], ["explode"], ["models"], ["models", "explode"]])
def test_wrong_usage_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["eval", "models rm x"])
def test_what_a_command_does_not_know_leads_to_its_own_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*command.split(), "--nope"])
    name = f"copilot-lsp {command.removesuffix(' x')}"
    assert capsys.readouterr().err == f"{name}: unrecognized arguments: --nope (see {name} --help)\n"


def test_an_interrupt_is_silent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(complete, "run", interrupt)
    assert main(["complete", "a.py:1:1"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is another error on Windows")
def test_a_closed_pipe_is_silent(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = ", "utf-8")
    (tmp_path / "script.json").write_text('[{"after": "x = $", "text": "1"}]', "utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["complete", "a.py:1:5", "--engine", "fake", "--fake-script", "script.json"]
    with os.fdopen(writing, "wb") as closed:
        command = [sys.executable, "-m", "copilot_lsp", *arguments]
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


def test_models_list(no_models: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "smollm2-135m" in out
    assert f"default: {registry.load().default}" in out


def test_models_path_and_verify_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0")
    assert main(["models", "path", str(path)]) == 0
    assert main(["models", "verify", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n{path}: a GGUF file\n"


@pytest.mark.parametrize("action", ["path", "verify"])
def test_models_without_the_model(no_models: None, capsys: pytest.CaptureFixture[str], action: str) -> None:
    assert main(["models", action, "smollm2-135m"]) == 1
    assert "run `copilot-lsp models pull" in capsys.readouterr().err


def test_models_pull_of_an_unknown_name(no_models: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "huge"]) == 1
    assert capsys.readouterr().err.startswith("copilot-lsp: there is no model 'huge': the names are ")


def test_doctor_fails_without_a_model_and_says_what_to_do(no_models: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--model", "smollm2-135m"]) == 1
    out = capsys.readouterr().out
    assert "failed" in out
    assert "models pull" in " ".join(out.split())


def test_doctor_json_has_every_check_and_the_settings(no_models: None, capsys: pytest.CaptureFixture[str]) -> None:
    # The engine works, the model is not there.
    assert main(["doctor", "--json", "--engine", "fake", "--model", "smollm2-135m"]) == 1
    data = json.loads(capsys.readouterr().out)
    states = {check["name"]: check["state"] for check in data["checks"]}
    assert states["model"] == "failed"
    assert states["engine test"] == states["grammars"] == states["llama-cpp-python"] == "ok"
    assert data["settings"]["model"] == "smollm2-135m"


def test_doctor_names_a_package_that_is_missing(
    no_models: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import metadata

    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert main(["doctor", "--engine", "fake"]) == 1
    assert "to do: run `pip install llama-cpp-python`" in capsys.readouterr().out


def test_help_is_quick() -> None:
    """None of what takes long to import is."""
    slow = {"httpx", "huggingface_hub", "llama_cpp", "lsprotocol", "numpy", "pygls", "rich", "tree_sitter"}
    code = "import sys; from copilot_lsp.cli import parser; parser(); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not slow & set(told.stdout.split())
