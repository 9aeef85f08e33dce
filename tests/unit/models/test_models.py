"""The registry, finding models, adding and removing them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cattrs
import pytest
from tiny_model import GGUF, put

from copilot_lsp import models
from copilot_lsp.errors import DownloadFailed, ModelCorrupt, ModelError, ModelMissing, UsageError
from copilot_lsp.models import own, partial, registry


def test_our_own_registry_is_in_order() -> None:
    ours = registry.read(registry.folder() / "registry.toml")
    assert ours.default in ours.models
    for entry in ours.models.values():
        assert len(bytes.fromhex(entry.sha256)) == 32
        assert entry.size > 0
        assert entry.sources
        if not entry.remote:
            assert entry.path.is_file()
        assert entry.commercial or "Research" in entry.licence
        assert not entry.fim or (entry.rank > 0 and entry.layout)


def test_the_licence_that_forbids_commercial_use_is_marked() -> None:
    marked = {name for name, entry in registry.load().models.items() if not entry.commercial}
    assert marked == {"qwen2.5-coder-3b-base", "qwen2.5-coder-3b-instruct"}


def test_a_misspelled_field_of_the_registry_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path / "registry.toml", b'default = "x"\nmodles = {}\n[models]\n')
    with pytest.raises(cattrs.BaseValidationError):
        registry.read(path)


def test_a_model_that_is_not_here_names_the_command(cache: Path) -> None:
    with pytest.raises(ModelMissing, match=r"^the model tiny .* run `copilot-lsp models pull tiny`$"):
        models.find("default")


def test_an_unknown_name_lists_the_names(cache: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no model 'huge': the names are both, .*, tiny; or give the path"):
        models.find("huge")


def test_find_sees_that_a_file_is_cut_short(cache: Path) -> None:
    put(registry.load().get("tiny").path, GGUF[:-1])
    with pytest.raises(ModelCorrupt, match=f"{len(GGUF) - 1} bytes, not {len(GGUF)}"):
        models.find("tiny")


def no_pip(*_args: object, **_kwargs: object) -> None:
    raise AssertionError("pip was started")


def test_pull_does_nothing_when_the_file_is_whole(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(registry.load().get("tiny").path)
    monkeypatch.setattr(subprocess, "run", no_pip)
    assert models.pull("tiny").path.read_bytes() == GGUF


def test_pull_replaces_a_damaged_file(cache: Path) -> None:
    path = put(registry.load().get("tiny").path, GGUF[:-1] + b"?")
    with pytest.raises(ModelCorrupt, match=r"SHA-256 .* run `copilot-lsp models pull tiny`"):
        models.verify("tiny")
    models.pull("tiny")
    assert path.read_bytes() == GGUF


def test_a_folder_that_cannot_be_written_is_one_line(cache: Path) -> None:
    put(cache, b"a file where the folder should be")
    with pytest.raises(DownloadFailed, match="cannot be written: File exists"):
        models.pull("tiny")


def test_a_shipped_model_is_used_in_place_and_never_downloaded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(registry.folder() / "shipped.gguf")
    monkeypatch.setattr(subprocess, "run", no_pip)
    assert models.find("shipped").path == models.pull("shipped").path == path
    path.unlink()
    for ask in (models.pull, models.find):
        with pytest.raises(ModelError, match="install that again"):
            ask("shipped")


def test_any_gguf_file_is_a_model(tmp_path: Path) -> None:
    path = put(tmp_path / "my-coder.gguf")
    assert models.find(str(path)) == models.verify(str(path)) == models.ResolvedModel("my-coder", path)


def test_a_path_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    put(tmp_path / "m.gguf")
    assert models.find("~/m.gguf").path == tmp_path / "m.gguf"


@pytest.mark.parametrize("path", ["missing.gguf", "./missing", "."])
def test_a_path_where_no_file_is(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissing):
        models.find(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a GGUF file"),
        (b"GGUF\x03", "is not a GGUF file"),
        (b"PK\x03\x04 and so on", "is not a GGUF file"),
        (b"GGUF\x01\0\0\0", "GGUF version 1: llama.cpp reads 2 and 3"),
        (b"GGUF\0\0\0\x03", "GGUF version 50331648"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, message: str) -> None:
    path = put(tmp_path / "no.gguf", data)
    with pytest.raises(ModelCorrupt, match=message):
        models.find(str(path))


def test_a_file_of_the_users_gets_a_name_and_stays_where_it_is(cache: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "My Coder.gguf")
    assert own.add(str(path)).name == "my-coder"
    assert models.find("my-coder").path == path
    models.remove("my-coder")
    assert path.exists()
    with pytest.raises(ModelMissing):
        models.find("my-coder")


def test_adding_keeps_what_the_user_wrote_into_the_file(cache: Path, tmp_path: Path) -> None:
    fields = b'description = "x"\nlicence = "MIT"\nsources = [{path = "/x.gguf"}]\n'
    put(registry.own_file(), b"# mine\n[models.other]\n" + fields)
    own.add(str(put(tmp_path / "a.gguf")))
    assert "# mine" in registry.own_file().read_text("utf-8")
    assert {"a", "other"} <= registry.load().models.keys()


@pytest.mark.parametrize(
    ("what", "name", "message"),
    [
        ("missing.gguf", None, "there is no file"),
        ("hub:owner/name", None, "is not hub:OWNER/NAME/FILE"),
        ("ftp://example.org/x.gguf", None, "begins with https:// or http://"),
        ("https://example.org/x.gguf", "tiny", "'tiny' is a model already"),
        ("https://example.org/x.gguf", "a/b", "cannot be a model's name"),
        ("https://example.org/x.gguf", "default", "cannot be a model's name"),
    ],
)
def test_what_cannot_be_added(cache: Path, what: str, name: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        own.add(what, name)


def test_a_revision_can_be_given(cache: Path) -> None:
    (source,) = own.add("hub:owner/name/sub/x.gguf@abc").sources
    assert source == registry.Hub("owner/name", "sub/x.gguf", "abc")


def test_a_broken_registry_of_the_users_is_one_line(cache: Path) -> None:
    put(registry.own_file(), b"[models.x]\nlicense = 1\n")
    with pytest.raises(ModelCorrupt, match=r"models.toml cannot be read: .*; mend it or delete it") as error:
        models.load()
    assert "\n" not in str(error.value)


def test_removing_takes_what_is_half_there_and_what_was_made_of_it(cache: Path) -> None:
    entry = registry.load().get("hubbed")
    put(entry.path)
    copy = put(entry.path.with_name("hubbed-4bit.gguf"))
    own.write(registry.Entry("hubbed-4bit", "a copy", "Research", (registry.Copy("hubbed", str(copy)),)))
    put(partial.of(entry, entry.remote[0]).file)
    assert models.remove("hubbed") == 3 * len(GGUF)
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert "hubbed-4bit" not in registry.load().models


def test_the_shipped_model_is_not_removed(cache: Path) -> None:
    with pytest.raises(UsageError, match="is a part of copilot-lsp"):
        models.remove("shipped")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("~nosuch-user/m.gguf", "names the folder of a user who does not exist"),
        ("/nowhere/m.gguf", "there is no model file /nowhere/m.gguf: give the path"),
        ("/dev/null/m.gguf", "there is no model file"),
        ("/x/\udcff.gguf", "there is no model file /x/\\xff.gguf"),
        ("/x/\ud800.gguf", "there is no model file /x/?.gguf"),
        ("/x/a\0b.gguf", "there is no model file /x/a?b.gguf"),
        ("/x/a\nb.gguf", "there is no model file /x/a?b.gguf"),
        (f"/{'a' * 5000}.gguf", "cannot be read: File name too long"),
        ("/tmp/", "is a folder"),
        ("/dev/null/../null.gguf", "there is no model file"),
    ],
)
def test_a_path_that_fails_is_one_line(path: str, said: str) -> None:
    with pytest.raises(ModelMissing) as error:
        models.find(path)
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_a_path_that_is_not_utf_8_is_a_path(tmp_path: Path) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/caf\xe9.gguf")
    put(Path(path))
    assert os.fsencode(models.find(path).path).endswith(b"caf\xe9.gguf")


def test_no_other_model_stands_in_for_one_that_fails() -> None:
    from copilot_lsp.cli import serve
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.settings import Settings

    for model in ("~nosuch-user/m.gguf", "/nowhere/m.gguf", "nosuch"):
        engine = serve._engine(Choice(), Settings(model=model))
        assert (engine.status.state, engine.status.model) == ("absent", model)
