"""initialize, initialized, shutdown; `exit` is the protocol's."""

from __future__ import annotations

from lsprotocol import types

from copilot_lsp.server.handlers import completion, configuration, status, watching
from copilot_lsp.server.protocol import Server
from copilot_lsp.workspace.uris import path_of


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Runs before the capabilities are put together: what is registered here still counts."""
    session = ls.session
    session.encoding = ls.protocol.position_encoding
    session.set_roots(_roots(params))
    ls.client = params.client_info
    ls.wants_status = status.is_wanted(params)
    if not ls.protocol.knows_inline_completion:
        ls.feature(types.TEXT_DOCUMENT_COMPLETION, completion.OPTIONS)(completion.completion)
    configuration.apply(ls, configuration.section(params.initialization_options), initial=True)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    ls.session.changed = lambda: status.changed(ls)
    status.changed(ls)
    ls.greeted = True
    await configuration.register(ls)
    await watching.register(ls)
    await configuration.pull(ls)
    ls.spawn(configuration.ask_consent(ls))


async def shutdown(ls: Server, params: None) -> None:
    await ls.session.close()


def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    removed = {path_of(folder.uri) for folder in params.event.removed}
    kept = [root for root in ls.session.roots if path_of(root) not in removed]
    ls.session.set_roots((*kept, *(folder.uri for folder in params.event.added)))
    configuration.took_over(ls, ls.session.reconfigure())


def _roots(params: types.InitializeParams) -> tuple[str, ...]:
    if params.workspace_folders:
        return tuple(folder.uri for folder in params.workspace_folders)
    return (params.root_uri,) if params.root_uri else ()
