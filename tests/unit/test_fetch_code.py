"""The code that figures are measured on: what the list promises, and that only what it pins is unpacked."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks import fetch_code
from benchmarks.fetch_code import Source, Unfetched


def packed(file: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Its archive comes from a file in place of an index."""
    archive = packed(tmp_path / "made-1.tar.gz", {"made-1/a.py": b"x = 1\n"})
    monkeypatch.setattr(fetch_code, "_from_pip", lambda source, work: archive)
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    return Source("report", "pypi", "made", "1", date(2026, 5, 1), "Python", "MIT", checksum)


def test_every_package_is_of_2026_and_in_one_set() -> None:
    listed = fetch_code.sources()
    assert {each.published.year for each in listed} == {2026}
    assert len({each.name for each in listed}) == len(listed)


def test_figures_are_reported_for_six_languages() -> None:
    report = {each.language for each in fetch_code.sources() if each.set == "report"}
    assert report == {"Python", "TypeScript", "Go", "Rust", "Java", "C++"}


def test_a_package_is_unpacked_into_its_set(source: Source, tmp_path: Path) -> None:
    target = fetch_code.fetch(source, tmp_path / "code")
    assert target == tmp_path / "code/report/made"
    assert (target / "a.py").read_text() == "x = 1\n"


def test_what_is_not_pinned_is_not_unpacked(source: Source, tmp_path: Path) -> None:
    with pytest.raises(Unfetched, match="is not what code"):
        fetch_code.fetch(replace(source, sha256="0" * 64), tmp_path / "code")
    assert not list((tmp_path / "code/report").iterdir())


def test_a_member_outside_its_folder_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "odd.tar.gz", {"../outside.py": b""})
    with pytest.raises(tarfile.OutsideDestinationError):
        fetch_code.unpack(archive, tmp_path / "target")
    assert not (tmp_path / "target").exists()
