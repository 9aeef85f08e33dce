"""Notebooks: what a cell's prompt shows of the other cells, through the real protocol and a scripted engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from in_process import Connection, connected, push
from wire import INLINE, change, inline

from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.fake import ScriptedAnswer
from copilot_lsp.server.cells import Cells, Notebooks
from copilot_lsp.settings import CompletionSettings, Settings

BOOK = "file:///p/book.ipynb"
CAN: dict[str, Any] = {"textDocument": {"inlineCompletion": {}}, "notebookDocument": {"synchronization": {}}}
QUIET = Settings(completion=CompletionSettings(prefetch=False))


def cell(name: object) -> str:
    return f"vscode-notebook-cell:/p/book.ipynb#{name}"


def document(name: object, text: str, language: str = "python") -> dict[str, Any]:
    return {"uri": cell(name), "languageId": language, "version": 1, "text": text}


def open_book(client: Connection, *documents: dict[str, Any], uri: str = BOOK) -> None:
    cells = [{"kind": 2, "document": each["uri"]} for each in documents]
    notebook = {"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    client.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": list(documents)})


def splice(client: Connection, start: int, deleted: int, *added: dict[str, Any], closed: tuple[str, ...] = ()) -> None:
    array = {"start": start, "deleteCount": deleted, "cells": [{"kind": 2, "document": each["uri"]} for each in added]}
    structure = {"array": array, "didOpen": list(added), "didClose": [{"uri": uri} for uri in closed]}
    changed = {"notebookDocument": {"uri": BOOK, "version": 2}, "change": {"cells": {"structure": structure}}}
    client.notify("notebookDocument/didChange", changed)


def edit(client: Connection, name: object, text: str) -> None:
    """Puts `text` at the cell's beginning."""
    whole = change(cell(name), 2, (0, 0), (0, 0), text)
    content = [{"document": whole["textDocument"], "changes": whole["contentChanges"]}]
    changed = {"notebookDocument": {"uri": BOOK, "version": 3}, "change": {"cells": {"textContent": content}}}
    client.notify("notebookDocument/didChange", changed)


@asynccontextmanager
async def book(*sources: str, answer: str = "1 + 2") -> Any:
    """A client with a notebook of Python cells named 1, 2, ..."""
    async with connected(ScriptedAnswer(after=r" = $", text=answer), settings=QUIET) as client:
        await client.initialize(CAN)
        open_book(client, *(document(number, text) for number, text in enumerate(sources, 1)))
        yield client


async def complete(client: Connection, name: object, line: int = 0, character: int = 4) -> list[dict[str, Any]]:
    return (await client.request(INLINE, inline(cell(name), line, character)))["items"]  # type: ignore[no-any-return]


def requests(client: Connection) -> list[InfillRequest]:
    return client.engines[0].requests  # type: ignore[attr-defined, no-any-return]


async def shown(client: Connection, name: object) -> tuple[str, str]:
    """Prefix and suffix of a fresh completion in that cell."""
    await complete(client, name)
    return requests(client)[-1].prefix, requests(client)[-1].suffix


async def test_cells_above_are_prefix_and_cells_below_are_suffix() -> None:
    async with book("a = 1\n", "x = ", "print(x)", "") as client:
        assert await shown(client, 2) == ("a = 1\n\nx = ", "\n\nprint(x)")
        assert requests(client)[-1].document == BOOK


async def test_an_item_s_range_is_the_cell_s_own() -> None:
    async with book("a = 1\n" * 9, "x = ") as client:
        (item,) = await complete(client, 2)
        assert item["range"] == {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 4}}


async def test_the_order_is_that_of_the_notebook_as_it_changes() -> None:
    async with book("a = 1", "x = ") as client:
        splice(client, 1, 0, document("new", "b = 2"))
        assert (await shown(client, 2))[0] == "a = 1\n\nb = 2\n\nx = "
        splice(client, 0, 1, closed=(cell(1),))
        assert await shown(client, 2) == ("b = 2\n\nx = ", "")
        splice(client, 0, 1, closed=(cell("new"),))
        splice(client, 1, 0, document("new", "b = 2"))  # moved below
        assert await shown(client, 2) == ("x = ", "\n\nb = 2")


