"""workspace/executeCommand."""

from __future__ import annotations

from lsprotocol import types

from copilot_lsp.completion.query import Completion
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.status import status_of

DID_ACCEPT = "copilotLsp.didAccept"
RESTART_ENGINE = "copilotLsp.restartEngine"
STATUS = "copilotLsp.status"


def accept_command(completion: Completion) -> types.Command:
    """What the editor executes once the user took the completion; it also says how probable the text is."""
    return types.Command("Accept completion", DID_ACCEPT, arguments=[completion.id, completion.probability])


def did_accept(ls: Server, completion_id: str = "", *_: object) -> None:
    ls.session.recorder.accepted(completion_id)
    ls.session.changed()


async def restart_engine(ls: Server) -> None:
    """Looks for the model again, too."""
    await ls.session.update_engine(restart=True)


def status(ls: Server) -> dict[str, object]:
    return status_of(ls.session)
