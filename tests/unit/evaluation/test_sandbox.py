"""Programs that a model wrote: what they may not do, and that nothing of them is left."""

from __future__ import annotations

import http.server
import sys
import threading
import time
from pathlib import Path

import pytest
from problems import DOUBLE, ECHO, suite

from copilot_lsp.evaluation.cases import suites
from copilot_lsp.evaluation.run import sandbox
from copilot_lsp.evaluation.run.sandbox import Limits

SHORT = Limits(seconds=20, cpu_seconds=1, memory=1 << 29, output=1 << 16)

posix = pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize(
    ("program", "finished", "reason"),
    [
        ("print('x')", True, ""),
        ("assert 1 == 2, 'no'", False, "AssertionError: no"),
        ("def f(:", False, "SyntaxError: invalid syntax"),
        ("raise SystemExit(0)", False, "exit code 0"),
        ("import os; os._exit(0)", False, "exit code 0"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", False, "not allowed here"),
        ("import subprocess; subprocess.run(['true'])", False, "not allowed here"),
        ("import os; os.system('true')", False, "not allowed here"),
        ("import ctypes; ctypes.string_at(0)", False, "not allowed here"),
        ("open('kept', 'w').write('x'); assert open('kept').read() == 'x'", True, ""),
        ("import random, re, math, typing, hashlib, collections; hashlib.md5(b'')", True, ""),
    ],
)
def test_how_programs_end(program: str, finished: bool, reason: str) -> None:
    ran = sandbox.run(program, limits=SHORT)
    assert ran.finished is finished, ran
    assert finished or reason in ran.reason


def test_time_is_limited() -> None:
    begun = time.monotonic()
    assert sandbox.run("import time; time.sleep(60)", limits=Limits(seconds=1)).reason == "timed out"
    assert time.monotonic() - begun < 10


@posix
@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("while True: pass", "exit code 137"),
        ("x = bytearray(10**10)", "MemoryError"),
        ("open('big', 'w').write('x' * 10**6)", "File too large"),
        ("print('x' * 10**6)", "File too large"),
        ("files = [open('f', 'w') for _ in range(100)]", "Too many open files"),
        ("import os; os.fork()", "not allowed here"),
    ],
)
def test_resources_are_limited(program: str, reason: str) -> None:
    ran = sandbox.run(program, limits=SHORT)
    assert not ran.finished
    assert reason in ran.reason


def test_nothing_outside_is_written_or_removed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    at = repr(str(victim))
    attacks = (
        f"open({at}, 'w')",
        f"import os; os.remove({at})",
        f"import os; os.open({at}, os.O_WRONLY)",
        f"import os; os.rename('/dev/null', {at})",
        f"import shutil; shutil.rmtree({str(tmp_path)!r})",
        f"import pathlib; pathlib.Path({at}).write_text('')",
    )
    for attack in attacks:
        assert "not allowed here" in sandbox.run(attack, limits=SHORT).reason, attack
    assert victim.read_text() == "mine"


@linux
def test_no_process_outlives_the_program() -> None:
    """Even one that goes round the audit hook and leaves the process group."""
    if "namespaces" not in sandbox.isolation():
        pytest.skip("this kernel gives ordinary users no namespaces")
    seconds = "4321.75"
    program = (
        "import _posixsubprocess as p, os\n"
        f"p.fork_exec([b'/bin/sleep', b'{seconds}'], [b'/bin/sleep'], True, (), None, None, -1, -1, -1, -1, -1, -1,\n"
        "    *os.pipe(), True, True, 0, None, None, None, -1, None"
        + (", False" if sys.version_info < (3, 14) else "")
        + ")\n"
    )
    ran = sandbox.run(program, limits=SHORT)
    deadline = time.monotonic() + 5
    while (left := _running(seconds)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == [], ran


def _running(argument: str) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in line.read_bytes().split(b"\0"):
                found.append(line.parent.name)
        except OSError:
            continue
    return found


@linux
def test_the_network_is_not_there_for_what_goes_round_the_audit_hook() -> None:
    if "without network" not in sandbox.isolation():
        pytest.skip("this kernel gives ordinary users no namespaces")
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        program = f"import _socket\n_socket.socket().connect(('127.0.0.1', {server.server_port}))"
        ran = sandbox.run(program, limits=SHORT)
        server.shutdown()
    assert "Network is unreachable" in ran.error or "not allowed here" in ran.error


def test_the_environment_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    ran = sandbox.run("import os, sys; print('SECRET_TOKEN' in os.environ, len(sys.argv))", limits=SHORT)
    assert ran.output.split() == ["False", "1"]


def test_infilling_passes_with_the_truth_only(tmp_path: Path) -> None:
    (case,) = suites.read(suite(tmp_path / "own.jsonl", DOUBLE))
    assert case.test is not None
    assert sandbox.check(case.test, "    return number + number\n", SHORT) == (True, "")
    assert sandbox.check(case.test, "    return number\n", SHORT) == (False, "AssertionError")
    assert sandbox.check(case.test, "    exit()\n", SHORT)[0] is False


def test_safim_compares_outputs(tmp_path: Path) -> None:
    (case,) = suites.read(suite(tmp_path / "own.jsonl", ECHO))
    assert case.test is not None
    assert sandbox.check(case.test, "word in input().split():", SHORT) == (True, "")
    assert sandbox.check(case.test, "word in 'ab':", SHORT) == (False, "test 2: wrong output")
    assert sandbox.check(case.test, "word in nothing:", SHORT)[1].startswith("test 1: NameError")
    ends_early = "word in input().split(): print(word)\nraise SystemExit\nfor x in ():"
    assert sandbox.check(case.test, ends_early, SHORT) == (True, "")
