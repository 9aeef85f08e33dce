"""What a user sees of the server: its life, its settings, its reasons for silence, its model."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from nvim_driver import SERVER, Start
from nvim_script import BODY, write_hello


def test_the_server_dies_and_comes_back(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    first = nvim.server_pid()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    nvim.wait_ghost("")
    nvim.wait_lua('vim.fn.execute("messages"):find("the server ended and is being restarted", 1, true) ~= nil')
    nvim.wait("another server", lambda: nvim.server_pid() not in (first, None))
    nvim.wait_ready()
    nvim.command("%delete")
    nvim.keys("i")
    nvim.type("def hello(name):\n")
    nvim.wait_ghost(BODY)


def test_a_server_that_keeps_dying_is_given_up(start: Start) -> None:
    nvim = start(command=[sys.executable, "-c", "raise SystemExit(3)"])
    nvim.wait_lua('require("copilot_lsp.status").state(0)', "error")
    nvim.wait_on_screen("copilot-lsp: the server keeps ending; see :CopilotLsp log")


def test_a_missing_program_is_one_clear_line(start: Start) -> None:
    nvim = start(command=["no-such-program", "serve"])
    nvim.wait_on_screen("copilot-lsp: no-such-program cannot be found; try :CopilotLsp install")
    nvim.keep("1-said")


def test_a_file_type_that_is_off(start: Start) -> None:
    nvim = start(options="filetypes = { markdown = false }", file="a.md", text="x\n")
    nvim.wait_lua("vim.bo.filetype", "markdown")
    nvim.command("CopilotLsp status")
    nvim.wait_on_screen("off, turned off for markdown (option filetypes)")
    assert nvim.lua("#vim.lsp.get_clients()") == 0


def test_switched_off_and_on(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.command("CopilotLsp toggle buffer")
    nvim.wait_on_screen("turned off in this buffer")
    nvim.keys("S")
    nvim.wait_ghost("")
    nvim.command("CopilotLsp toggle buffer")
    nvim.keys("S")
    nvim.wait_ghost(BODY)


def test_silence_has_a_reason(start: Start) -> None:
    nvim = start(file=".env", text="KEY=\n")
    nvim.command("setfiletype sh")
    nvim.wait_lua("#vim.lsp.get_clients()", 1)
    nvim.wait_lua('require("copilot_lsp.server").status ~= nil')
    nvim.keys("A")
    nvim.type("x")
    nvim.wait_lua('require("copilot_lsp.server").status.lastSilence ~= nil')
    nvim.command("CopilotLsp status")
    nvim.wait_on_screen("this file is excluded")
    nvim.keep("1-said")


def test_settings_changed_live(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.command('lua require("copilot_lsp").configure({ completion = { multiline = "never" } })')
    nvim.keys("S")
    nvim.wait_ghost('greeting = f"Hello, {name}!"')
    nvim.command('lua require("copilot_lsp").configure({ disabledLanguages = { "python" } })')
    nvim.keys("S")
    nvim.wait_lua('require("copilot_lsp.server").status.lastSilence ~= nil')
    nvim.wait_ghost("")
    nvim.command("CopilotLsp status")
    nvim.wait_on_screen("turned off for this language")


def test_it_leaves_no_process_behind(start: Start) -> None:
    nvim = start()
    nvim.wait_ready()
    pid = nvim.server_pid()
    nvim.command("qall!")
    nvim.wait("the end of the server", lambda: not Path(f"/proc/{pid}").exists())


CIRCLE = '''\
"""Shapes."""

import math


class Circle:
    def __init__(self, radius):
        self.radius = radius

    def area(self):
        return math.pi * self.radius ** 2

    def circumference(self):
'''


def test_the_default_model(start: Start) -> None:
    nvim = start(
        command=["env", "COPILOT_LSP_COMPLETION_CONFIDENCE=0", str(SERVER), "serve", "--log-file", "LOG"], text=CIRCLE
    )
    ready = 'require("copilot_lsp.status").state(0)'
    nvim.wait("the model", lambda: nvim.lua(ready) == "ready", 60)
    nvim.keys("G", "o")
    nvim.type("return ")
    nvim.wait("a suggestion", lambda: nvim.screen().ghost != "", 30)
    nvim.wait_lua('require("copilot_lsp.server").status.busy', False)
    nvim.keep("1-suggested")
    nvim.keys("Tab")
    nvim.wait("the suggestion in the text", lambda: nvim.lines() != CIRCLE + "        return ")
    nvim.keep("2-taken")
    after = nvim.lines()
    assert after.startswith(CIRCLE + "        return ")
    assert nvim.saved("a.py") == after + "\n"
