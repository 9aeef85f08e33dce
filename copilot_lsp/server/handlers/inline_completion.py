"""textDocument/inlineCompletion, and the editor's reports about its items."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from lsprotocol import types

from copilot_lsp.completion.query import Answer, Completion, Query, Selected
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.server.handlers.commands import accept_command
from copilot_lsp.server.handlers.ranges import as_range, offset_at
from copilot_lsp.server.protocol import Server, Token
from copilot_lsp.server.reading import value_at
from copilot_lsp.server.session import Session
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.text import encode

OPTIONS = types.InlineCompletionOptions()
"""pygls advertises nothing without options."""

DID_SHOW = "textDocument/didShowCompletion"
DID_PARTIALLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"

List = types.InlineCompletionList


def inline_completion(ls: Server, params: types.InlineCompletionParams) -> List | Coroutine[Any, Any, List]:
    """Always a list: clients keep stale text on the screen for null. The snapshot is taken here and now."""
    token = ls.protocol.take_partial_token()
    uri = params.text_document.uri
    snapshot = ls.session.snapshot(uri)
    if isinstance(snapshot, Silence):
        ls.session.note(uri, Answer(silence=snapshot))
        return List(items=[])
    return _answer(ls, _query(ls.session, snapshot, params, wait_for_all=token is not None), token)


async def _answer(ls: Server, query: Query, token: Token | None) -> List:
    emit = None if token is None else _emitter(ls, query.snapshot, token)
    answer = await ls.session.complete(query, emit)
    return List(items=[_item(ls.session, query.snapshot, each) for each in answer.completions])


def _query(session: Session, snapshot: Snapshot, params: types.InlineCompletionParams, wait_for_all: bool) -> Query:
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    return Query(
        snapshot,
        offset_at(session, snapshot, params.position),
        Trigger.INVOKED if invoked else Trigger.AUTOMATIC,
        selected=_selected(session, snapshot, params.context.selected_completion_info),
        candidates=session.settings.completion.candidates if invoked else 1,
        wait_for_all=wait_for_all,
    )


def _selected(session: Session, snapshot: Snapshot, info: types.SelectedCompletionInfo | None) -> Selected | None:
    if info is None:
        return None
    start = offset_at(session, snapshot, info.range.start)
    end = offset_at(session, snapshot, info.range.end)
    return Selected(start, end, info.text)


def _emitter(ls: Server, snapshot: Snapshot, token: Token) -> Callable[[Completion], None]:
    def emit(partial: Completion) -> None:
        items = [_item(ls.session, snapshot, partial)]
        ls.progress(types.ProgressParams(token, List(items=items)))

    return emit


def _item(session: Session, snapshot: Snapshot, completion: Completion) -> types.InlineCompletionItem:
    """Without filterText: editors then take the text itself, which begins with what it replaces."""
    return types.InlineCompletionItem(
        insert_text=completion.text,
        range=as_range(session, snapshot, completion.start, completion.end),
        command=accept_command(completion),
    )


def did_show(ls: Server, params: Any) -> None:  # noqa: ANN401
    if id := _id_of(params):
        ls.session.recorder.shown(id)
        ls.session.changed()


def did_partially_accept(ls: Server, params: Any) -> None:  # noqa: ANN401
    """`acceptedLength` counts UTF-16 units from the start of the item's text."""
    length, text = value_at(params, "acceptedLength"), value_at(params, "item", "insertText")
    if (id := _id_of(params)) and isinstance(length, int) and length >= 0 and isinstance(text, str):
        units = encode(text).decode().encode("utf-16-le")[: 2 * length]
        ls.session.recorder.partially_accepted(id, len(units.decode("utf-16-le", "ignore")))
        ls.session.changed()


def _id_of(params: Any) -> str:  # noqa: ANN401
    """The completion's id, which the item carries as its command's argument; "" when it is none of ours."""
    arguments = value_at(params, "item", "command", "arguments")
    return str(arguments[0]) if isinstance(arguments, list) and arguments else ""
