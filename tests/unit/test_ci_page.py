"""The workflows of docs/ci.md: their scripts, run as they stand there, with the fake engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")
GITHUB, GITLAB = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
SCRIPTS = {
    "github": (["bash", "-eo", "pipefail"], next(s for s in GITHUB["jobs"]["fill"]["steps"] if "name" in s)["run"]),
    "gitlab": (["sh", "-e"], "\n".join(GITLAB["markers"]["script"])),
}
RULES = [
    {"after": r"# the mean\s*$", "text": "return sum(v) / len(v)"},
    {"after": r"# guess\s*$", "text": "return 4", "confidence": 0.2},
    {"after": r"# die\s*$", "dies": True},
]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With a command copilot-lsp beside it that has the fake engine."""
    (tmp_path / "rules.json").write_text(json.dumps(RULES), "utf-8")
    command = tmp_path / "bin" / "copilot-lsp"
    command.parent.mkdir()
    engine = f'--engine fake --fake-script "{tmp_path}/rules.json"'
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m copilot_lsp "$@" {engine}\n', "utf-8")
    command.chmod(0o755)
    found = tmp_path / "repository"
    found.mkdir()
    subprocess.run(["git", "init", "-q", found], check=True)
    return found


def run(name: str, repository: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for path, text in files.items():
        (repository / path).write_text(text, "utf-8")
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    shell, script = SCRIPTS[name]
    environment = {**os.environ, "PATH": f"{repository.parent / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([*shell, "-c", script], cwd=repository, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


MEAN = "def mean(v):\n    # TODO(copilot): the mean\n"


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_patch_is_that_of_the_sure_markers(name: str, repository: Path) -> None:
    guess = "def dice():\n    # TODO(copilot): guess\n    pass\n"
    done = run(name, repository, {"mean.py": MEAN, "dice.py": guess, "notes.md": "TODO(copilot)\n"})
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "copilot-lsp: dice.py:2:5: left: the model was not confident enough",
        "copilot-lsp: 1 of 2 markers filled",
    ]
    subprocess.run(["git", "apply", "markers.patch"], cwd=repository, check=True)
    assert (repository / "mean.py").read_text("utf-8") == MEAN.replace("TODO(copilot): ", "") + (
        "    return sum(v) / len(v)\n"
    )
    assert (repository / "dice.py").read_text("utf-8") == guess


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_repository_without_markers_passes(name: str, repository: Path) -> None:
    done = run(name, repository, {"a.py": "x = 1\n"})
    assert (done.returncode, done.stdout) == (0, "no markers\n")


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_engine_that_fails_fails_the_job(name: str, repository: Path) -> None:
    assert run(name, repository, {"a.py": "# TODO(copilot): die\n"}).returncode == 1
