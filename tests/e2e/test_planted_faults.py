"""`copilot-lsp doctor` finds each fault that is planted here, as text and as JSON, and says what to do."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from process import serving
from tiny_gguf import METADATA, make

from copilot_lsp import config, models
from copilot_lsp.cli import main
from copilot_lsp.engine.local import supervisor
from copilot_lsp.models import fit, registry

Doctor = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's machine without settings, editors and proxies."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def doctor(home: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Runs it twice, and holds that text, JSON and exit code say the same; the findings that need the user, by name."""

    def run(*arguments: str, engine: str = "fake") -> dict[str, dict[str, str]]:
        registry.load.cache_clear()
        line = ["doctor", "--engine", engine, *arguments]
        code = main([*line, "--json"])
        out, err = capsys.readouterr()
        found = {
            each["name"]: each for each in json.loads(out)["checks"] if each["remedy"] or each["state"] == "failed"
        }
        assert code == bool(found)
        assert err == (f"copilot-lsp: needs attention: {', '.join(found)}\n" if found else "")
        assert main(line) == code
        text = " ".join(capsys.readouterr().out.split())
        for check in found.values():
            assert "".join(check["value"].split()) in "".join(text.split())
            assert "".join(check["remedy"].split()) in "".join(text.split())
        registry.load.cache_clear()
        return found

    return run


def test_a_machine_without_a_fault_has_nothing_to_do(doctor: Doctor) -> None:
    assert doctor() == {}
    assert doctor(engine="local") == {}


