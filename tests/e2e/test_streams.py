"""Pipes that nobody reads, streams that are closed or full, names that are no text: no waiting, and no traceback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from editor import RULES, SERVE
from process import serving
from wire import INLINE, Wire, change, frame, inline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX descriptors, /dev/full, SIGTERM")

URI = "file:///project/app.py"
FAKE = ["--engine", "fake", "--fake-script", str(RULES)]
COPILOT_LSP = [sys.executable, "-m", "copilot_lsp"]


async def test_a_full_stderr_does_not_freeze_the_server() -> None:
    """At debug level every edit is logged, and nobody reads it here."""
    async with serving("--log-level", "debug") as server:
        await server.initialize()
        server.open(URI, "grow = ")
        for version in range(2, 8002):
            server.notify("textDocument/didChange", change(URI, version, (1, 0), (1, 0), "\n# some text\n"))
        assert (await server.request(INLINE, inline(URI, 0, 7)))["items"]
        await server.request("shutdown")
        server.notify("exit")
        assert server.process.stderr is not None
        said, code = await asyncio.gather(server.process.stderr.read(), server.ended())
    assert code == 0
    assert b"didChange" in said


@pytest.mark.parametrize("end", ["SIGTERM", "end of input", "exit"])
def test_a_full_stdout_does_not_keep_the_server_from_ending(end: str) -> None:
    """It has been asked for more than a pipe holds."""
    pipe = subprocess.PIPE
    with subprocess.Popen(SERVE, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        params: dict[str, Any] = {
            "processId": None,
            "rootUri": None,
            "capabilities": {"textDocument": {"inlineCompletion": {}}},
        }
        process.stdin.write(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
        for number in range(2, 3000):
            process.stdin.write(frame({"jsonrpc": "2.0", "id": number, "method": "no/such/method", "params": None}))
        process.stdin.flush()
        time.sleep(1)
        if end == "SIGTERM":
            process.send_signal(signal.SIGTERM)
        elif end == "exit":
            process.stdin.write(frame({"jsonrpc": "2.0", "method": "exit"}))
            process.stdin.flush()
        else:
            process.stdin.close()
        try:
            assert process.wait(10) == 1
        finally:
            process.kill()


async def test_the_end_does_not_wait_for_a_socket_that_nobody_reads() -> None:
    async with serving("--tcp", "127.0.0.1:0") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.listening(), limit=1)
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        writer.write(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
        for number in range(2, 60_000):
            writer.write(frame({"jsonrpc": "2.0", "id": number, "method": "no/such/method", "params": None}))
        await asyncio.sleep(2)
        server.process.send_signal(signal.SIGTERM)
        assert await server.ended() == 1
        writer.transport.abort()
        del reader


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "2</dev/null"])
async def test_a_server_without_a_stderr(closed: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *shell(closed, [*SERVE, "--log-level", "debug"]), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Wire(process.stdout, process.stdin)
    await client.initialize()
    client.open(URI, "grow = ")
    assert (await client.request(INLINE, inline(URI, 0, 7)))["items"]
    await client.request("shutdown")
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), 10) == 0
    await client.reading


@pytest.mark.parametrize(("closed", "code"), [("<&-", 1), (">&-", 1), ("<&- >&- 2>&-", 1), (">/dev/full", 1)])
def test_a_server_without_a_client_ends(closed: str, code: int) -> None:
    initialize = frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
    done = run(shell(closed, SERVE), input=initialize)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def shell(redirections: str, command: Sequence[str]) -> list[str]:
    return ["sh", "-c", f'exec "$@" {redirections}', "sh", *command]


def run(command: Sequence[str | bytes], **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text("grow = ")
    return path


COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "complete": ["complete", "app.py:1:8", *FAKE],
    "complete --stream": ["complete", "app.py:1:8", "--stream", *FAKE],
    "complete --json": ["complete", "app.py:1:8", "--json", *FAKE],
    "complete --show": ["complete", "app.py:1:8", "--show", *FAKE],
    "doctor": ["doctor", *FAKE],
    "doctor --json": ["doctor", "--json", *FAKE],
    "models list": ["models", "list"],
    "models list --json": ["models", "list", "--json"],
    "eval": ["eval", ".", *FAKE],
    "eval --json": ["eval", ".", "--json", "-", *FAKE],
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("project")
    (path / "app.py").write_text("grow = ")
    (path / "more.py").write_text("".join(f"def f{n}(a, b):\n    return a + b + {n}\n\n" for n in range(20)))
    return path


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [(">/dev/full", "No space left on device"), ("<&- >&-", "Bad file descriptor")],
)
def test_what_cannot_be_printed_is_one_line(folder: Path, name: str, redirection: str, reason: str) -> None:
    done = run(shell(redirection, [*COPILOT_LSP, *COMMANDS[name]]), cwd=folder)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1, said
    assert said[-1].startswith("copilot-lsp: cannot write to standard output: " + reason), said
    assert len(said) <= 2, said


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("redirection", ["2>&-"])
def test_a_command_without_a_stderr_does_its_work(folder: Path, name: str, redirection: str) -> None:
    expected = run([*COPILOT_LSP, *COMMANDS[name]], cwd=folder)
    done = run(shell(redirection, [*COPILOT_LSP, *COMMANDS[name]]), cwd=folder)
    assert done.returncode == expected.returncode
    assert bool(done.stdout) == bool(expected.stdout)
    assert b"Traceback" not in done.stdout


def test_a_closed_stdin_is_one_line() -> None:
    done = run(shell("<&-", [*COPILOT_LSP, "complete", "--stdin", "1:1", *FAKE]))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"copilot-lsp: standard input cannot be read: Bad file descriptor\n"


NAME = b"caf\xe9\xff.py"


@pytest.mark.parametrize("how", [[], ["--json"], ["--show"], ["--stream"]])
@pytest.mark.parametrize("language", ["C", "C.UTF-8"])
def test_a_file_name_that_is_no_text(tmp_path: Path, how: list[str], language: str) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + NAME))).write_text("grow = ")
    env = {**os.environ, "LC_ALL": language, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = run([*COPILOT_LSP, "complete", NAME + b":1:8", *how, *FAKE], cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"first + second + third" in done.stdout
    if how == ["--json"]:
        assert json.loads(done.stdout)["insert"] == "first + second + third"


@pytest.mark.parametrize(
    "arguments",
    [
        [b"complete", b"no/such/" + NAME + b":1:1"],
        [b"complete", NAME],
        [b"complete", b"--stdin", b"--path", NAME, b"1:1", b"--model", b"no/" + NAME],
        [b"complete", b"app.py:1:8", b"--model", b"no/" + NAME + b".gguf"],
        [b"eval", b"no/" + NAME],
        [b"eval", b".", b"--model", b"no/" + NAME + b".gguf"],
        [b"eval", b"--compare", NAME, NAME],
        [b"models", b"verify", b"no/" + NAME],
        [b"models", b"path", NAME],
        [b"serve", b"--log-file", b"no/" + NAME],
        [b"serve", b"--tcp", NAME],
        [b"complete", b"loop/x.py:1:1"],
        [b"complete", b"app.py:" + b"9" * 5000 + b":1"],
        [b"complete", b"app.py:1:8", b"--seed", b"9" * 5000],
        [b"complete", b"app.py:1:8", b"--max-tokens", b"9" * 5000],
        [b"no-such-command", NAME],
    ],
)
def test_what_is_wrong_is_one_line_with_any_name(tmp_path: Path, arguments: list[bytes]) -> None:
    (tmp_path / "app.py").write_text("grow = ")
    (tmp_path / "loop").symlink_to("loop")
    done = run([*COPILOT_LSP, *arguments], cwd=tmp_path)
    assert done.returncode in (1, 2), done
    assert done.stderr.count(b"\n") == 1, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = shell("", [*COPILOT_LSP, "complete", "app.py:1:1", *FAKE])
    command[2] = f'rmdir "{gone}"; {command[2]}'
    done = run(command, cwd=gone)
    assert done.returncode in (1, 2)
    assert done.stderr.count(b"\n") == 1, done.stderr
