"""Puts the language server together: which handler answers which method."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.io_ import run_async, run_websocket

from copilot_lsp import __version__
from copilot_lsp.server.handlers import (
    commands,
    configuration,
    documents,
    inline_completion,
    lifecycle,
    notebooks,
    status,
)
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.session import Session

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from copilot_lsp.server.transport import Writer

Handler = Callable[..., Any]

FEATURES: Mapping[str, Handler] = {
    types.INITIALIZE: lifecycle.initialize,
    types.INITIALIZED: lifecycle.initialized,
    types.SHUTDOWN: lifecycle.shutdown,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lifecycle.did_change_workspace_folders,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: configuration.did_change_configuration,
    types.TEXT_DOCUMENT_DID_OPEN: documents.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: documents.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: documents.did_close,
    documents.DID_FOCUS: documents.did_focus,
    types.NOTEBOOK_DOCUMENT_DID_OPEN: notebooks.did_open,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: notebooks.did_change,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: notebooks.did_close,
    types.TEXT_DOCUMENT_INLINE_COMPLETION: inline_completion.inline_completion,
    inline_completion.DID_SHOW: inline_completion.did_show,
    inline_completion.DID_PARTIALLY_ACCEPT: inline_completion.did_partially_accept,
    status.STATISTICS: status.statistics,
}
"""`textDocument/completion` is added in `lifecycle.initialize`, for clients that need it."""

OPTIONS: Mapping[str, object] = {types.TEXT_DOCUMENT_INLINE_COMPLETION: inline_completion.OPTIONS}

COMMANDS: Mapping[str, Handler] = {
    commands.DID_ACCEPT: commands.did_accept,
    commands.RESTART_ENGINE: commands.restart_engine,
    commands.STATUS: commands.status,
}


def create(session: Session) -> Server:
    server = Server(session, "copilot-lsp", __version__, notebook_document_sync=notebooks.SYNC)
    for method, handler in FEATURES.items():
        server.feature(method, OPTIONS.get(method))(handler)
    for name, handler in COMMANDS.items():
        server.command(name)(handler)
    return server


async def talk(server: Server, reader: asyncio.StreamReader, writer: Writer) -> None:
    """Serves one client until it says `exit` or is gone."""
    server.protocol.set_writer(writer)
    try:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await run_async(server.protocol.stopped, reader, server.protocol)
    finally:
        server.protocol.gone = True


async def talk_websocket(server: Server, websocket: ServerConnection) -> None:
    try:
        await run_websocket(websocket, server.protocol.stopped, server.protocol)
    finally:
        server.protocol.gone = True
