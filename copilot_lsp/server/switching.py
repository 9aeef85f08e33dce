"""Switches the model while the server is running."""

from __future__ import annotations

from copilot_lsp.engine.base import EngineState
from copilot_lsp.errors import EngineFailed
from copilot_lsp.server.session import Session
from copilot_lsp.server.sources import Choice


async def switch(session: Session, model: str) -> None:
    """Load `model` and use it until the settings name another one.

    Raises EngineFailed when it cannot be loaded; the old one is loaded again then. In between, queries are answered
    with nothing, since the model is loading.
    """
    async with session.updating:
        before = session.options.choice
        configured = session.reconfigure().settings.model
        _choose(session, Choice(model, configured))
        try:
            if not session.fits() or session.engine.status.state is not EngineState.READY:
                await session.replace_engine()
            await session.engine.ready()
        except EngineFailed:
            _choose(session, before)
            await session.replace_engine()
            raise


def _choose(session: Session, choice: Choice | None) -> None:
    session.options.choice = choice
    session.reconfigure()
