"""The Neovims to drive: `scripts/editors_nvim.sh` sets them up, COPILOT_LSP_TEST_NVIM names their folder.

Without it these tests are no part of a run: `make test-editors` has them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from nvim_driver import NVIMS, ROOT, SERVER, Nvim, Start, running
from nvim_script import RULES

VERSIONS = ("0.11", "0.12")

collect_ignore_glob = [] if NVIMS else ["test_*.py"]


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest) -> Path:
    return Path(NVIMS) / f"nvim-{request.param}"


@pytest.fixture
def start(program: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts Neovim on a file; ends it after the test."""
    script = tmp_path / "rules.json"
    script.write_text(json.dumps(RULES), "utf-8")
    fake = [str(SERVER), "serve", "--engine", "fake", "--fake-script", str(script), "--log-file", "LOG"]
    test = request.node.name.removeprefix("test_").replace("[", "-").rstrip("]")

    def begin(options: str = "", file: str = "a.py", text: str = "# probe\n", command: list[str] = fake) -> Nvim:
        """`options` are more options of setup(), in Lua."""
        cmd = "{ " + ", ".join(json.dumps(part) for part in command) + " }"
        setup = f"require('copilot_lsp').setup({{ cmd = {cmd}, offer_model = false, {options} }})"
        return stack.enter_context(running(program, test, setup, file, text))

    with ExitStack() as stack:
        yield begin


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's branch, as scripts/nvim_repo.py writes it."""
    folder = tmp_path_factory.mktemp("plugin")
    code = "import pathlib, sys, nvim_repo; nvim_repo.plugin(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
    assert (folder / "install" / "installer" / "server.py").is_file()
    return folder
