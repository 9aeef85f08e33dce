"""workspace/didChangeWatchedFiles, for the index of other files."""

from __future__ import annotations

import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp.server.protocol import Server

logger = logging.getLogger(__name__)

ALL = "**/*"
"""Folders too, and the files that say what is excluded."""


async def register(ls: Server) -> None:
    """Asks the client to tell of files that change, once there is an index that wants to know."""
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    wanted = ls.greeted and ls.session.settings.context.index and not ls.session.knowledge.watches
    if not wanted or watching is None or not watching.dynamic_registration:
        return
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(ALL)])
    registration = types.Registration(id=method, method=method, register_options=options)
    ls.session.knowledge.watches = True
    ls.session.index()
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        logger.warning("the client does not register %s: %s", method, error)


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    ls.session.touched([change.uri for change in params.changes])
