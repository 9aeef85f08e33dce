"""Options from the editor: in initialize, pulled, or pushed."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp.config import SECTION, Effective, hint
from copilot_lsp.errors import UsageError
from copilot_lsp.server.handlers import consent, watching
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.status import waiting_hosts

logger = logging.getLogger(__name__)


def apply(ls: Server, sent: object, initial: bool = False) -> None:
    """Takes over what is valid, at once; all the rest is one message."""
    took_over(ls, ls.session.configure(sent, initial))


def took_over(ls: Server, resolved: Effective) -> None:
    """Tells of what was not valid, and gets another engine where the settings ask for one."""
    if resolved.problems and resolved.problems != ls.problems:
        logger.warning("%s", "; ".join(resolved.problems))
        text = "\n".join(resolved.problems)
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, text))
    if new := set(resolved.unknown) - ls.unknown_options:
        logger.info("not an option: %s", ", ".join(f"{name}{hint(name)}" for name in sorted(new)))
    ls.problems = resolved.problems
    ls.unknown_options |= new
    ls.spawn(ls.session.update_engine())
    ls.spawn(watching.register(ls))
    if ls.may_ask:
        ls.spawn(ask_consent(ls))


async def ask_consent(ls: Server) -> None:
    """Before a host is sent anything for the first time; from now on, whenever options come.

    Each host once in the life of this server; `copilotLsp.remote.ask` asks again.
    """
    ls.may_ask = True
    try:
        await ask_for(ls, [host for host in waiting_hosts(ls.session) if host not in ls.asked_hosts])
    except UsageError as error:
        logger.warning("%s", error)
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"copilot-lsp: {error}"))


async def ask_for(ls: Server, hosts: list[str]) -> None:
    """Asks for one host after the other, and uses what is allowed at once. Raises UsageError, as `consent.ask`."""
    ls.asked_hosts.update(hosts)
    for host in hosts:
        if await consent.ask(ls, host):
            resolved = ls.session.reconfigure()
            took_over(ls, resolved)
            if host in waiting_hosts(ls.session):
                origin = resolved.origins.get("remote.allowed", "another place")
                raise UsageError(f"{host} is not allowed yet: {origin} sets `remote.allowed`, and wins over your file")


def section(sent: object) -> object:
    """The options in what was sent, with or without the section's name around them."""
    return sent.get(SECTION, sent) if isinstance(sent, Mapping) else sent


async def register(ls: Server) -> None:
    """Some clients tell of changes only when asked to."""
    workspace = ls.client_capabilities.workspace
    changes = workspace.did_change_configuration if workspace else None
    if changes is None or not changes.dynamic_registration:
        return
    method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
    options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
    registration = types.Registration(id=method, method=method, register_options=options)
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        logger.warning("the client does not register %s: %s", method, error)


async def pull(ls: Server) -> None:
    """Asks the client for the options; a newer configuration that comes meanwhile wins."""
    workspace = ls.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return
    turn = ls.configuration_turn = object()
    asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        (sent,) = await ls.workspace_configuration_async(asked)
    except (JsonRpcException, ValueError, TypeError) as error:
        logger.warning("the client gives no configuration: %s", error)
        return
    if ls.configuration_turn is turn:
        apply(ls, sent)


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    pushed = params.settings
    if isinstance(pushed, Mapping) and isinstance(pushed.get(SECTION), Mapping):
        ls.configuration_turn = object()
        apply(ls, pushed[SECTION])
    else:
        await pull(ls)
