"""A real Neovim in a terminal of its own (tmux), with a user's configuration of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nvim_screen
from nvim_screen import Screen

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = ROOT / "editors" / "nvim"
NVIMS = os.environ.get("COPILOT_LSP_TEST_NVIM", "")
"""The folder with the Neovims; empty when they are not to be tested."""
SERVER = Path(sys.executable).parent / "copilot-lsp"
ARTIFACTS = ROOT / "artifacts" / "nvim"
COLUMNS, LINES = 80, 16
LIMIT = 20.0
"""Seconds until something that should come is given up."""

INIT = """\
vim.g.loaded_python3_provider = 0
vim.o.termguicolors = true
vim.o.swapfile = false
vim.o.ruler = false
vim.opt.runtimepath:append({plugin})
{setup}
"""


@dataclass(frozen=True, slots=True)
class Nvim:
    """`folder` holds everything this Neovim reads and writes; the files it edits are in `folder/work`.

    `variables` are added to its environment.
    """

    program: Path
    folder: Path
    name: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def environment(self) -> dict[str, str]:
        homes = {f"XDG_{kind}_HOME": str(self.folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NVIM", "VIM", "TMUX"))}
        return {**kept, **homes, "LANG": "C.UTF-8", "TERM": "tmux-256color", **self.variables}

    def _run(self, command: list[str]) -> str:
        """Raises AssertionError when it fails or hangs: Neovim answers nothing while it waits for Enter."""
        try:
            done = subprocess.run(
                command, env=self.environment(), capture_output=True, text=True, check=False, timeout=LIMIT
            )
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no answer to {command}\n{self.describe()}") from None
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def tmux(self, *arguments: str) -> str:
        return self._run(["tmux", "-u", "-S", str(self.folder / "tmux"), "-f", "/dev/null", *arguments])

    def lua(self, expression: str) -> object:
        """The value of a Lua expression, by way of JSON."""
        quoted = expression.replace("'", "''")
        remote = f"luaeval('vim.json.encode(({quoted}))')"
        command = [str(self.program), "--server", str(self.folder / "nvim"), "--remote-expr", remote]
        return json.loads(self._run(command))

    def keys(self, *keys: str) -> None:
        """Keys by tmux's names: "Escape", "C-]", "M-Right"."""
        self.tmux("send-keys", "-t", "0", *keys)

    def type(self, text: str, pause: float = 0.03) -> None:
        """One key after the other, as a person would."""
        for character in text:
            if character == "\n":
                self.keys("Enter")
            else:
                self.tmux("send-keys", "-t", "0", "-l", character)
            time.sleep(pause)

    def command(self, line: str) -> None:
        """Leaves insert mode and gives an Ex command."""
        self.keys("Escape")
        self.wait("normal mode", lambda: self.lua("vim.api.nvim_get_mode().mode") == "n")
        self.tmux("send-keys", "-t", "0", "-l", f":{line}")
        self.keys("Enter")

    def listens(self) -> bool:
        """The socket's file is there a moment before it takes connections, and stays after a Neovim that was killed."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.folder / "nvim")) == 0

    def screen(self) -> Screen:
        return nvim_screen.read(self.tmux("capture-pane", "-p", "-e", "-t", "0"))

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = LIMIT) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds:g} s in vain for {what}\n{self.describe()}")
            time.sleep(0.02)

    def wait_ghost(self, text: str) -> None:
        self.wait(f"the suggestion {text!r}", lambda: self.screen().ghost == text)

    def wait_on_screen(self, text: str) -> None:
        self.wait(f"{text!r} on the screen", lambda: text in self.screen().text)

    def wait_lua(self, expression: str, value: object = True) -> None:
        self.wait(f"{expression} == {value!r}", lambda: self.lua(expression) == value)

    def wait_ready(self) -> None:
        """The server is attached to the buffer and its engine is ready."""
        self.wait_lua('require("copilot_lsp.status").state(0)', "ready")

    def lines(self) -> str:
        return "\n".join(self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)"))  # type: ignore[arg-type]

    def wait_lines(self, text: str) -> None:
        self.wait(f"the text {text!r}", lambda: self.lines() == text)

    def saved(self, file: str) -> str:
        """Writes the buffer; the file's text once Neovim is done with it."""
        self.command("write")
        self.wait_lua("not vim.bo.modified")
        return (self.work / file).read_text("utf-8")

    def keep(self, step: str) -> None:
        """Keeps the screen among the test artefacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / f"{self.name}-{step}.ansi").write_text(self.screen().ansi, "utf-8")

    def describe(self) -> str:
        log = self.log.read_text("utf-8")[-2000:] if self.log.exists() else ""
        return f"--- screen\n{self.screen().text}\n--- server's log\n{log}"

    def server_pid(self) -> int | None:
        """The language server's process: our log file's name is among its arguments."""
        listed = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        pids = [int(line.split()[0]) for line in listed.splitlines() if str(self.log) in line and "serve" in line]
        return min(pids, default=None)


Start = Callable[..., Nvim]
"""The fixture `start`: see conftest.py."""


@contextmanager
def running(program: Path, name: str, setup: str, file: str, text: str) -> Iterator[Nvim]:
    """Neovim on `file` with `text`; `setup` is Lua, in which LOG stands for the path of the server's log."""
    nvim = Nvim(program, short_folder(), name)
    init = INIT.format(plugin=json.dumps(str(PLUGIN)), setup=setup.replace("LOG", str(nvim.log)))
    with started(nvim, init, file, text):
        yield nvim


def short_folder() -> Path:
    """A new one. Short, because a socket's path may have no more than 107 bytes."""
    return Path(tempfile.mkdtemp(prefix="nvim-"))


@contextmanager
def started(nvim: Nvim, init: str, file: str, text: str) -> Iterator[None]:
    """On `file` with `text`, and with the configuration `init` in Lua."""
    try:
        (nvim.folder / "config" / "nvim").mkdir(parents=True)
        (nvim.folder / "config" / "nvim" / "init.lua").write_text(init, "utf-8")
        nvim.work.mkdir()
        (nvim.work / file).write_text(text, "utf-8")
        size = ("-x", str(COLUMNS), "-y", str(LINES))
        command = [str(nvim.program), "--listen", str(nvim.folder / "nvim"), file]
        nvim.tmux("new-session", "-d", *size, "-c", str(nvim.work), *command)
        nvim.wait("Neovim's socket", nvim.listens)
        nvim.wait_lua("vim.v.vim_did_enter", 1)
        yield
    finally:
        end(nvim)


def end(nvim: Nvim) -> None:
    """Takes the terminal away, as when its window is closed; then the files, once Neovim has written its last."""
    kill = ["tmux", "-S", str(nvim.folder / "tmux"), "kill-server"]
    subprocess.run(kill, env=nvim.environment(), capture_output=True, check=False, timeout=LIMIT)
    limit = time.monotonic() + LIMIT
    while nvim.listens() and time.monotonic() < limit:
        time.sleep(0.02)
    shutil.rmtree(nvim.folder, ignore_errors=True)


def repository(plugin: Path, into: Path) -> Path:
    """The plugin's files as a plugin manager gets them: on the branch `nvim` of a repository named copilot-lsp."""
    folder = into / "copilot-lsp"
    shutil.copytree(plugin, folder)
    user = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=nvim"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(folder), *user, *arguments], check=True)
    return folder
