"""The files for other systems' package managers agree with the project, and are what they should be."""

from __future__ import annotations

import hashlib
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import tree_sitter_bash
import tree_sitter_ruby
import yaml
from tree_sitter import Language, Parser

from copilot_lsp import __version__

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

sys.path.insert(0, str(ROOT / "scripts"))
release = importlib.import_module("release")
sys.path.remove(str(ROOT / "scripts"))


def text(name: str) -> str:
    return (PACKAGING / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "pattern", "count"),
    [
        ("mason/package.yaml", r"pkg:pypi/copilot-lsp@(.+)", 1),
        ("homebrew/copilot-lsp.rb", r"/v(.+?)/copilot_lsp-(.+?)\.tar\.gz", 2),
        ("nix/package.nix", r'version = "(.+)"', 1),
        ("aur/PKGBUILD", r"pkgver=(.+)", 1),
    ],
)
def test_the_version_is_the_projects(name: str, pattern: str, count: int) -> None:
    found = re.search(pattern, text(name))
    assert found is not None
    assert list(found.groups()) == [__version__] * count


def test_the_licence_and_python_are_the_projects() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert yaml.safe_load(text("mason/package.yaml"))["licenses"] == ["Apache-2.0"]
    assert 'license "Apache-2.0"' in text("homebrew/copilot-lsp.rb")
    assert "license=(Apache-2.0)" in text("aur/PKGBUILD")
    python = re.search(r'"python@3\.(\d+)"', text("homebrew/copilot-lsp.rb"))
    assert python is not None
    assert int(python[1]) >= int(PROJECT["requires-python"].removeprefix(">=3."))


def test_nix_has_the_projects_dependencies() -> None:
    wanted = {re.split(r"[<>=\[]", line)[0] for line in PROJECT["dependencies"]}
    body = text("nix/package.nix").split("dependencies =")[1].split("pythonImportsCheck")[0]
    listed = re.findall(r'^\s+"?([a-z][a-z0-9-]+)"?$', body, re.MULTILINE)
    assert sorted(listed) == sorted(wanted)


def test_masons_entry_has_the_keys_of_its_schema() -> None:
    """mason-registry, schemas/package.schema.json: these are required, and no others but those below are allowed."""
    entry = yaml.safe_load(text("mason/package.yaml"))
    required = {"name", "description", "homepage", "licenses", "languages", "source"}
    assert required <= set(entry) <= required | {"categories", "bin", "share", "ci_skip", "schemas", "neovim"}
    assert entry["name"] == PROJECT["name"]
    assert set(entry["bin"]) == set(PROJECT["scripts"])


@pytest.mark.parametrize(
    ("name", "grammar"), [("homebrew/copilot-lsp.rb", tree_sitter_ruby), ("aur/PKGBUILD", tree_sitter_bash)]
)
def test_syntax(name: str, grammar: ModuleType) -> None:
    tree = Parser(Language(grammar.language())).parse(text(name).encode())
    assert not tree.root_node.has_error


@pytest.mark.parametrize(
    "command",
    [
        ["ruby", "-c", "homebrew/copilot-lsp.rb"],
        ["bash", "-n", "aur/PKGBUILD"],
        ["shellcheck", "aur/PKGBUILD"],
        ["nix-instantiate", "--parse", "nix/flake.nix"],
        ["nix-instantiate", "--parse", "nix/package.nix"],
    ],
    ids=" ".join,
)
def test_linted_by_its_own_program(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=PACKAGING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_release_fills_them_in(tmp_path: Path) -> None:
    sdist = tmp_path / "copilot_lsp-1.tar.gz"
    sdist.write_bytes(b"sources")
    release.packages(tmp_path / "out", sdist, "https://example.org/r")
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert set(written) == {"package.yaml", "copilot-lsp.rb", "flake.nix", "package.nix", "PKGBUILD"}
    assert not [name for name, content in written.items() if re.search("@[A-Z0-9_]+@", content)]
    digest = hashlib.sha256(b"sources").hexdigest()
    assert f'sha256 "{digest}"' in written["copilot-lsp.rb"]
    assert f"sha256sums=({digest})" in written["PKGBUILD"]
    assert "https://example.org/r/releases/download/" in written["copilot-lsp.rb"]


def test_without_an_address_its_placeholder_stays(tmp_path: Path) -> None:
    sdist = tmp_path / "copilot_lsp-1.tar.gz"
    sdist.write_bytes(b"sources")
    release.packages(tmp_path / "out", sdist, "")
    assert 'url="@REPOSITORY@"' in (tmp_path / "out" / "aur" / "PKGBUILD").read_text("utf-8")
