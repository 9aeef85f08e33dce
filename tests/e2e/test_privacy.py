"""What the default configuration must not do: open connections, or write document text to a log."""

from __future__ import annotations

from pathlib import Path

import llama_server
from process import serving
from wire import change, inline

CANARY = "canary_7f3a"

HOOK = """
import os, sys

def record(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        os.write(log, f"{event} {arguments[1:]}\\n".encode())

log = os.open(os.environ["CONNECTIONS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(log, b"watching\\n")
sys.addaudithook(record)
"""


async def test_no_connection_and_no_text_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    connections, log = tmp_path / "connections", tmp_path / "log"
    env = {"PYTHONPATH": str(tmp_path), "CONNECTIONS": str(connections)}
    async with serving("--log-level", "info", "--log-file", str(log), env=env) as server:
        await server.initialize()
        for uri in ("file:///project/app.py", "file:///project/.env"):
            server.open(uri, f"{CANARY} = ")
            server.notify("textDocument/didChange", change(uri, 2, (1, 0), (1, 0), f"\n{CANARY}"))
            for invoked in (False, True):
                await server.request("textDocument/inlineCompletion", inline(uri, 0, 14, invoked))
        server.open("file:///broken.py", {"text": CANARY})  # type: ignore[arg-type]
        server.notify("textDocument/didChange", {"textDocument": {"uri": CANARY}, "contentChanges": CANARY})
        await server.ask(CANARY, {"text": CANARY})
        await server.request("shutdown")
    assert connections.read_text() == "watching\n"
    written = log.read_text()
    assert "completion: 1 of engine" in written
    assert "cannot be read" in written, "nothing shows that broken messages were logged"
    for secret in (CANARY, ".env"):
        assert secret not in written
        assert secret not in server.stderr


async def test_a_remote_engine_is_sent_no_excluded_file(tmp_path: Path) -> None:
    async with llama_server.serving() as team:
        env = {"COPILOT_LSP_REMOTE_ENDPOINTS": team.url, "COPILOT_LSP_REMOTE_ALLOWED": team.host}
        log = tmp_path / "log"
        async with serving("--log-level", "info", "--log-file", str(log), env=env) as server:
            await server.initialize()
            await server.until(lambda: team.connections)
            for uri, text in (("file:///project/app.py", "x = "), ("file:///project/.env", f"{CANARY} = ")):
                server.open(uri, text)
                for invoked in (False, True):
                    await server.request("textDocument/inlineCompletion", inline(uri, 0, len(text), invoked))
            await server.request("shutdown")
        assert any("x " in prompt for prompt in team.prompts()), "nothing shows that the engine was asked"
        for secret in (CANARY, ".env"):
            assert secret not in team.raw
            assert secret not in log.read_text()
