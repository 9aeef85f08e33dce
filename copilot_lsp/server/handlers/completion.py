"""textDocument/completion, for clients without inline completion: the same text as one popup item."""

from __future__ import annotations

import re
from collections.abc import Coroutine
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.server.handlers.commands import accept_command
from copilot_lsp.server.handlers.ranges import as_range, offset_at
from copilot_lsp.server.protocol import Server
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot

OPTIONS = types.CompletionOptions(trigger_characters=[*".([{=,:"])

LABEL_LENGTH = 60
"""Characters of the text that the popup shows."""

WORD = re.compile(r"\w+\Z")

List = types.CompletionList


def completion(ls: Server, params: types.CompletionParams) -> List | Coroutine[Any, Any, List]:
    """Automatic: clients ask while typing, and do not say when it was by hand."""
    uri = params.text_document.uri
    snapshot = ls.session.snapshot(uri)
    if isinstance(snapshot, Silence):
        ls.session.note(uri, Answer(silence=snapshot))
        return List(is_incomplete=True, items=[])
    return _answer(ls, Query(snapshot, offset_at(ls.session, snapshot, params.position), Trigger.AUTOMATIC))


async def _answer(ls: Server, query: Query) -> List:
    answer = await ls.session.complete(query)
    items = [_item(ls, query.snapshot, each) for each in answer.completions]
    return List(is_incomplete=True, items=items)


def _item(ls: Server, snapshot: Snapshot, completion: Completion) -> types.CompletionItem:
    """Its range begins with the word at the cursor, since editors filter the popup by that."""
    word = _word_before(snapshot, completion.start)
    text = word + completion.text
    first, *more = text.split("\n")
    label = first.strip()
    return types.CompletionItem(
        label=label if len(label) <= LABEL_LENGTH and not more else f"{label[:LABEL_LENGTH]}…",
        label_details=types.CompletionItemLabelDetails(description="copilot-lsp"),
        detail="copilot-lsp",
        documentation=_documentation(ls, snapshot.language, text),
        kind=types.CompletionItemKind.Text,
        filter_text=first.rstrip("\r"),
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(
            as_range(ls.session, snapshot, completion.start - len(word.encode()), completion.end), text
        ),
        command=accept_command(completion),
    )


def _word_before(snapshot: Snapshot, offset: int) -> str:
    line, _ = snapshot.text.line_span(snapshot.text.line_at(offset))
    found = WORD.search(snapshot.text.data[line:offset].decode())
    return found[0] if found else ""


def _documentation(ls: Server, language: str, text: str) -> types.MarkupContent | str:
    """The text as a whole, coloured where the client can."""
    formats = get_capability(
        ls.client_capabilities, "text_document.completion.completion_item.documentation_format", ()
    )
    if types.MarkupKind.Markdown in formats:
        return types.MarkupContent(types.MarkupKind.Markdown, _fenced(language, text))
    return text


def _fenced(language: str, text: str) -> str:
    """A Markdown code block; the fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
