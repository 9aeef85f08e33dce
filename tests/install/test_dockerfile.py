"""The steps of the Dockerfile as a script, in folders of the test's own: where no Docker is at hand, all but the image.

`scripts/install.py`, which editors' plugins run too, is among them.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from machine import Machine

ROOT = Path(__file__).parents[2]
GUARD = "*ggml-cpu-*"
"""In the step that refuses a llama.cpp which is for one CPU only."""


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def steps() -> list[str]:
    """The RUN lines of the stage that builds."""
    stages = [index for index, (word, _) in enumerate(instructions()) if word == "FROM"]
    return [rest for word, rest in instructions()[: stages[1]] if word == "RUN"]


@pytest.fixture
def context(tmp_path: Path, llama_wheel: Path) -> Path:
    """What `COPY . .` copies: the files that git has and .dockerignore does not leave out, and dist/ with a wheel."""
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    names = subprocess.check_output(["git", "-C", str(ROOT), "ls-files"], text=True).splitlines()
    folder = tmp_path / "src"
    for name in names:
        if not any(fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/") for pattern in ignored):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "dist").mkdir()
    shutil.copy(llama_wheel, folder / "dist")
    return folder


def test_the_steps_of_the_dockerfile(machine: Machine, context: Path, tmp_path: Path, llama_wheel: Path) -> None:
    for name in ("bash", "env", "ls", "sh"):
        (machine.programs / name).symlink_to(Path("/usr/bin", name))
    there = replace(machine, home=context)
    moved = {"/opt/copilot-lsp": tmp_path / "image", "/tmp/": f"{tmp_path}/scratch/"}
    portable = "manylinux" in llama_wheel.name
    for step in steps():
        command = re.sub("|".join(map(re.escape, moved)), lambda match: str(moved[match[0]]), step)
        if GUARD in step and not portable:
            with pytest.raises(AssertionError, match="ggml-cpu"):
                there.run("sh", "-ec", command)
        else:
            there.run("sh", "-ec", command)
    program = tmp_path / "image" / "bin" / "copilot-lsp"
    shutil.copy(ROOT / "examples" / "grid.py", machine.home)
    assert "self.cells[y][x] = value" in machine.run(program, "complete", "grid.py:18:1")


def test_the_image_runs_what_the_steps_made() -> None:
    _, *last = "\n".join(" ".join(each) for each in instructions()).split("FROM ")[1:]
    for line in (
        "COPY --from=build /opt/copilot-lsp /opt/copilot-lsp",
        "ENV PATH=/opt/copilot-lsp/bin:$PATH",
        'ENTRYPOINT ["copilot-lsp"]',
    ):
        assert line in last[0]
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(set(bases)) == 1, "an environment of one Python does not run on another"
    assert tuple(map(int, re.findall(r"\d+", bases[0])[:2])) >= (3, 11)
