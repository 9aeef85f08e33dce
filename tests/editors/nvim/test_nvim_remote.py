"""A remote engine in Neovim: a real llama-server with the default model, allowed, gone, and back."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nvim_driver import SERVER, Nvim, Start

from benchmarks.peers.server import binary, free_port
from copilot_lsp import models

CODE = """import json


def read_config(path):
    with open(path) as file:
        return json.load(file)


def write_config(path, config):
    with open(path, "w") as file:
"""
LOADING = 180.0
"""Seconds, on a busy machine."""

REMOTE = 'require("copilot_lsp.server").status.remote'


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def llama_server(port: int) -> Iterator[None]:
    """Until it is killed, without a good-bye."""
    command = [str(binary()), "--model", str(models.find("default").path), "--port", str(port)]
    with subprocess.Popen(
        [*command, "--ctx-size", "8192", "--threads", "1", "--offline"], stdout=-3, stderr=-3
    ) as process:
        try:
            wait_healthy(port)
            yield
        finally:
            process.kill()


def wait_healthy(port: int) -> None:
    end = time.monotonic() + LOADING
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("llama-server does not start")


def takes(nvim: Nvim) -> None:
    """A suggestion is seen, taken, and gone again."""
    nvim.keys("Escape", "G", "o")
    nvim.type("file.wr")
    nvim.wait("a suggestion", lambda: nvim.screen().ghost.startswith("ite"), LOADING)
    nvim.keys("Tab")
    nvim.wait("its text", lambda: "        file.write" in nvim.lines())
    nvim.keys("Escape", "d", "d")
    nvim.wait_lines(CODE.rstrip("\n"))


def notices(nvim: Nvim) -> None:
    """With its next key that the server is gone: nothing is suggested while the local model loads."""
    nvim.keys("Escape", "G", "o")
    nvim.type("pass")
    message = 'require("copilot_lsp.server").status.message'
    nvim.wait("the local engine", lambda: str(nvim.lua(message)).endswith("on this machine: ready"), LOADING)
    nvim.keys("Escape", "d", "d")
    nvim.wait_lines(CODE.rstrip("\n"))


def test_a_remote_engine_allowed_gone_and_back(start: Start, port: int, tmp_path: Path) -> None:
    host = f"127.0.0.1:{port}"
    remote = f"remote = {{ endpoints = {{ 'http://{host}' }}, timeoutMs = 60000 }}"
    command = ["env", f"COPILOT_LSP_CONFIG_DIR={tmp_path}", str(SERVER), "serve", "--log-file", "LOG"]
    with llama_server(port):
        options = f"settings = {{ completion = {{ confidence = 0 }}, engine = {{ threads = 1 }}, {remote} }}"
        nvim = start(options=options, text=CODE, command=command)
        nvim.wait_on_screen(f"Send text to {host}")
        nvim.keep("1-asked")
        nvim.keys("1", "Enter")
        nvim.wait("the remote engine", lambda: nvim.lua(REMOTE) == host, LOADING)
        takes(nvim)
        nvim.command("CopilotLsp status")
        nvim.wait_on_screen(f"text goes to {host}")
        nvim.keep("2-status")
        nvim.keys("Enter")
    notices(nvim)
    takes(nvim)
    assert nvim.lua(REMOTE) == ""
    with llama_server(port):
        nvim.wait("the remote engine", lambda: nvim.lua(REMOTE) == host, LOADING)
        takes(nvim)
    assert host in (tmp_path / "copilot-lsp.toml").read_text("utf-8")
    assert "file.write" not in nvim.log.read_text("utf-8")
