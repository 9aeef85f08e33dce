"""scripts/fetch_python.py: the Python that the VS Code extension carries, and the pins of it."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

sys.path.insert(0, str(SCRIPTS))
fetch_python = importlib.import_module("fetch_python")
steps = importlib.import_module("installer.steps")
sys.path.remove(str(SCRIPTS))


def test_pins_are_of_one_release_and_of_the_platforms_that_have_a_wheel() -> None:
    release = (
        r"https://github\.com/astral-sh/python-build-standalone/releases/download/(\d+)/cpython-(3\.1\d\.\d+)%2B\1-"
    )
    found = {re.match(release, build["url"]) for build in fetch_python.BUILDS.values()}
    assert None not in found
    assert len({match.groups() for match in found if match}) == 1
    assert all(re.fullmatch(r"[0-9a-f]{64}", build["sha256"]) for build in fetch_python.BUILDS.values())
    assert {"linux-x64", "linux-arm64", "darwin-arm64", "win32-x64"} <= set(fetch_python.BUILDS)
    machines = {"x64": "x86_64", "arm64": "aarch64"}
    for platform, build in fetch_python.BUILDS.items():
        assert machines[platform.partition("-")[2]] in build["url"]


@pytest.mark.parametrize("right", [True, False])
def test_a_file_is_kept_only_with_the_pinned_checksum(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, right: bool
) -> None:
    source, folder = tmp_path / "cpython-3.13.0%2B1-linux.tar.gz", tmp_path / "kept"
    source.write_bytes(b"archive")
    digest = hashlib.sha256(b"archive").hexdigest() if right else "0" * 64
    url = source.parent.as_uri() + "/cpython-3.13.0%252B1-linux.tar.gz"
    monkeypatch.setattr(fetch_python, "BUILDS", {"linux-x64": {"url": url, "sha256": digest}})
    if not right:
        with pytest.raises(steps.Failed, match="not the file that was released"):
            fetch_python.fetch("linux-x64", folder)
        assert not list(folder.iterdir())
        return
    kept = fetch_python.fetch("linux-x64", folder)
    assert kept.read_bytes() == b"archive"
    source.unlink()
    assert fetch_python.fetch("linux-x64", folder) == kept


def test_a_name_is_kept_as_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "cpython-3.13.0+1-linux.tar.gz"
    source.write_bytes(b"archive")
    pin = {"url": source.as_uri().replace("+", "%2B"), "sha256": hashlib.sha256(b"archive").hexdigest()}
    monkeypatch.setattr(fetch_python, "BUILDS", {"linux-x64": pin})
    assert fetch_python.fetch("linux-x64", tmp_path / "kept").name == source.name
