"""The whole way: a real server with the real model, and an editor that types, accepts, cancels and sees it crash."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from editor import Editor, editing, inline
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVE = [sys.executable, "-m", "copilot_lsp", "serve"]

CODE = """import json


def read_config(path):
    with open(path) as file:
        return json.load(file)


def write_config(path, config):
    with open(path, "w") as file:
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor() -> AsyncIterator[Editor]:
    """What the model is not sure of is shown as well: these tests are not about what it knows."""
    async with editing(serve=SERVE, options={"completion": {"confidence": 0}}) as editor:
        yield editor


class Buffer:
    """A document that an editor holds: one person types at its end, and every change reaches the server."""

    def __init__(self, editor: Editor, name: str, text: str) -> None:
        self.editor = editor
        self.uri = f"file:///{name}.py"
        self.text = text
        self.version = 1
        editor.open(self.uri, text)

    @property
    def cursor(self) -> tuple[int, int]:
        lines = self.text.split("\n")
        return len(lines) - 1, len(lines[-1])

    def type(self, text: str) -> None:
        for character in text:
            self.version += 1
            self.editor.type(self.uri, *self.cursor, character, self.version)
            self.text += character

    async def complete(self, invoked: bool = False) -> list[types.InlineCompletionItem]:
        return await self.editor.complete(self.uri, *self.cursor, invoked)

    async def accept(self, item: types.InlineCompletionItem) -> None:
        """As editors do: replace the range, run the command."""
        assert item.range is not None
        assert isinstance(item.insert_text, str)
        assert (item.range.end.line, item.range.end.character) == self.cursor
        already = item.range.end.character - item.range.start.character
        self.type(item.insert_text[already:])
        assert item.command is not None
        command = types.ExecuteCommandParams(item.command.command, item.command.arguments)
        await self.editor.workspace_execute_command_async(command)


async def engine_pid(editor: Editor) -> int:
    """The process that runs the model, whoever started it."""
    status = await editor.workspace_execute_command_async(types.ExecuteCommandParams("copilotLsp.status"))
    assert status is not None
    pid: int = status["enginePid"]
    assert b"copilot_lsp.engine.local.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return pid


async def until_completed(buffer: Buffer) -> list[types.InlineCompletionItem]:
    """Asks until there is something, as somebody who types on does."""
    async with asyncio.timeout(30):
        while not (items := await buffer.complete(invoked=True)):
            await asyncio.sleep(0.05)
    return items


async def test_types_accepts_and_goes_on(editor: Editor) -> None:
    buffer = Buffer(editor, "typed", CODE)
    buffer.type("        ")
    first = (await buffer.complete())[0]
    assert first.insert_text == "json.dump(config, file)"
    buffer.type("json.")
    through = (await buffer.complete(invoked=True))[0]
    assert through.insert_text == "dump(config, file)"
    await buffer.accept(through)
    assert buffer.text == CODE + "        json.dump(config, file)"


async def test_offers_several_when_asked(editor: Editor) -> None:
    buffer = Buffer(editor, "several", CODE + "        ")
    items = await buffer.complete(invoked=True)
    texts = [item.insert_text for item in items]
    assert texts[0] == "json.dump(config, file)"
    assert len(set(texts)) == len(texts)


async def test_cancel_in_the_middle_of_the_prompt(editor: Editor) -> None:
    long = "".join(f"value_{number} = compute({number}, {number + 1})\n" for number in range(400))
    buffer = Buffer(editor, "cancelled", long + "total = ")
    params = inline(buffer.uri, *buffer.cursor)
    future = editor.protocol.send_request(types.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id="c1")
    await asyncio.sleep(0.1)
    editor.cancel_request(types.CancelParams(id="c1"))
    with pytest.raises(JsonRpcRequestCancelled):
        await asyncio.wrap_future(future)
    assert await Buffer(editor, "after", CODE + "        ").complete(invoked=True)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
async def test_engine_dies_and_no_change_is_lost(editor: Editor, name: str) -> None:
    buffer = Buffer(editor, name, CODE)
    assert await until_completed(buffer)
    old = await engine_pid(editor)
    os.kill(old, signal.Signals[name])
    buffer.type("        file.wr")  # while there is no engine
    items = await until_completed(buffer)
    assert str(items[0].insert_text).startswith("ite(")
    assert await engine_pid(editor) != old


async def test_what_was_made_before_is_still_served_while_the_engine_is_dead(editor: Editor) -> None:
    buffer = Buffer(editor, "served", CODE + "        ")
    first = (await until_completed(buffer))[0].insert_text
    os.kill(await engine_pid(editor), signal.SIGKILL)
    buffer.type("json")
    assert [item.insert_text for item in await buffer.complete()] == [str(first).removeprefix("json")]
    assert await until_completed(Buffer(editor, "served again", CODE + "        file.wr"))


async def test_status_names_the_model(editor: Editor) -> None:
    status = await editor.workspace_execute_command_async(types.ExecuteCommandParams("copilotLsp.status"))
    assert status is not None
    assert status["state"] == "ready"
    assert status["model"]


async def test_no_engine_is_left_when_the_server_ends() -> None:
    """A shared one, too, some seconds after its last user."""
    env = {"XDG_RUNTIME_DIR": tempfile.mkdtemp(prefix="run-")}
    async with editing(serve=SERVE, env=env) as editor:
        assert await until_completed(Buffer(editor, "left", CODE + "        "))
        pid = await engine_pid(editor)
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)


async def test_a_cell_of_a_notebook_knows_the_names_of_the_others(editor: Editor) -> None:
    sources = (
        "%matplotlib inline\ndef area(width, height):\n    return width * height\n",
        "room_width, room_height = 4, 5\n",
        "room_area = area(",
    )
    uris = [f"vscode-notebook-cell:/book.ipynb#{number}" for number in range(3)]
    documents = [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, sources, strict=True)]
    cells = [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris]
    notebook = types.NotebookDocument("file:///book.ipynb", "jupyter-notebook", 1, cells)
    editor.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, documents))
    items = await editor.complete(uris[2], 0, 17, invoked=True)
    assert items[0].insert_text == "room_width, room_height)"
    editor.open("file:///alone.py", sources[2])
    alone = await editor.complete("file:///alone.py", 0, 17, invoked=True)
    assert "room_width" not in alone[0].insert_text
