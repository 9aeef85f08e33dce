"""notebookDocument/didOpen, didChange, didClose: each cell is a document of its own, the notebook is their order."""

from __future__ import annotations

from lsprotocol import types

from copilot_lsp.server.handlers.documents import change_document, open_document
from copilot_lsp.server.protocol import Server

SYNC = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook(notebook="*")])


def did_open(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    notebook = params.notebook_document
    ls.session.notebooks.open(notebook.uri, [cell.document for cell in notebook.cells])
    for item in params.cell_text_documents:
        open_document(ls, item)


def did_change(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    cells = params.change.cells
    if cells is None:
        return
    if cells.structure is not None:
        for closed in cells.structure.did_close or ():
            ls.session.close_document(closed.uri)
        for opened in cells.structure.did_open or ():
            open_document(ls, opened)
        array = cells.structure.array
        added = [cell.document for cell in array.cells or ()]
        ls.session.notebooks.splice(params.notebook_document.uri, array.start, array.delete_count, added)
    for changed in cells.text_content or ():
        change_document(ls, changed.document.uri, changed.changes, changed.document.version)


def did_close(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    for cell in params.cell_text_documents:
        ls.session.close_document(cell.uri)
    ls.session.close_notebook(params.notebook_document.uri)
