"""Assembles the language server: the handler of each method."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from copilot_lsp import __version__
from copilot_lsp.server import reading
from copilot_lsp.server.framing import Frames, Unreadable
from copilot_lsp.server.handlers import (
    commands,
    configuration,
    doctor,
    documents,
    github,
    inline_completion,
    lifecycle,
    model_tasks,
    models,
    notebooks,
    remote,
    status,
    watching,
)
from copilot_lsp.server.protocol import Protocol, Server
from copilot_lsp.server.session import Session

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from copilot_lsp.server.transport import Writer

logger = logging.getLogger(__name__)

READ_BYTES = 2**16

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
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: watching.did_change_watched_files,
    status.STATISTICS: status.statistics,
}
"""`textDocument/completion` is added in `lifecycle.initialize`, for clients that need it."""

OPTIONS: Mapping[str, object] = {types.TEXT_DOCUMENT_INLINE_COMPLETION: inline_completion.OPTIONS}

COMMANDS: Mapping[str, Handler] = {
    commands.DID_ACCEPT: commands.did_accept,
    commands.RESTART_ENGINE: commands.restart_engine,
    commands.STATUS: commands.status,
    models.LIST: models.list_models,
    model_tasks.PULL: model_tasks.pull,
    model_tasks.TRIM: model_tasks.trim,
    models.USE: models.use,
    models.REMOVE: models.remove,
    doctor.DOCTOR: doctor.examine,
    remote.ASK: remote.ask_again,
}


def create(session: Session) -> Server:
    server = Server(session, "copilot-lsp", __version__, notebook_document_sync=notebooks.SYNC)
    for method, handler in FEATURES.items():
        server.feature(method, OPTIONS.get(method))(handler)
    for method in github.EMPTY:
        server.feature(method)(github.answer(method))
    for name, handler in COMMANDS.items():
        server.command(name)(handler)
    return server


async def talk(server: Server, reader: asyncio.StreamReader, writer: Writer) -> None:
    """Serve one client until it sends `exit` or disconnects."""
    protocol, frames = server.protocol, Frames()
    protocol.set_writer(writer)
    try:
        with suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                for frame in frames.feed(data):
                    _receive(protocol, frame)
                    if protocol.stopped.is_set():
                        return
    finally:
        protocol.gone = True


def _receive(protocol: Protocol, frame: bytes | Unreadable) -> None:
    if isinstance(frame, bytes):
        protocol.receive(frame)
    else:
        logger.warning("%s", frame.reason)
        protocol.refuse(reading.id_at_head(frame.head), types.ErrorCodes.ParseError, frame.reason)


async def talk_websocket(server: Server, websocket: ServerConnection, writer: Writer) -> None:
    """The same over WebSocket, one message each."""
    protocol = server.protocol
    protocol.set_writer(writer, include_headers=False)
    try:
        async for data in websocket:
            protocol.receive(data.encode() if isinstance(data, str) else data)
            if protocol.stopped.is_set():
                return
    finally:
        protocol.gone = True
