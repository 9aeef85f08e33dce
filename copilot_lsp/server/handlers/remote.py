"""The command `copilotLsp.remote.ask`: asks again for hosts that nothing is sent to."""

from __future__ import annotations

from copilot_lsp import endpoints
from copilot_lsp.errors import UsageError
from copilot_lsp.server.handlers import configuration
from copilot_lsp.server.handlers.answers import Answer, refusal
from copilot_lsp.server.protocol import Server

ASK = "copilotLsp.remote.ask"


async def ask_again(ls: Server, *arguments: object) -> Answer:
    """For hosts that the user has declined, too: they may have changed their mind."""
    session = ls.session
    hosts = endpoints.not_allowed(session.settings.remote)
    try:
        await configuration.ask_for(ls, hosts)
    except UsageError as error:
        return refusal(error)
    others = endpoints.not_allowed(session.settings.remote)
    allowed = [host for host in hosts if host not in others]
    return {"ok": True, "allowed": allowed, "message": _told(allowed, others)}


def _told(allowed: list[str], others: list[str]) -> str:
    said = [f"{' and '.join(allowed)} may receive text now"] if allowed else []
    said += [f"nothing is sent to {' or '.join(others)}"] if others else []
    return "; ".join(said) or "no server is waiting for your permission"
