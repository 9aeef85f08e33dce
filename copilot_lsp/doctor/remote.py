"""Hosts that are configured to complete code and that the user has not allowed."""

from __future__ import annotations

from copilot_lsp import endpoints
from copilot_lsp.doctor.check import Check, State
from copilot_lsp.settings import Settings


def of_remote(settings: Settings) -> list[Check]:
    return [_waiting(host) for host in endpoints.not_allowed(settings.remote)]


def _waiting(host: str) -> Check:
    remedy = f"allow it with `copilot-lsp config allow {host}`, or remove it from `remote.endpoints`"
    return Check("remote", f"{host} is waiting for your permission: nothing is sent to it", State.WARNING, remedy)
