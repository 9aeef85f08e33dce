"""Asks the user's consent before any text is sent to a host."""

from __future__ import annotations

import asyncio

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp import config
from copilot_lsp.errors import UsageError
from copilot_lsp.server.protocol import Server

NOT_NOW = "Not now"


async def ask(ls: Server, host: str) -> bool:
    """Whether the user allows it: then it is in their own file. A question that is dismissed leaves the host waiting.

    Raises UsageError when the client does not show the question, or the file cannot be changed.
    """
    yes = f"Send text to {host}"
    answer = await _answer(ls, host, yes)
    if answer == NOT_NOW:
        ls.session.declined.add(host)
    if answer == yes:
        ls.session.declined.discard(host)
        await asyncio.to_thread(config.allow, host, ls.session.settings.remote.allowed)
    ls.session.changed()
    return answer == yes


async def _answer(ls: Server, host: str, yes: str) -> str:
    """The title of what the user chose, "" for nothing."""
    text = (
        f"copilot-lsp is configured to complete code on {host}. The text around your cursor would be sent there as you"
        " type. Files that are excluded, such as .env, are never sent."
    )
    actions = [types.MessageActionItem(yes), types.MessageActionItem(NOT_NOW)]
    try:
        chosen = await ls.window_show_message_request_async(
            types.ShowMessageRequestParams(types.MessageType.Warning, text, actions)
        )
    except JsonRpcException:
        raise UsageError(f"this editor does not ask about {host}: run `copilot-lsp config allow {host}`") from None
    return chosen.title if chosen else ""