async def test_another_cell_s_edit_makes_the_cache_s_answer_old() -> None:
    async with book("a = 1", "x = ") as client:
        await complete(client, 2)
        await complete(client, 2)
        assert len(requests(client)) == 1
        edit(client, 1, "import math\n")
        assert (await shown(client, 2))[0] == "import math\na = 1\n\nx = "
        assert len(requests(client)) == 2


async def test_only_cells_of_the_same_language_are_shown() -> None:
    async with connected(settings=QUIET) as client:
        await client.initialize(CAN)
        text, query = document("text", "# Title", "markdown"), document("query", "-- 1", "sql")
        open_book(client, text, document(1, "%matplotlib inline\na = 1"), query, document(2, "x = "))
        assert await shown(client, 2) == ("%matplotlib inline\na = 1\n\nx = ", "")
        assert (await shown(client, "query"))[0] == "-- 1"


async def test_a_prompt_only_grows_from_cell_to_cell() -> None:
    lines = "".join(f"value_{number} = {number}\n" for number in range(200))
    async with book(lines, "x = ") as client:
        await complete(client, 2)
        first = requests(client)[-1]
        splice(client, 2, 0, document(3, "y = "))
        await complete(client, 3)
        assert requests(client)[-1].prefix.startswith(first.prefix)
        assert first.cuts[0] == requests(client)[-1].cuts[0]


async def test_brackets_and_syntax_are_the_cell_s_own() -> None:
    async with book("print(", "x = ", ")", answer="f(1)") as client:
        assert [item["insertText"] for item in await complete(client, 2)] == ["f(1)"]


@pytest.mark.parametrize("pattern", ["book.ipynb", "*.ipynb"])
async def test_an_excluded_notebook_is_not_shown(pattern: str) -> None:
    async with book("a = 1", "x = ") as client:
        assert await complete(client, 2)
        await push(client, {"exclude": [pattern]})
        assert await complete(client, 2) == []
        assert client.silence.reason == "excluded-file"


async def test_cells_of_an_excluded_notebook_are_excluded_whatever_their_own_names() -> None:
    async with connected(settings=Settings(exclude=("*.ipynb",))) as client:
        await client.initialize(CAN)
        open_book(client, {**document(1, "x = "), "uri": "cell:one"})
        assert (await client.request(INLINE, inline("cell:one", 0, 4)))["items"] == []
        assert client.silence.reason == "excluded-file"


async def test_a_cell_that_is_excluded_is_not_shown_to_its_neighbours() -> None:
    async with connected(settings=replace(QUIET, exclude=("secret*",))) as client:
        await client.initialize(CAN)
        open_book(client, {**document(1, "key = 1"), "uri": "cell:/secret1"}, document(2, "x = "))
        assert await shown(client, 2) == ("x = ", "")


async def test_a_closed_notebook_leaves_plain_documents() -> None:
    async with book("a = 1", "x = ") as client:
        closed = {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": [{"uri": cell(1)}, {"uri": cell(2)}]}
        client.notify("notebookDocument/didClose", closed)
        client.open(cell(2), "x = ")
        assert (await shown(client, 2))[0] == "x = "
        assert requests(client)[-1].document == cell(2)


def around(notebooks: Notebooks) -> Iterator[tuple[str, ...]]:
    for name in "abcd":
        found = notebooks.around(name)
        yield (*found.above, name, *found.below)


def test_changes_that_cannot_be_do_no_harm() -> None:
    notebooks = Notebooks()
    notebooks.splice("other", 0, 1, ["a"])
    assert notebooks.around("a") == Cells()
    notebooks.open("book", ["a", "b"])
    notebooks.splice("book", 99, 99, ["c"])
    notebooks.splice("book", -5, -5, ["d"])
    assert set(around(notebooks)) == {("d", "a", "b", "c")}
    notebooks.close("book")
    assert notebooks.around("d") == Cells()
