"""What the commands `copilotLsp.models.*` get and answer."""

from __future__ import annotations

from copilot_lsp.errors import CopilotLspError
from copilot_lsp.server.reading import value_at

Answer = dict[str, object]
"""With `ok`, and with a `message` of one line when that is false."""


def name_in(arguments: tuple[object, ...]) -> str:
    """ "" when the client gave none, which is no model's name."""
    name = value_at(arguments[0], "name") if arguments else None
    return name if isinstance(name, str) else ""


def refusal(error: CopilotLspError) -> Answer:
    return {"ok": False, "message": str(error)}
