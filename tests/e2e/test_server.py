"""A real server process, driven as an editor drives it."""

from __future__ import annotations

import asyncio

import pytest
from editor import Editor, capabilities, editing, inline, until
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled

pytestmark = pytest.mark.asyncio(loop_scope="session")

INLINE = types.TEXT_DOCUMENT_INLINE_COMPLETION


async def test_type_see_accept(editor: Editor) -> None:
    uri = "file:///project/greet.py"
    editor.open(uri, "def hello(name):\n")
    editor.type(uri, 1, 0, "    ")
    (item,) = await editor.complete(uri, 1, 4)
    assert item.insert_text == 'return f"Hello, {name}!"'
    assert item.range == types.Range(types.Position(1, 4), types.Position(1, 4))
    accepted = types.ExecuteCommandParams(item.command.command, arguments=item.command.arguments)
    assert await editor.workspace_execute_command_async(accepted) is None
    editor.type(uri, 1, 4, item.insert_text, version=3)
    assert await editor.complete(uri, 1, 4 + len(item.insert_text)) == []


async def test_typing_on_is_answered_with_the_rest(editor: Editor) -> None:
    uri = "file:///project/rest.py"
    editor.open(uri, "def hello(name):\n    ")
    await editor.complete(uri, 1, 4)
    editor.type(uri, 1, 4, "return f")
    (item,) = await editor.complete(uri, 1, 12)
    assert item.insert_text == '"Hello, {name}!"'


async def test_cancel(editor: Editor) -> None:
    uri = "file:///project/cancel.py"
    editor.open(uri, "slow = \ngrow = ")
    pending = asyncio.wrap_future(editor.protocol.send_request(INLINE, inline(uri, 0, 7), msg_id="x1"))
    await asyncio.sleep(0.1)
    editor.cancel_request(types.CancelParams("x1"))
    with pytest.raises(JsonRpcRequestCancelled):
        await asyncio.wait_for(pending, 2)
    assert len(await editor.complete(uri, 1, 7)) == 1


async def test_the_latest_request_wins(editor: Editor) -> None:
    uri = "file:///project/latest.py"
    editor.open(uri, "slow = \nlate = ")
    older = asyncio.create_task(editor.complete(uri, 0, 7))
    await asyncio.sleep(0.05)
    newer = await editor.complete(uri, 1, 7)
    assert older.done()
    assert await older == []
    assert [item.insert_text for item in newer] == ["1"]


async def test_alternatives_when_asked(editor: Editor) -> None:
    uri = "file:///project/pick.py"
    editor.open(uri, "pick = ")
    assert len(await editor.complete(uri, 0, 7, invoked=True)) == 3
    assert len(await editor.complete(uri, 0, 7)) == 1


async def test_an_engine_that_dies_costs_one_answer(editor: Editor) -> None:
    uri = "file:///project/crash.py"
    editor.open(uri, "crash = \ngrow = ")
    assert await editor.complete(uri, 0, 8) == []
    assert await editor.silence() == "engine-restarting"
    assert len(await editor.complete(uri, 1, 7)) == 1


async def test_carriage_returns_and_form_feeds(editor: Editor) -> None:
    uri = "file:///project/crlf.py"
    editor.open(uri, "# a\x0cb\u2028c\r\ngrow = \r\n")
    (item,) = await editor.complete(uri, 1, 7)
    assert item.range == types.Range(types.Position(1, 7), types.Position(1, 7))


async def test_astral_characters_count_twice_in_utf_16(editor: Editor) -> None:
    uri = "file:///project/astral.py"
    assert editor.welcome.capabilities.position_encoding == "utf-16"
    editor.open(uri, "'😀é'; \n")
    editor.type(uri, 0, 7, "x = ")
    (item,) = await editor.complete(uri, 0, 11)
    assert item.insert_text == "ü"
    assert item.range.start == types.Position(0, 11)


async def test_an_excluded_file_is_never_completed(editor: Editor) -> None:
    uri = "file:///project/.env"
    editor.open(uri, "grow = ")
    assert await editor.complete(uri, 0, 7, invoked=True) == []
    assert await editor.silence() == "excluded-file"
    await until(lambda: editor.statuses[-1].lastSilence and editor.statuses[-1].lastSilence.uri == uri)


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 14), ("utf-32", 10)])
async def test_other_position_encodings(encoding: str, character: int) -> None:
    uri = "file:///project/astral.py"
    async with editing(can=capabilities(encodings=[encoding])) as editor:
        assert editor.welcome.capabilities.position_encoding == encoding
        editor.open(uri, "'😀é'; \n")
        editor.type(uri, 0, character - 4, "x = ")
        (item,) = await editor.complete(uri, 0, character)
        assert item.insert_text == "ü"
        assert item.range.start == types.Position(0, character)


async def test_options_apply_live_and_a_bad_one_is_named() -> None:
    uri = "file:///project/options.py"
    can = capabilities(configuration=True)
    async with editing(can=can, configuration={"disabledLanguages": ["python"]}) as editor:
        editor.open(uri, "grow = ")
        await until(lambda: editor.statuses)
        assert await editor.complete(uri, 0, 7) == []
        assert await editor.silence() == "disabled-language"
        editor.set_configuration({"copilotLsp": {"completion": {"candidates": "all", "maxLineTokens": 1}}})
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
        await until(lambda: editor.messages)
        (message,) = editor.messages
        assert message.message == (
            'copilotLsp.completion.candidates must be a whole number from 1 to 10, not "all"; 3 is used'
        )
        assert len(await editor.complete(uri, 0, 7)) == 1


async def test_popup_items_for_a_client_without_inline_completion() -> None:
    uri = "file:///project/popup.py"
    async with editing(can=capabilities(inline_completion=False)) as editor:
        editor.open(uri, "grow = fir")
        where = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(0, 10))
        answer = await editor.text_document_completion_async(where)
        assert isinstance(answer, types.CompletionList)
        assert answer.is_incomplete
        (item,) = answer.items
        assert item.filter_text == "first + second + third"
        assert item.documentation == "first + second + third"
        assert isinstance(item.text_edit, types.TextEdit)
        assert item.text_edit.range.start == types.Position(0, 7)
