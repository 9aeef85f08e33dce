"""Why a server has an engine process of its own, in words for the user."""

from __future__ import annotations

import os

from copilot_lsp.engine.base import EngineStatus
from copilot_lsp.settings import EngineSettings


def why_alone(status: EngineStatus, settings: EngineSettings) -> str:
    """ "" if the process is shared, or there is none: the engine is remote, scripted or not started."""
    if status.clients or status.pid is None:
        return ""
    if settings.shared:
        return status.alone
    return "engine.shared is off" + (", as it is on Windows by default" if os.name == "nt" else "")
