"""`:CopilotLsp model` and `doctor` with the real server, and a hub on this machine."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from nvim_driver import SERVER, Nvim, Start

from copilot_lsp import models

pytest.importorskip("hub_server", reason="the server has no copilotLsp.models.* yet")

from hub_server import COMMIT, HubServer
from hub_server import serving as hub_serving
from tiny_model import GGUF

ENTRY = """
[models.small]
description = "a small file"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
sources = [{{ hub = "owner/name", file = "model.gguf", revision = "{commit}" }}]
"""
STATUSLINE = 'require("copilot_lsp").statusline()'


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """16 KiB at a time, some seconds in all."""
    with hub_serving(GGUF) as server:
        server.piece, server.pause = 1 << 14, 0.3
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The configuration and cache of a user who gave a name to a model."""
    sha256 = hashlib.sha256(GGUF).hexdigest()
    (tmp_path / "models.toml").write_text(ENTRY.format(size=len(GGUF), sha256=sha256, commit=COMMIT), "utf-8")
    return tmp_path


def command(home: Path, *arguments: str) -> list[str]:
    environment = [f"COPILOT_LSP_CONFIG_DIR={home}", f"XDG_CACHE_HOME={home / 'cache'}"]
    return ["env", *environment, *arguments, "--log-file", "LOG"]


def wait_percent(nvim: Nvim) -> None:
    nvim.wait("some percent of it", lambda: str(nvim.lua(STATUSLINE)).startswith("copilot-lsp: downloading "))
    nvim.wait_on_screen("copilot-lsp: small ")
    nvim.wait_on_screen(" MB")


def test_a_model_is_downloaded_and_a_download_is_stopped(start: Start, home: Path, hub: HubServer) -> None:
    fake = [f"HF_ENDPOINT={hub.endpoint}", str(SERVER), "serve", "--engine", "fake"]
    nvim = start(command=command(home, *fake))
    nvim.wait_ready()
    assert nvim.lua("vim.fn.getcompletion('CopilotLsp model pull sma', 'cmdline')") == ["small"]
    nvim.command("CopilotLsp model pull small")
    wait_percent(nvim)
    nvim.keep("1-downloading")
    nvim.command("CopilotLsp model cancel")
    nvim.wait_lua(STATUSLINE, "copilot-lsp")
    nvim.wait_on_screen("small goes on from here")
    hub.pause = 0.0
    nvim.command("CopilotLsp model pull small")
    nvim.wait_on_screen("copilot-lsp: small is here; :CopilotLsp model use small")
    assert hub.contents[-1] != "", "it went on where it was stopped"
    (file,) = (path for path in (home / "cache").rglob("*.gguf") if path.stat().st_size == len(GGUF))
    assert file.read_bytes() == GGUF
    nvim.command("CopilotLsp model remove small")
    nvim.wait_on_screen("small is gone")
    assert not file.exists()


def test_the_menu_has_the_servers_list(start: Start, home: Path) -> None:
    nvim = start(command=command(home, str(SERVER), "serve", "--engine", "fake"))
    nvim.wait_ready()
    nvim.command("lua vim.ui.select = function(items, o) _G.menu = vim.tbl_map(o.format_item, items) end")
    nvim.command("CopilotLsp model")
    nvim.wait_lua("_G.menu ~= nil")
    lines = nvim.lua("_G.menu")
    assert isinstance(lines, list)
    assert lines[0].startswith("copilot-lsp-fim ")
    assert lines[0].endswith(", in use")
    assert any(line.startswith("small ") for line in lines)
    assert sum(line.endswith("recommended") for line in lines) <= 1


def test_another_model_without_a_restart(start: Start, home: Path) -> None:
    shutil.copy(models.find("default").path, home / "other.gguf")
    nvim = start(command=command(home, "COPILOT_LSP_COMPLETION_CONFIDENCE=0", str(SERVER), "serve"))
    model = 'require("copilot_lsp.server").status.model'
    nvim.wait("the model", lambda: nvim.lua('require("copilot_lsp.status").state(0)') == "ready", 60)
    server = nvim.server_pid()
    nvim.command(f"CopilotLsp model use {home / 'other.gguf'}")
    nvim.wait("the other model", lambda: nvim.lua(model) == "other", 60)
    nvim.command("messages")
    nvim.wait_on_screen("other is the model now")
    assert nvim.server_pid() == server
    assert "other.gguf" in (home / "copilot-lsp.toml").read_text("utf-8")


def test_the_report_of_the_doctor(start: Start, home: Path) -> None:
    nvim = start(command=command(home, str(SERVER), "serve", "--engine", "fake"))
    nvim.wait_ready()
    nvim.command("CopilotLsp doctor")
    nvim.wait("the report", lambda: "llama" in nvim.lines(), 60)
    nvim.keep("1-report")
