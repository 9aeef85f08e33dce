"""Homes and disks that are not as they should be: each command works, or says in one line why not.

Folders are mounted in a namespace of their own (read-only, or as a full disk), because root may write anywhere else.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaign import Campaign
from process import Server, serving
from wire import INLINE, inline

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "copilot_lsp"]
LINES = (ROOT / "examples/grid.py").read_text("utf-8")

ALONE = ["unshare", "-rmn"]
TRY = [*ALONE, "mount", "-t", "tmpfs", "none", "/mnt"]
HAS_NAMESPACES = shutil.which("unshare") and subprocess.run(TRY, capture_output=True, check=False).returncode == 0
pytestmark = pytest.mark.skipif(not HAS_NAMESPACES, reason="no mount namespaces here")

READ_ONLY = 'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && ! touch "$HOME/x" 2>/dev/null'
FULL = 'mkdir "$HOME/.cache" && mount -t tmpfs -o size=32k none "$HOME/.cache" && ! yes > "$HOME/.cache/x" 2>/dev/null'

PLACES = {
    "read-only home": READ_ONLY,
    "full cache disk": FULL,
    "unset HOME": "unset HOME",
    "LANG=C": "export LANG=C LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0",
}

COMMANDS = {
    "complete": ["complete", "grüße.py:18:1"],
    "complete --context (index)": ["complete", "--context", "grüße.py:18:1"],
    "models list": ["models", "list"],
    "models pull": ["models", "pull", "qwen2.5-coder-0.5b-base"],
    "doctor": ["doctor"],
    "config show": ["config", "show"],
}


SHORT = ("complete --context (index)", "models pull")
"""What the short campaign runs."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "grüße.py").write_text(LINES, "utf-8")
    (folder / "other.py").write_text("def helper():\n    return 1\n", "utf-8")
    return folder


def command(place: str, home: Path, *arguments: str) -> list[str]:
    """`arguments` of copilot-lsp, run there."""
    home.mkdir(exist_ok=True)
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "COPILOT_LSP_CONFIG_DIR")
    script = f'unset {" ".join(names)}; export HOME="{home}"; {{ {PLACES[place]}; }} || exit 99; exec "$@"'
    return [*ALONE, "sh", "-c", script, "sh", *PROGRAM, *arguments]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", COMMANDS)
def test_commands(campaign: Campaign, place: str, name: str, project: Path, tmp_path: Path) -> None:
    if not campaign.full and name not in SHORT:
        pytest.skip("in the full campaign")
    full = command(place, tmp_path / "home", *COMMANDS[name])
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(full, cwd=project, env=env, capture_output=True, timeout=120, check=False)
    said = done.stderr.decode("utf-8", "replace").strip()
    assert b"Traceback" not in done.stdout + done.stderr
    errors = [line for line in said.splitlines() if line.startswith("copilot-lsp:")]
    assert (len(errors) == 0) == (done.returncode == 0), said
    assert len(errors) <= 1, said
    assert "a fault in copilot-lsp" not in said
    assert done.returncode or done.stdout.strip(), said
    campaign.report(f"{place}: {name}", errors[0] if errors else "works")


@pytest.mark.parametrize("place", PLACES)
async def test_the_server(campaign: Campaign, place: str, project: Path, tmp_path: Path) -> None:
    async with serving(command=command(place, tmp_path / "home", "serve"), env={"PYTHONPATH": str(ROOT)}) as server:
        assert await completed(server, project)
        await server.request("shutdown")
        server.notify("exit")
        assert await server.ended() == 0
    assert "Traceback" not in server.stderr
    campaign.report(f"{place}: serve", "works")


async def test_two_servers_on_one_folder(campaign: Campaign, project: Path, tmp_path: Path) -> None:
    async def one() -> bool:
        async with serving(command=[*PROGRAM, "serve"], env={"HOME": str(tmp_path)}) as server:
            found = await completed(server, project)
        assert "Traceback" not in server.stderr
        return found

    assert list(await asyncio.gather(one(), one())) == [True, True]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    indexing = [*PROGRAM, "complete", "--context", "grüße.py:18:1"]
    both = [subprocess.Popen(indexing, cwd=project, env=env, stdout=-1, stderr=-1) for _ in range(2)]
    ended = [(*each.communicate(timeout=120), each.returncode) for each in both]
    assert [(bool(out.strip()), code) for out, _, code in ended] == [(True, 0)] * 2, ended
    campaign.report("two servers, two indexers on one folder", "work")


async def completed(server: Server, project: Path) -> bool:
    """Whether the server completes the example."""
    uri = (project / "grüße.py").as_uri()
    await server.initialize(rootUri=project.as_uri())
    server.open(uri, LINES)
    answer = await server.request(INLINE, inline(uri, 17, 0, invoked=True))
    return bool(answer["items"])
