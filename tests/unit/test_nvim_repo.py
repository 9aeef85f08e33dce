"""The branch that plugin managers take."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(ROOT / "scripts"))
nvim_repo = importlib.import_module("nvim_repo")
sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of one commit; the branch is made in it."""
    for name, value in (("GIT_AUTHOR_NAME", "a"), ("GIT_COMMITTER_NAME", "a")):
        monkeypatch.setenv(name, value)
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@example.org")
    folder = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    return folder


def test_the_plugin_is_at_the_root_with_what_installs_the_server(tmp_path: Path) -> None:
    nvim_repo.plugin(tmp_path)
    wanted = ("plugin/copilot_lsp.lua", "lua/copilot_lsp", "doc/copilot-lsp.txt", "LICENSE", "install/install.py")
    assert [name for name in wanted if not (tmp_path / name).exists()] == []
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "install/install.py", "-h"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_commit_for_each_change_and_none_without(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvim_repo, "ROOT", repository)
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "a.lua").write_text("1")
    head = nvim_repo.git("rev-parse", "HEAD")
    first = nvim_repo.commit(folder, tmp_path / "index-1", "nvim", "one")
    assert nvim_repo.commit(folder, tmp_path / "index-2", "nvim", "again") == first
    (folder / "a.lua").rename(folder / "b.lua")
    second = nvim_repo.commit(folder, tmp_path / "index-3", "nvim", "two")
    assert nvim_repo.git("rev-list", "nvim").split() == [second, first]
    assert nvim_repo.git("ls-tree", "-r", "--name-only", "nvim") == "b.lua"
    assert nvim_repo.git("rev-parse", "HEAD") == head
    assert nvim_repo.git("status", "--porcelain") == ""
