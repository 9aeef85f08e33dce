"""textDocument/didOpen, didChange, didClose, didFocus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from copilot_lsp.server.protocol import Server
from copilot_lsp.server.reading import value_at
from copilot_lsp.source.document import Edit
from copilot_lsp.source.text import PositionEncoding

DID_FOCUS = "textDocument/didFocus"


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    open_document(ls, params.text_document)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    document = params.text_document
    change_document(ls, document.uri, params.content_changes, document.version)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.session.close_document(params.text_document.uri)


def did_focus(ls: Server, params: Any) -> None:  # noqa: ANN401
    """`params.textDocument` is left out when no document has the focus."""
    uri = value_at(params, "textDocument", "uri")
    ls.session.focus(uri if isinstance(uri, str) else "")


def open_document(ls: Server, item: types.TextDocumentItem) -> None:
    ls.session.open(item.uri, item.language_id, item.version, item.text)
    # The first parse of a long file takes a while: better now than at the first request.
    asyncio.get_running_loop().call_soon(ls.session.snapshot, item.uri)


def change_document(
    ls: Server, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent], version: int
) -> None:
    encoding = ls.session.encoding
    ls.session.change(uri, [_edit(change, encoding) for change in changes], version)


def _edit(change: types.TextDocumentContentChangeEvent, encoding: PositionEncoding) -> Edit:
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return Edit(None, None, change.text, encoding)
    start, end = change.range.start, change.range.end
    return Edit((start.line, start.character), (end.line, end.character), change.text, encoding)
