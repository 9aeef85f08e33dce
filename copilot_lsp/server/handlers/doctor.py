"""The command `copilotLsp.doctor`: what `copilot-lsp doctor` prints, with what only the server knows: the editor at the
other end, its settings, and the engine that runs."""

from __future__ import annotations

import asyncio

from copilot_lsp import config, doctor
from copilot_lsp.doctor import Check
from copilot_lsp.doctor.surroundings import Client
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.session import Session

DOCTOR = "copilotLsp.doctor"


async def examine(ls: Server, *arguments: object) -> dict[str, object]:
    session = ls.session
    client = Client(ls.client.name, ls.client.version or "", ls.protocol.knows_inline_completion) if ls.client else None
    checks = await asyncio.to_thread(_of_machine, session, client)
    checks += await doctor.of_engine(session.engine, session.settings)
    return {"ok": True, "text": doctor.as_text(checks), "report": doctor.as_json(checks, session.settings)}


def _of_machine(session: Session, client: Client | None) -> list[Check]:
    layers, unreadable = session.options.layers(session.folders)
    problems = (*unreadable, *config.merge(layers).problems)
    return [
        *doctor.of_installation(),
        *doctor.of_settings(layers, problems),
        *doctor.of_remote(session.settings),
        *doctor.of_surroundings(client),
        *doctor.of_model(session.settings),
    ]
