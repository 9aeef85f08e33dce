"""scripts/setup.py and its parts, as far as they go without compiling anything."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import platformdirs
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-dev.lock"

sys.path.insert(0, str(ROOT / "scripts"))
cache = importlib.import_module("installer.cache")
compile_ = importlib.import_module("installer.compile")
lock = importlib.import_module("lock")
server = importlib.import_module("installer.server")
setup = importlib.import_module("setup")
steps = importlib.import_module("installer.steps")
wheels = importlib.import_module("installer.wheels")
sys.path.remove(str(ROOT / "scripts"))

Failed = steps.Failed


def locked() -> dict[str, str]:
    lines = [line for line in LOCK.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in (line.split("==") for line in lines)}


def test_the_lock_has_all_that_the_project_asks_for_in_allowed_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"]):
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked()[wanted.name.lower()]), text


def test_the_lock_has_exact_versions_and_nothing_of_one_machine() -> None:
    for name, version in locked().items():
        assert re.fullmatch(r"[a-z0-9-]+ [0-9][0-9a-z.+]*", f"{name} {version}")


def test_lock_lines_come_without_paths() -> None:
    lines = lock.locked_lines("dev")
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    assert {"rich", "Pygments", "pytest", "llama_cpp_python"} <= names
    assert not {"copilot-lsp", "pip", "setuptools"} & names


def test_the_cache_folder_is_that_of_platformdirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache.folder() == platformdirs.user_cache_path("copilot-lsp", appauthor=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == platformdirs.user_cache_path("copilot-lsp", appauthor=False)


def test_the_lock_and_the_setup_have_the_same_llama_cpp() -> None:
    assert wheels.pins()["version"] == locked()["llama-cpp-python"]
    assert "llama-cpp-python" not in {
        line.partition("==")[0].replace("_", "-") for line in setup.without_llama(LOCK.read_text("utf-8"))
    }


def test_the_key_is_stable_and_changes_with_version_flags_and_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    key = compile_.build_key("1.0")
    assert key == compile_.build_key("1.0")
    assert key != compile_.build_key("1.1")
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=on")
    assert key != compile_.build_key("1.0")
    monkeypatch.delenv("CMAKE_ARGS")
    monkeypatch.setattr(compile_, "_native_macros", lambda: b"#define __AMX_TILE__ 1")
    assert key != compile_.build_key("1.0")


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path)
    return tmp_path / "wheels"


def test_a_wheel_in_the_cache_is_not_compiled_again(
    own_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = own_cache / compile_.build_key("1.0")
    folder.mkdir(parents=True)
    wheel = folder / "llama_cpp_python-1.0-py3-none-any.whl"
    wheel.touch()
    assert compile_.get("1.0", Path("no-python"), tmp_path / "log") == wheel
    assert "already compiled for this machine" in capsys.readouterr().out


def test_a_compiled_wheel_goes_into_the_cache(monkeypatch: pytest.MonkeyPatch, own_cache: Path, tmp_path: Path) -> None:
    def stand_in(_version: str, _python: Path, into: Path, _log: Path) -> Path:
        (into / "llama.whl").write_bytes(b"wheel")
        return into / "llama.whl"

    monkeypatch.setattr(compile_, "_compile", stand_in)
    wheel = compile_.get("1.0", Path("python"), tmp_path / "log")
    assert wheel == own_cache / compile_.build_key("1.0") / "llama.whl"
    assert wheel.read_bytes() == b"wheel"
    assert [path.name for path in own_cache.iterdir()] == [wheel.parent.name]


def test_a_failed_build_leaves_nothing_in_the_cache(own_cache: Path, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="failed with exit code 1"):
        compile_.get("1.0", Path(sys.executable), tmp_path / "log")
    assert list(own_cache.rglob("*.whl")) == []


def test_no_compiler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(Failed, match=r"^no C\+\+ compiler \(no-such-compiler\): install one"):
        compile_.build_key("1.0")


def test_windows_without_visual_cpp_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PROGRAMFILES(X86)", str(tmp_path))
    with pytest.raises(Failed, match=r"^no C\+\+ compiler: install Visual Studio Build Tools"):
        compile_._check_visual_cpp()
    installer = tmp_path / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    installer.parent.mkdir(parents=True)
    installer.write_text(f"#!{sys.executable}\nprint('C:/BuildTools')\n", "utf-8")
    installer.chmod(0o755)
    compile_._check_visual_cpp()


def test_a_compiler_that_does_not_work_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", f"{sys.executable} -c 'raise SystemExit(\"broken\")'")
    with pytest.raises(Failed, match=r"^the C\+\+ compiler does not work: broken$"):
        compile_.build_key("1.0")


def test_an_old_python_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    with pytest.raises(Failed, match=r"^needs Python 3\.11 or newer"):
        server.check_python()


def test_a_python_without_venv_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(Failed, match="apt install python3-venv"):
        server.check_python()


def test_up_to_date_asks_for_the_same_inputs_and_the_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamp, model = tmp_path / "stamp.json", tmp_path / "model.gguf"
    monkeypatch.setattr(setup, "STAMP", stamp)
    monkeypatch.setattr(setup, "PYTHON", Path(sys.executable))
    assert not setup.up_to_date("a")
    stamp.write_text("half a stam", "utf-8")
    assert not setup.up_to_date("a")
    stamp.write_text(json.dumps({"inputs": "a", "model": str(model)}), "utf-8")
    assert not setup.up_to_date("a")
    model.touch()
    assert setup.up_to_date("a")
    assert not setup.up_to_date("b")


def test_the_fingerprint_covers_the_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = setup.fingerprint()
    assert before == setup.fingerprint()
    other = tmp_path / "other.lock"
    other.write_text(LOCK.read_text("utf-8") + "more==1\n", "utf-8")
    monkeypatch.setattr(setup, "LOCK", other)
    assert before != setup.fingerprint()


def test_a_failed_step_shows_the_end_of_its_output_and_names_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "step.log"
    script = "for n in range(100): print('line', n)\nraise SystemExit(3)"
    with pytest.raises(Failed, match=f"'Working' failed with exit code 3; all of its output is in {log}") as caught:
        steps.run("Working", [sys.executable, "-c", script], log)
    with pytest.raises(SystemExit, match=r"^setup: 'Working' failed"):
        steps.end("setup", caught.value)
    shown = capsys.readouterr().err.splitlines()
    assert shown[-1] == "line 99"
    assert len(shown) == steps.TAIL_LINES
    assert log.read_text().startswith("line 0\n")


def test_a_long_step_says_that_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "TICK_SECONDS", 0.2)
    script = "import time; print('[3/17] Building', flush=True); time.sleep(0.7)"
    steps.run("Working", [sys.executable, "-c", script], tmp_path / "log")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Working"
    assert re.fullmatch(r"  \d s \[3/17\]", said[-2])
    assert re.fullmatch(r"  done in \d s", said[-1])


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (65.2, "1 min 05 s")])
def test_elapsed(seconds: float, words: str) -> None:
    assert steps.elapsed(seconds) == words


def test_the_setup_needs_only_the_standard_library() -> None:
    modules = "import sys; sys.path.insert(0, 'scripts'); import setup, install"
    done = subprocess.run([sys.executable, "-S", "-c", modules], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
