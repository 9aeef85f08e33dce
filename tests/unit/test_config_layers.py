"""Options from the profile, files, the environment, the editor and flags: which wins, and what a project may not do."""

from __future__ import annotations

import datetime
import json
import os
import stat
from pathlib import Path

import pytest

from copilot_lsp import config
from copilot_lsp.cli import main
from copilot_lsp.config import Layer, merge
from copilot_lsp.config.machine import fingerprint, this_machine
from copilot_lsp.config.profile import Model, Pick, Profile
from copilot_lsp.config.table import OPTIONS
from copilot_lsp.errors import UsageError
from copilot_lsp.settings import Settings
from copilot_lsp.tuning import store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration folder."""
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path / "user"))
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project" / "src").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def profile(model: Path, name: str, value: int) -> None:
    """Made on this machine, for the model file `model`, which is the default."""
    model.write_bytes(b"GGUF")
    measured = Model("default", ("default",), 9.0, False, str(model), fingerprint(model), options={name: value})
    made = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
    store.write(Profile(1, made, 400.0, this_machine(), Pick("default", 9.0, ""), models=(measured,)))


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def test_the_later_place_wins(home: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "completion.maxLineTokens"
    lines = []

    def now() -> int:
        found = config.load([project])
        lines.append(found.origins.get(name, "default"))
        return found.settings.completion.max_line_tokens

    assert now() == Settings().completion.max_line_tokens
    profile(project / "model.gguf", name, 11)
    assert now() == 11
    write(config.user_file(), "[completion]\nmaxLineTokens = 12\n")
    assert now() == 12
    write(project / "copilot-lsp.toml", "completion.maxLineTokens = 13\n")
    assert now() == 13
    monkeypatch.setenv("COPILOT_LSP_COMPLETION_MAX_LINE_TOKENS", "14")
    assert now() == 14
    layers, _ = config.layers_of([project])
    editor = Layer("editor", "the editor", {name: 15})
    assert merge([*layers, editor]).settings.completion.max_line_tokens == 15
    flags = config.load([project], {name: 16})
    assert flags.settings.completion.max_line_tokens == 16
    expected = ["default", "the profile", str(config.user_file()), str(project / "copilot-lsp.toml")]
    assert lines == [*expected, "the environment"]


def test_an_editor_that_sends_every_default_leaves_what_the_files_say(home: Path) -> None:
    """As VS Code does; what it sends first and changes later is another matter."""
    write(config.user_file(), "engine.threads = 3\nenabled = true\n")
    everything = {name.removeprefix("copilotLsp."): facts["default"] for name, facts in config.describe().items()}
    layers, _ = config.layers_of([])
    editor = Layer("editor", "the editor", everything)
    assert merge([*layers, editor]).settings.engine.threads == 3
    first = Layer("editor", "the editor", {"engine": {"threads": 2}, "enabled": False})
    assert merge([*layers, first]).settings.engine.threads == 2
    back = merge([first, Layer("editor", "the editor", {"engine.threads": 0, "enabled": True})])
    assert (back.settings.engine.threads, back.settings.enabled) == (0, True)


@pytest.mark.parametrize(
    "line",
    [
        "engine.threads = 900",
        "engine.gpuLayers = 0",
        'include = [".env"]',
        'modelFolders = ["/"]',
        'model = "/etc/passwd.gguf"',
        'model = "../other/m.gguf"',
        'model = "~/m.gguf"',
    ],
)
def test_a_project_cannot_set_what_could_harm(home: Path, project: Path, line: str) -> None:
    write(project / "copilot-lsp.toml", line + "\n")
    found = config.load([project])
    assert found.settings == Settings()
    (problem,) = found.problems
    assert problem.startswith(f"{project / 'copilot-lsp.toml'}: ")
    assert "project can" in problem


def test_what_a_project_may_set_is_on_a_list() -> None:
    """An option that is added later is closed to projects until somebody opens it; a remote engine never is."""
    base = Settings()
    for option in OPTIONS:
        sent = config.describe()[f"copilotLsp.{option.name}"]["default"]
        refused = bool(merge([Layer("project", "p", {option.name: sent})], base).problems)
        open_ = option.name.startswith(("completion.", "context."))
        open_ |= option.name in ("enabled", "model", "maxParseBytes", "exclude", "disabledLanguages")
        assert refused is not open_, option.name


def test_a_project_only_adds_to_what_is_left_out(home: Path, project: Path) -> None:
    write(config.user_file(), 'exclude = ["*.gen.py"]\ndisabledLanguages = ["markdown"]\nenabled = false\n')
    write(project / "copilot-lsp.toml", 'exclude = ["vendor/"]\ndisabledLanguages = []\nenabled = true\n')
    settings = config.load([project]).settings
    assert settings.exclude == ("*.gen.py", "vendor/")
    assert settings.disabled_languages == frozenset({"markdown"})
    assert not settings.enabled


def test_a_project_may_name_a_file_in_the_folders_that_the_user_allowed(
    home: Path, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    write(config.user_file(), f'modelFolders = ["{tmp_path / "models"}"]\n')
    model = tmp_path / "models" / "m.gguf"
    write(project / "copilot-lsp.toml", f'model = "{model}"\n')
    assert config.load([project]).settings.model == str(model)
    write(tmp_path / "secret.gguf", "")
    (tmp_path / "models" / "link.gguf").symlink_to(tmp_path / "secret.gguf")
    for outside in (tmp_path / "models" / ".." / "secret.gguf", tmp_path / "models" / "link.gguf"):
        write(project / "copilot-lsp.toml", f'model = "{outside}"\n')
        assert config.load([project]).settings.model == "default"


def test_a_name_that_is_no_option_gets_the_nearest_one(home: Path) -> None:
    write(config.user_file(), "[completion]\nmax_line_token = 1\n[zzz]\nq = 1\n")
    first, second = config.load().problems
    assert first.endswith("completion.max_line_token is not an option: did you mean completion.maxLineTokens?")
    assert second.endswith("zzz.q is not an option")


@pytest.mark.parametrize("text", ["model = ", "\x00", "[a]\n[a]\n"])
def test_a_file_that_cannot_be_read_is_left_out_with_a_line(home: Path, text: str) -> None:
    write(config.user_file(), text)
    found = config.load()
    assert found.settings == Settings()
    (problem,) = found.problems
    assert "cannot be read and is left out: " in problem
    assert "\n" not in problem


def test_a_bad_value_is_named_with_its_file(home: Path) -> None:
    write(config.user_file(), 'completion.candidates = "many"\n')
    (problem,) = config.load().problems
    assert problem.startswith(f"{config.user_file()}: completion.candidates must be a whole number from 1 to 10")


def test_the_environment_has_every_kind_of_value(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPILOT_LSP_ENABLED", "false")
    monkeypatch.setenv("COPILOT_LSP_MODEL", "1.5")
    monkeypatch.setenv("COPILOT_LSP_EXCLUDE", "*.a, *.b")
    monkeypatch.setenv("COPILOT_LSP_DISABLED_LANGUAGES", '["c"]')
    monkeypatch.setenv("COPILOT_LSP_COMPLETION_CONFIDENCE", "0.25")
    monkeypatch.setenv("COPILOT_LSP_ENGINE_SAFE_MODE", "on")
    found = config.load()
    assert found.problems == ()
    settings = found.settings
    assert (settings.enabled, settings.model, settings.exclude) == (False, "1.5", ("*.a", "*.b"))
    assert settings.disabled_languages == frozenset({"c"})
    assert (settings.completion.confidence, settings.engine.safe_mode) == (0.25, "on")


def test_a_project_is_the_nearest_folder_with_a_file_but_not_beyond_the_repository(project: Path) -> None:
    write(project.parent / "copilot-lsp.toml", "")
    assert list(config.project_of(project / "src")) == [project.parent]
    (project / ".git").mkdir()
    assert list(config.project_of(project / "src")) == []
    write(project / "copilot-lsp.toml", "")
    assert list(config.project_of(project / "src")) == [project]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_setting_an_option_keeps_a_link_and_the_mode(home: Path, tmp_path: Path) -> None:
    """Options may be kept in a repository of dotfiles."""
    real = tmp_path / "dotfiles.toml"
    write(real, 'model = "a"\n')
    real.chmod(0o640)
    config.user_file().parent.mkdir(parents=True, exist_ok=True)
    config.user_file().symlink_to(real)
    config.set_user("model", "b")
    assert config.user_file().is_symlink()
    assert real.read_text("utf-8") == 'model = "b"\n'
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_setting_an_option_keeps_the_rest_of_the_file(home: Path) -> None:
    write(config.user_file(), '# mine\nmodel = "a" # why\n\n[completion]\ncandidates = 2\n')
    config.set_user("model", "b")
    config.set_user("engine.threads", 2)
    assert "# mine" in config.user_file().read_text("utf-8")
    settings = config.load().settings
    assert (settings.model, settings.completion.candidates, settings.engine.threads) == ("b", 2, 2)
    write(config.user_file(), "model = ")
    with pytest.raises(UsageError, match="cannot be changed: "):
        config.set_user("model", "c")
    assert config.user_file().read_text("utf-8") == "model = "


def test_the_schema_knows_every_option() -> None:
    properties = config.schema()["properties"]
    for option in OPTIONS:
        place = properties
        *sections, key = option.name.split(".")
        for section in sections:
            place = place[section]["properties"]
        assert place[key]["description"] == option.description


def test_config_show_says_where_each_value_is_from(
    home: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(config.user_file(), 'model = "a"\ncolour = 1\n')
    assert main(["config", "show", "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["options"] == {"model": {"value": "a", "origin": str(config.user_file())}}
    assert shown["problems"] == [f"{config.user_file()}: colour is not an option"]
    write(config.user_file(), "")
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out == "everything is the default\n"
    assert main(["config", "show", "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["options"]) == len(OPTIONS)


def test_config_show_knows_a_misspelled_variable(
    home: Path, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPILOT_LSP_ENGINE_THREAD", "2")
    monkeypatch.setenv("COPILOT_LSP_SERVER", "x")
    assert main(["config", "show"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "COPILOT_LSP_ENGINE_THREAD is no option's variable: did you mean engine.threads?" in out
    assert "COPILOT_LSP_SERVER" not in out


def test_config_path_and_schema(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == main(["config", "schema"]) == 0
    first, _, rest = capsys.readouterr().out.partition("\n")
    assert first == str(config.user_file())
    assert json.loads(rest) == config.schema()


def test_models_use_chooses_a_model_that_is_here(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    assert main(["models", "use", str(path)]) == 0
    assert config.load().settings.model == str(path)
    assert main(["models", "use", "copilot-lsp-fim"]) == 0
    assert config.load().settings.model == "copilot-lsp-fim"
    assert main(["models", "use", "qwen2.5-coder-7b-base"]) == 1
    assert "run `copilot-lsp models pull" in capsys.readouterr().err
    assert config.load().settings.model == "copilot-lsp-fim"