@pytest.mark.parametrize("how", ["no library", "another library"])
def test_1_a_wrong_build_of_llama_cpp(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    library = home / "libllama.so"
    other = Path(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    library.write_bytes(b"no library" if how == "no library" else other.read_bytes())
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(home))
    found = doctor(engine="local")["engine"]
    assert "llama-cpp-python cannot be used" in found["value"]
    assert "docs/building.md" in found["remedy"]


def test_2_a_build_whose_fast_kernels_crash(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine process crashes unless it is told to be in safe mode; then it is the real one."""
    real = supervisor.worker_command()
    crashing = home / "crashing.py"
    crashing.write_text(CRASHING.format(command=real), "utf-8")
    monkeypatch.setattr(supervisor, "worker_command", lambda: [sys.executable, str(crashing)])
    monkeypatch.setenv("COPILOT_LSP_ENGINE_SHARED", "false")  # for a hub, nothing is replaced
    found = doctor(engine="local")["safe mode"]
    assert found["state"] == "warning"
    assert "AMX" in found["value"]
    assert "docs/building.md" in found["remedy"]


CRASHING = """
import os, signal, subprocess, sys, threading
first = sys.stdin.buffer.readline()
if b'"safe":true' not in first.replace(b" ", b""):
    os.kill(os.getpid(), signal.SIGSEGV)
engine = subprocess.Popen({command!r}, stdin=subprocess.PIPE)
def feed():
    engine.stdin.write(first)
    engine.stdin.flush()
    while line := sys.stdin.buffer.readline():
        engine.stdin.write(line)
        engine.stdin.flush()
    engine.stdin.close()
threading.Thread(target=feed, daemon=True).start()
sys.exit(engine.wait())
"""


@pytest.mark.parametrize("how", ["cut off", "changed", "no model"])
def test_3_a_damaged_model(doctor: Doctor, home: Path, how: str) -> None:
    whole = models.find("default").path.read_bytes()
    damaged = {"cut off": whole[:-1000], "changed": whole[:-1000] + bytes(1000), "no model": b"<html>"}[how]
    (home / "damaged.gguf").write_bytes(damaged)
    sha256 = registry.load().get("default").sha256
    named(home, "mine", home / "damaged.gguf", f'sha256 = "{sha256}"')
    found = doctor("--model", "mine")
    assert "damaged" in found["model"]["value"] or "no GGUF" in found["model"]["value"]
    assert "models use" in found["model"]["remedy"]


@pytest.mark.parametrize("says", ['family = "qwen"\nlayout = "psm"', 'family = "qwen"', 'layout = "psm"'])
def test_4_a_model_of_the_wrong_family(doctor: Doctor, home: Path, says: str) -> None:
    named(home, "mine", models.find("default").path, says)
    found = doctor("--model", "mine", engine="local")["family"]
    assert "should be" in found["value"]


def test_5_a_model_without_tokens_for_filling_in(doctor: Doctor, home: Path) -> None:
    plain = [field for field in METADATA if ".fim_" not in field[0]]
    renamed = [(key, kind, _without_marks(value)) for key, kind, value in plain]
    (home / "plain.gguf").write_bytes(make(renamed).data)
    found = doctor("--model", str(home / "plain.gguf"), engine="local")
    assert "no infilling tokens" in found["family"]["value"]
    assert "models use" in found["family"]["remedy"]


def _without_marks(value: object) -> object:
    if not isinstance(value, tuple):
        return value
    return value[0], [each.strip("<|>") if str(each).startswith("<|fim") else each for each in value[1]]


def test_6_too_little_memory(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "memory", lambda: 400_000_000)
    found = doctor()["memory"]
    assert "this machine has 400 MB" in found["value"]
    assert "smaller model" in found["remedy"]


def test_7_a_cache_that_cannot_be_written(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "taken").write_text("a file", "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "taken"))
    found = doctor()["cache folder"]
    assert "cannot be written" in found["value"]
    assert "XDG_CACHE_HOME" in found["remedy"]


def test_8_two_places_that_say_different_things(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    config.user_file().write_text("[completion]\nconfidence = 0.3\n", "utf-8")
    monkeypatch.setenv("COPILOT_LSP_COMPLETION_CONFIDENCE", "0.3")
    assert doctor() == {}
    monkeypatch.setenv("COPILOT_LSP_COMPLETION_CONFIDENCE", "0.9")
    found = doctor()["settings"]
    assert found["value"] == (
        f"completion.confidence: {config.user_file()} says 0.3; the environment says 0.9; the environment wins"
    )


def test_8_a_setting_that_cannot_be_used(doctor: Doctor) -> None:
    config.user_file().write_text("[completion]\nconfidenze = 0.3\n", "utf-8")
    assert "confidenze is not an option" in doctor()["settings"]["value"]


def test_9_an_extension_that_is_older_than_the_server(doctor: Doctor, home: Path) -> None:
    extensions = home / ".vscode" / "extensions"
    put_extension(extensions, "0.0.9")
    assert "0.0.9" in doctor()["editor"]["value"]
    put_extension(extensions, "99.0.0")  # the editor uses the newest
    assert doctor() == {}


def put_extension(extensions: Path, version: str) -> None:
    folder = extensions / f"copilot-lsp.copilot-lsp-{version}"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"version": version}), "utf-8")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "127.0.0.1:9", "ftp://proxy", "http://[broken", "http://x:y"]
)
def test_10_a_proxy_that_breaks_pulls(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    found = doctor()["proxy"]
    assert address in found["value"]
    assert "HTTPS_PROXY" in found["remedy"]


def test_10_a_proxy_that_answers_is_no_fault(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:secret@127.0.0.1:{proxy.getsockname()[1]}")
        assert doctor() == {}
    assert "secret" not in doctor()["proxy"]["value"]


def test_10_certificates_that_are_not_there(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/bundle.pem")
    assert "/no/such/bundle.pem" in doctor()["certificates"]["value"]


def test_leaks_of_an_engine_are_found(doctor: Doctor, home: Path) -> None:
    script = home / "leaks.json"
    script.write_text(json.dumps([{"after": "return $", "text": "a + b<|fim_middle|>"}]), "utf-8")
    found = doctor("--fake-script", str(script))["known hole"]
    assert (found["state"], "<|fim_middle|>" in found["value"]) == ("failed", True)


def named(home: Path, name: str, file: Path, more: str) -> None:
    """The user's own name for a file, with what they say of it."""
    entry = f'[models.{name}]\ndescription = "mine"\nlicence = "MIT"\n{more}\nsources = [{{ path = "{file}" }}]\n'
    (home / "config" / "models.toml").write_text(entry, "utf-8")


async def test_the_server_knows_the_editor_and_its_settings(home: Path) -> None:
    config.user_file().write_text("[completion]\nconfidence = 0.3\n", "utf-8")
    async with serving() as server:
        options = {"copilotLsp": {"completion": {"confidence": 0.9, "candidates": 3}}}
        await server.initialize(clientInfo={"name": "Neovim", "version": "0.10.4"}, initializationOptions=options)
        answer = await server.request("workspace/executeCommand", {"command": "copilotLsp.doctor"})
    assert answer["ok"] is True
    checks = {check["name"]: check for check in answer["report"]["checks"]}
    assert checks["editor"]["value"] == "Neovim 0.10.4 is too old: 0.11 is needed"
    assert checks["settings"]["value"].endswith("the editor says 0.9; the editor wins")
    assert checks["engine test"]["state"] == "ok"
    assert answer["report"]["settings"]["completion"]["confidence"] == 0.9
    assert "to do: update Neovim" in answer["text"]
    assert "\x1b" not in answer["text"]
