"""`:CopilotLsp install`, from the plugin as it stands at the root of its own branch. Python's part is a stand-in:
`make test-install` has the real one.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from nvim_driver import NVIMS, repository

ROOT = Path(__file__).resolve().parents[3]

INSTALLS = """\
import pathlib, sys, time
folder, server = map(pathlib.Path, sys.argv[1:])
print("Creating it", flush=True)
time.sleep(0.2)
print("  10 s", flush=True)
program = folder / "bin" / "copilot-lsp"
program.parent.mkdir(parents=True)
program.write_text("#!/bin/sh\\necho " + server.name)
program.chmod(0o755)
"""
FAILS = 'print("Creating it"); raise SystemExit("install: no network")'
PROGRAM = "lua io.stdout:write('PROGRAM ' .. require('copilot_lsp.config').program() .. '\\n')"
CMD = "lua io.stdout:write('CMD ' .. require('copilot_lsp.config').options.cmd[1] .. '\\n')"


def run(program: Path, plugin: Path, home: Path, *commands: str) -> str:
    """What a Neovim without a screen writes."""
    environment = {**os.environ, "XDG_DATA_HOME": str(home), "XDG_STATE_HOME": str(home)}
    command = [str(program), "--headless", "-n", "-u", "NONE", "--cmd", f"set rtp^={plugin}", "--cmd"]
    command += ["runtime plugin/copilot_lsp.lua"]
    for line in (*commands, "qa!"):
        command += ["-c", line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def installed(home: Path) -> list[Path]:
    return sorted((home / "nvim" / "copilot-lsp").glob("server-*/ready"))


def test_install_of_the_plugins_own_branch(program: Path, plugin: Path, tmp_path: Path) -> None:
    (plugin / "install" / "install.py").write_text(INSTALLS, "utf-8")
    unused = tmp_path / "nvim" / "copilot-lsp" / "python-0123456789ab"
    unused.mkdir(parents=True)
    output = run(program, plugin, tmp_path, "CopilotLsp install", PROGRAM, CMD)
    assert not unused.exists(), "no environment was made with it"
    assert "copilot-lsp: Creating it, 10 s" in output
    assert "copilot-lsp: the server is installed" in output
    (ready,) = installed(tmp_path)
    server = ready.parent / "bin" / "copilot-lsp"
    assert f"PROGRAM {server}" in output
    assert f"CMD {server}" in output
    assert subprocess.run([server], capture_output=True, text=True, check=True).stdout == "copilot-lsp==0.1.0\n"


def test_failed_install_keeps_the_last_one(program: Path, plugin: Path, tmp_path: Path) -> None:
    (plugin / "install" / "install.py").write_text(INSTALLS, "utf-8")
    run(program, plugin, tmp_path, "CopilotLsp install")
    before = installed(tmp_path)
    (plugin / "install" / "install.py").write_text(FAILS, "utf-8")
    output = run(program, plugin, tmp_path, "CopilotLsp install", PROGRAM)
    assert "copilot-lsp: install: no network" in output
    assert installed(tmp_path) == before
    assert f"PROGRAM {before[0].parent}" in output


def test_install_of_a_wheel_that_is_not_there(program: Path, plugin: Path, tmp_path: Path) -> None:
    output = run(program, plugin, tmp_path, "CopilotLsp install none.whl")
    assert "copilot-lsp: install: none.whl is not a file" in output
    assert not installed(tmp_path)


def test_install_of_a_wheel_by_wildcard(program: Path, plugin: Path, tmp_path: Path) -> None:
    (plugin / "install" / "install.py").write_text(INSTALLS, "utf-8")
    wheel = tmp_path / "copilot_lsp-1-py3-none-any.whl"
    wheel.touch()
    run(program, plugin, tmp_path, f"CopilotLsp install {tmp_path}/*.whl")
    (ready,) = installed(tmp_path)
    done = subprocess.run([ready.parent / "bin" / "copilot-lsp"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{wheel.name}\n"


@pytest.mark.parametrize(("sha256", "said"), [("0" * 64, "is not the file that was released"), ("", "curl: ")])
def test_without_python_another_file_than_the_pinned_one_is_refused(
    program: Path, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sha256: str, said: str
) -> None:
    """Nor is one that cannot be had: in one line that says what is needed, and nothing is left."""
    archive = tmp_path / "python.tar.gz"
    if sha256:
        archive.write_bytes(b"another")
    builds = plugin / "install" / "python-builds.json"
    names = json.loads(builds.read_text("utf-8"))["builds"]
    pins = {name: {"url": archive.as_uri(), "sha256": sha256} for name in names}
    builds.write_text(json.dumps({"builds": pins}), "utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("curl", "sh", "sha256sum", "tar"):
        (programs / name).symlink_to(Path("/usr/bin", name))
    monkeypatch.setenv("PATH", str(programs))
    output = run(program, plugin, tmp_path, "CopilotLsp install")
    assert "copilot-lsp: install: needs Python 3.11 or newer with venv" in output
    assert said in output
    assert not list((tmp_path / "nvim" / "copilot-lsp").glob("*"))


def test_version_of_the_plugin_is_the_packages() -> None:
    import copilot_lsp

    lua = (ROOT / "editors/nvim/lua/copilot_lsp/install.lua").read_text("utf-8")
    assert f"M.VERSION = '{copilot_lsp.__version__}'" in lua


def test_the_branch_by_neovims_own_plugin_manager(plugin: Path, tmp_path: Path) -> None:
    """vim.pack came with Neovim 0.12. The branch's name decides nothing: the plugin is named after its repository."""
    spec = f"{{ src = 'file://{repository(plugin, tmp_path)}', version = 'nvim' }}"
    says = "vim.fn.exists(':CopilotLsp'), require('copilot_lsp').is_set_up, vim.pack.get()[1].spec.name"
    output = run(
        Path(NVIMS) / "nvim-0.12",
        tmp_path / "nothing",
        tmp_path / "home",
        f"lua vim.pack.add({{ {spec} }}, {{ confirm = false, load = true }})",
        "lua require('copilot_lsp').setup({ cmd = { 'true' } })",
        f"lua io.stdout:write(vim.inspect({{ {says} }}) .. '\\n')",
    )
    assert '{ 2, true, "copilot-lsp" }' in output
