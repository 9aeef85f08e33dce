"""didChangeStatus, copilotLsp/statistics, progress of loading and indexing, and messages for clients without them."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp.server.protocol import Server
from copilot_lsp.server.session import LOADING
from copilot_lsp.server.status import FAILURES, statistics_of, status_of

logger = logging.getLogger(__name__)

DID_CHANGE_STATUS = "didChangeStatus"
STATISTICS = "copilotLsp/statistics"

REPORT_SECONDS = 0.5
"""Between two reports of the progress of loading."""

SETTLE_SECONDS = 0.05
"""Changes within this time are one notification."""

PATIENCE_SECONDS = 0.3
"""Loading that is over by then needs no progress report."""


def is_wanted(params: types.InitializeParams) -> bool:
    """Whether the client knows the notification; others would warn their users of a message they do not know.

    It says so with `experimental: { didChangeStatus: true }`; clients of Copilot's server, from which the notification
    is, are known by their `editorInfo`.
    """
    experimental, options = params.capabilities.experimental, params.initialization_options
    asks = isinstance(experimental, Mapping) and experimental.get(DID_CHANGE_STATUS) is True
    return asks or (isinstance(options, Mapping) and "editorInfo" in options)


def statistics(ls: Server, params: object) -> dict[str, object]:
    return statistics_of(ls.session)


def changed(ls: Server) -> None:
    """Tells the client soon, if anything is different by then."""
    if ls.announcement is None:
        loop = asyncio.get_running_loop()
        ls.announcement = loop.call_later(SETTLE_SECONDS, _announce, ls)
    if ls.session.engine.status.state in LOADING and not ls.reports_loading:
        ls.reports_loading = True
        ls.spawn(_report_loading(ls))
    if ls.session.knowledge.status.state == "indexing" and not ls.reports_indexing:
        ls.reports_indexing = True
        ls.spawn(_report_indexing(ls))


def _announce(ls: Server) -> None:
    ls.announcement = None
    current = status_of(ls.session)
    if current == ls.announced:
        return
    ls.announced = current
    if ls.wants_status:
        ls.protocol.notify(DID_CHANGE_STATUS, current)
    _show_failure(ls)


def _show_failure(ls: Server) -> None:
    """In a window as well, once: most clients do not know our notification."""
    engine = ls.session.engine.status
    failure = engine.message if engine.state in FAILURES else ""
    if failure and failure != ls.shown_failure:
        logger.error("%s", failure)
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"copilot-lsp: {failure}"))
    ls.shown_failure = failure


async def _report_loading(ls: Server) -> None:
    session = ls.session
    try:
        loading = f"Loading {session.engine.status.model}"
        await _report(ls, loading, session.loaded, lambda: session.engine.status.message)
    finally:
        ls.reports_loading = False


async def _report_indexing(ls: Server) -> None:
    knowledge = ls.session.knowledge
    try:
        await _report(ls, "Indexing", knowledge.settled, lambda: knowledge.status.message)
    finally:
        ls.reports_indexing = False


async def _report(ls: Server, title: str, over: asyncio.Event, message: Callable[[], str]) -> None:
    """Progress until something is over, with its message; none for what takes no time."""
    window = ls.client_capabilities.window
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), PATIENCE_SECONDS)
    if over.is_set() or window is None or not window.work_done_progress:
        return
    progress, token = ls.work_done_progress, str(uuid.uuid4())
    try:
        await progress.create_async(token)
    except JsonRpcException as error:
        logger.warning("the client shows no progress: %s", error)
        return
    progress.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=False))
    while not over.is_set():
        progress.report(token, types.WorkDoneProgressReport(message=message()))
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), REPORT_SECONDS)
    progress.end(token, types.WorkDoneProgressEnd(message=message()))
