"""Asks the user's consent before any text is sent to a host."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp import config, endpoints
from copilot_lsp.errors import UsageError
from copilot_lsp.server.protocol import Server

logger = logging.getLogger(__name__)

NOT_NOW = "Not now"


async def ask(ls: Server) -> bool:
    """Asks for each host that is configured and not allowed, once in the life of this server.

    Whether one was allowed: then it is in the user's own file. No answer is a no.
    """
    remote = ls.session.settings.remote
    _, hosts = endpoints.divided(remote.endpoints, remote.allowed)
    new = [host for host in hosts if host not in ls.asked_hosts]
    ls.asked_hosts.update(new)
    allowed = [host for host in new if await _allows(ls, host)]
    return bool(allowed) and await _remember(ls, allowed)


async def _allows(ls: Server, host: str) -> bool:
    yes = f"Send text to {host}"
    text = (
        f"copilot-lsp is configured to complete code on {host}. The text around your cursor would be sent there as you"
        " type. Files that are excluded, such as .env, are never sent."
    )
    actions = [types.MessageActionItem(yes), types.MessageActionItem(NOT_NOW)]
    try:
        chosen = await ls.window_show_message_request_async(
            types.ShowMessageRequestParams(types.MessageType.Warning, text, actions)
        )
    except JsonRpcException as error:
        logger.warning("the client does not ask its user: %s; add %s to remote.allowed by hand", error, host)
        return False
    return chosen is not None and chosen.title == yes


async def _remember(ls: Server, hosts: list[str]) -> bool:
    allowed = [*ls.session.settings.remote.allowed, *hosts]
    try:
        await asyncio.to_thread(config.set_user, "remote.allowed", allowed)
    except UsageError as error:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"copilot-lsp: {error}"))
        return False
    return True
