"""The server in a process of its own, with the scripted engine, and an editor that talks to it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

RULES = Path(__file__).with_name("rules.json")

SERVE = [sys.executable, "-m", "copilot_lsp", "serve", "--engine", "fake", "--fake-script", str(RULES)]


class Editor(LanguageClient):
    """Knows our notifications, and what the server answered to `initialize`.

    Its user dismisses every question, or chooses what begins with `choice`.
    """

    welcome: types.InitializeResult

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.statuses: list[Any] = []
        self.questions: list[str] = []
        self.choice: str | None = None
        ours = {"didChangeStatus": _did_change_status, types.WINDOW_SHOW_MESSAGE_REQUEST: _show_message_request}
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, **ours})

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def open(self, uri: str, text: str, language: str = "python") -> None:
        item = types.TextDocumentItem(uri, language, 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, uri: str, line: int, character: int, text: str, version: int = 2) -> None:
        """Inserts `text` at a place."""
        place = types.Position(line, character)
        edit = types.TextDocumentContentChangePartial(types.Range(place, place), text)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [edit]))

    async def complete(self, uri: str, line: int, character: int, invoked: bool = False) -> list[Any]:
        """The items of textDocument/inlineCompletion."""
        answer = await self.text_document_inline_completion_async(inline(uri, line, character, invoked))
        assert isinstance(answer, types.InlineCompletionList)
        return list(answer.items)

    async def silence(self) -> str | None:
        """The reason of the last one."""
        command = types.ExecuteCommandParams("copilotLsp.status")
        status = await self.workspace_execute_command_async(command)
        assert status is not None
        reason: str | None = status["lastSilence"] and status["lastSilence"]["reason"]
        return reason


def inline(uri: str, line: int, character: int, invoked: bool = False) -> types.InlineCompletionParams:
    kinds = types.InlineCompletionTriggerKind
    context = types.InlineCompletionContext(kinds.Invoked if invoked else kinds.Automatic)
    document = types.TextDocumentIdentifier(uri)
    return types.InlineCompletionParams(context, document, types.Position(line, character))


def capabilities(
    inline_completion: bool = True,
    encodings: list[types.PositionEncodingKind | str] | None = None,
    configuration: bool = False,
) -> types.ClientCapabilities:
    document = types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities() if inline_completion else None
    )
    return types.ClientCapabilities(
        text_document=document if inline_completion else types.TextDocumentClientCapabilities(),
        general=types.GeneralClientCapabilities(position_encodings=encodings),
        workspace=types.WorkspaceClientCapabilities(configuration=configuration),
        experimental={"didChangeStatus": True},
    )


@asynccontextmanager
async def editing(
    *arguments: str,
    can: types.ClientCapabilities | None = None,
    options: object = None,
    configuration: object = None,
    env: dict[str, str] | None = None,
    serve: Sequence[str] = SERVE,
) -> AsyncIterator[Editor]:
    """An editor with an initialized server, which is shut down in the end."""
    command = [*serve, *arguments]
    config = ClientServerConfig(command, client_factory=Editor, server_env={**os.environ, **(env or {})})
    editor = await config.start()
    assert isinstance(editor, Editor)
    editor.set_configuration({"copilotLsp": configuration})
    params = types.InitializeParams(can or capabilities(), initialization_options=options)
    editor.welcome = await editor.initialize_session(params)
    try:
        yield editor
    finally:
        await editor.shutdown_session()
        await editor.stop()  # type: ignore[no-untyped-call]  # pytest-lsp does not say what it returns


def _did_change_status(editor: Editor, params: Any) -> None:
    editor.statuses.append(params)


def _show_message_request(editor: Editor, params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
    editor.questions.append(params.message)
    chosen = [each for each in params.actions or () if editor.choice and each.title.startswith(editor.choice)]
    return chosen[0] if chosen else None


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
