"""What the documentation says that can be checked."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
import tomllib
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from copilot_lsp import __version__, cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "editors/*.md", "editors/*/README.md", "models/*.md", "*/README.md")
    for path in ROOT.glob(pattern)
)

sys.path.insert(0, str(ROOT / "scripts"))
options_table = importlib.import_module("options_table")
release = importlib.import_module("release")
sys.path.remove(str(ROOT / "scripts"))


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text("utf-8")


def test_the_table_of_options_is_that_of_the_code() -> None:
    page = text_of("docs", "options.md")
    assert options_table.updated(page) == page, "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_is_understood() -> None:
    """Up to where the shell takes over."""
    lines = [line for page in PAGES for line in re.findall(r"^\s*\$ copilot-lsp (.+)$", page.read_text("utf-8"), re.M)]
    assert len(lines) > 20
    for line in lines:
        words = shlex.split(re.split(r" [|><&] ?| 2>", line)[0], comments=True)
        with suppress(SystemExit) if "--help" in words else nullcontext():
            cli.parser().parse_args(words)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z-]+)", page.read_text("utf-8"))) <= targets, page
    for script in (ROOT / ".ci" / "run", *ROOT.glob(".github/workflows/*.yml")):
        assert set(re.findall(r"^(?:.* run: )?make ([a-z-]+)", script.read_text("utf-8"), re.MULTILINE)) <= targets


def test_the_places_in_the_examples_exist() -> None:
    text = text_of("Makefile") + text_of("examples", "README.md")
    places = re.findall(r"(examples/[\w.]+):(\d+):(\d+)", text)
    assert places
    for path, line, column in places:
        assert int(column) == len(text_of(path).split("\n")[int(line) - 1]) + 1


def test_every_file_on_the_map_exists() -> None:
    """Paths in ARCHITECTURE.md are those of the repository or of the package; a bare name is in some folder of it."""
    names = set(re.findall(r"`([\w/.*-]+\.(?:py|toml|md)|[\w/]+/)`", text_of("ARCHITECTURE.md")))
    assert len(names) > 50

    def exists(name: str) -> bool:
        roots = (ROOT, ROOT / "copilot_lsp")
        inside = [] if "/" in name else list(ROOT.glob(f"copilot_lsp/**/{name}"))
        return any(list(root.glob(name.rstrip("/"))) for root in roots) or bool(inside)

    known = {
        "unit/",
        "cases/",
        "run/",
        "report/",
        "typing/",
        "local/",
        "remote/",
        "shared/",
        "index/",
        "handlers/",
        "installer/",
    }
    assert {name for name in names - known if not exists(name)} == set()


def test_every_package_is_on_the_map() -> None:
    map_ = text_of("ARCHITECTURE.md")
    packages = [path.parent.name for path in (ROOT / "copilot_lsp").rglob("__init__.py")]
    assert [name for name in packages if f"{name}/" not in map_] == []


def test_there_is_one_version() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "copilot_lsp/__init__.py"
    extension = ROOT / "editors" / "vscode"
    assert json.loads((extension / "package.json").read_text("utf-8"))["version"] == __version__
    assert json.loads((extension / "package-lock.json").read_text("utf-8"))["version"] == __version__
    assert f"## {__version__}\n" in (extension / "CHANGELOG.md").read_text("utf-8")
    assert f"copilot-lsp-{__version__}.vsix" in text_of("README.md")
    assert f"copilot-lsp-{__version__}.vsix" in (extension / "README.md").read_text("utf-8")


def test_a_release_has_notes() -> None:
    """Before the release, the entries stand under Unreleased."""
    assert "### Added" in release.notes(text_of("CHANGELOG.md"), __version__)
    assert release.notes("# C\n\n## [2.0]\n\n- a\n\n## [1.0]\n\n- b\n", "1.0") == "- b\n"
    assert release.notes("## [Unreleased]\n\n- a\n\n## [1.0]\n- b\n", "2.0") == "- a\n"
    with pytest.raises(SystemExit, match="no section"):
        release.notes("# Changelog\n", "1.0")
