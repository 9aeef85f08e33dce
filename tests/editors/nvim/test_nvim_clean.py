"""From nothing to an accepted suggestion: Neovim with no configuration but our plugin's; no Python, no compiler."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nvim_driver import NVIMS, ROOT, Nvim, repository, short_folder, started

sys.path[:0] = folders = [str(ROOT / "scripts"), str(ROOT / "tests" / "editors")]
editors_vscode = importlib.import_module("editors_vscode")
own_python = importlib.import_module("own_python")
del sys.path[: len(folders)]

COMPILERS = r"(.*-)?(gcc|g\+\+|cc|c\+\+|c[89]9|cpp|clang|ld|as)([-.].*)?|make|gmake|cmake|ninja"
ABSENT = re.compile(rf"{COMPILERS}|(python|pip|uv).*")
"""What a user need not have."""
INSTALL_SECONDS = 600
CONDITION = "        if not (0 <= x < self.width and 0 <= y < self.height):"
"""Above it the same is done again: the model is sure of what follows."""

SPEC = """\
vim.o.termguicolors = true
vim.pack.add({{ {{ src = 'file://{repository}', version = 'nvim' }} }}, {{ confirm = false }})
require('copilot_lsp').setup({{ offer_model = false }})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel: it is on no package index yet."""
    folder = tmp_path_factory.mktemp("server")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture
def clean(plugin: Path, tmp_path: Path) -> Iterator[Nvim]:
    """On examples/grid.py, with an empty home. vim.pack came with Neovim 0.12."""
    programs, home = tmp_path / "programs", tmp_path / "home"
    for folder in (programs, home):
        folder.mkdir()
    for program in Path("/usr/bin").iterdir():
        if not ABSENT.fullmatch(program.name):
            (programs / program.name).symlink_to(program)
    here = {"HOME": home, "PATH": programs, "XDG_CACHE_HOME": home / "cache", "CC": "none", "CXX": "none"}
    here["COPILOT_LSP_LLAMA_WHEEL"] = editors_vscode.llama_here()
    variables = {name: str(value) for name, value in here.items()}
    nvim = Nvim(Path(NVIMS) / "nvim-0.12", short_folder(), "clean", variables)
    sample = (ROOT / "examples" / "grid.py").read_text("utf-8").rstrip() + f"\n{CONDITION}\n            \n"
    release_python(plugin, tmp_path / "python.tar.gz")
    with started(nvim, SPEC.format(repository=repository(plugin, tmp_path)), "grid.py", sample):
        yield nvim


def release_python(plugin: Path, archive: Path) -> None:
    """In place of the released one, which is not to be had everywhere, this machine's own."""
    file = plugin / "install" / "python-builds.json"
    builds = json.loads(file.read_text("utf-8"))
    digest = hashlib.sha256(own_python.pack(archive).read_bytes()).hexdigest()
    builds["builds"] = {name: {"url": archive.as_uri(), "sha256": digest} for name in builds["builds"]}
    file.write_text(json.dumps(builds), "utf-8")


def test_from_nothing_to_an_accepted_suggestion(clean: Nvim, server: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = clean.lines()
    began = time.monotonic()
    clean.command(f"CopilotLsp install {server}")
    clean.wait("the installation", lambda: "the server is installed" in messages(clean), INSTALL_SECONDS)
    installed = time.monotonic() - began
    clean.wait_ready()
    clean.keys("G", "A")
    clean.type("raise ")
    clean.wait("a suggestion", lambda: clean.screen().ghost.startswith("IndexError"), INSTALL_SECONDS)
    clean.keep("1-suggested")
    line = clean.screen().ghost.splitlines()[0]
    clean.keys("Tab")
    clean.wait("what was shown, in the buffer", lambda: clean.lines().startswith(f"{before}raise {line}"))
    accepted = time.monotonic() - began
    with capsys.disabled():
        print(f"\nNeovim: installed in {installed:.0f} s, completed and accepted after {accepted:.0f} s")


def messages(nvim: Nvim) -> str:
    return json.dumps(nvim.lua('vim.fn.execute("messages")'))
