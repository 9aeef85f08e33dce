"""How the process begins and ends, and the ways to reach it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys

import pytest
from editor import SERVE
from process import serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from wire import INLINE, Wire, inline

URI = "file:///project/app.py"


def usage(*arguments: str) -> str:
    """What the server says before it exits with code 2."""
    result = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    return result.stderr


async def test_shutdown_and_exit() -> None:
    async with serving() as server:
        await server.initialize()
        await server.request("shutdown")
        server.notify("exit")
        assert await server.ended() == 0
    assert server.stderr == ""


async def test_exit_without_shutdown() -> None:
    async with serving() as server:
        server.notify("exit")
        assert await server.ended() == 1
    assert server.stderr == ""


async def test_the_end_of_stdin_in_the_middle_of_a_request() -> None:
    async with serving() as server:
        await server.initialize()
        server.open(URI, "slow = ")
        server.ask(INLINE, inline(URI, 0, 7))
        server.hang_up()
        assert await server.ended() == 1
    assert server.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to handle")
async def test_sigterm() -> None:
    async with serving() as server:
        await server.initialize()
        server.process.send_signal(signal.SIGTERM)
        assert await server.ended() == 1
    assert server.stderr == ""


async def test_tcp_with_partial_results() -> None:
    async with serving("--tcp", "127.0.0.1:0") as server:
        port = await server.listening()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = Wire(reader, writer)
        await client.initialize()
        client.open(URI, "grow = ")
        params = inline(URI, 0, 7, partialResultToken=7)
        (item,) = (await client.request(INLINE, params))["items"]
        reports = client.told("$/progress")
        texts = [report["value"]["items"][0]["insertText"] for report in reports]
        assert {report["token"] for report in reports} == {7}
        assert len(texts) > 1
        assert texts == sorted(texts, key=len)
        assert item["insertText"] == "first + second + third"
        assert item["insertText"].startswith(texts[-1])

        late_reader, late_writer = await asyncio.open_connection("127.0.0.1", port)
        assert await late_reader.read() == b""
        late_writer.close()
        await client.request("shutdown")
        client.notify("exit")
        assert await server.ended() == 0
        await client.reading
        writer.close()


async def test_a_lost_connection_ends_the_server() -> None:
    async with serving("--tcp", "localhost:0") as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.listening())
        client = Wire(reader, writer)
        await client.initialize()
        writer.close()
        assert await server.ended() == 1
        await client.reading


async def test_the_death_of_the_editor_ends_a_server_whose_socket_stays_open() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        async with serving("--tcp", "127.0.0.1:0") as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", await server.listening())
            client = Wire(reader, writer)
            await client.initialize(processId=parent.pid)
            await asyncio.sleep(2.5)
            assert server.process.returncode is None
            parent.kill()
            parent.wait()
            assert await server.ended() == 1
            await client.reading
            writer.close()


async def test_websocket() -> None:
    async with serving("--ws", "127.0.0.1:0") as server:
        url = f"ws://127.0.0.1:{await server.listening()}"
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url, origin="http://pages.example")  # type: ignore[arg-type]
        async with connect(url, origin="http://localhost:3000") as socket:  # type: ignore[arg-type]
            capabilities = {"textDocument": {"inlineCompletion": None}}
            await socket.send(request(1, "initialize", {"capabilities": capabilities}))
            answer = json.loads(await socket.recv())
            assert answer["result"]["capabilities"]["inlineCompletionProvider"] == {}
            document = {"uri": URI, "languageId": "python", "version": 1, "text": "grow = " + 2_000_000 * " "}
            await socket.send(request(None, "textDocument/didOpen", {"textDocument": document}))
            await socket.send(request(2, INLINE, inline(URI, 0, 7, invoked=True)))
            assert json.loads(await socket.recv())["id"] == 2
            await socket.send(request(3, "shutdown"))
            assert json.loads(await socket.recv())["result"] is None
            await socket.send(request(None, "exit"))
            assert await server.ended() == 0


def request(id: int | None, method: str, params: object = None) -> str:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if id is None else {**message, "id": id})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tcp", "0.0.0.0:1"], "only this machine may connect, use 127.0.0.1:1"),
        (["--ws", "8765"], "write HOST:PORT"),
        (["--log-file", "no/such/folder/log"], "the log file no/such/folder/log cannot be written"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], said: str) -> None:
    error = usage(*arguments)
    assert said in error
    assert error.count("\n") == 1


async def test_an_address_in_use() -> None:
    holder = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with holder:
        port = holder.sockets[0].getsockname()[1]
        async with serving("--tcp", f"127.0.0.1:{port}") as server:
            assert await server.ended() == 1
    assert server.stderr.startswith(f"copilot-lsp: cannot listen on 127.0.0.1:{port}: ")
    assert server.stderr.count("\n") == 1
