"""Work-done progress of a command: with the client's token, or with one of ours where the client can show it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from copilot_lsp.server.protocol import Server, Token


class Progress:
    """`cancelled` is called when the user presses Cancel. Without a token nothing is told."""

    def __init__(self, ls: Server, token: Token | None, title: str, cancelled: Callable[[], object]) -> None:
        self._ls, self._token, self._percentage = ls, token, 0
        if token is None:
            return
        begin = types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0)
        ls.work_done_progress.begin(token, begin)
        ls.work_done_progress.tokens[token].add_done_callback(_if_cancelled(cancelled))

    def report(self, percentage: int, message: str) -> None:
        """The percentage never falls: clients may ignore one that does."""
        if self._token is not None:
            self._percentage = max(self._percentage, percentage)
            self._ls.work_done_progress.report(
                self._token, types.WorkDoneProgressReport(percentage=self._percentage, message=message)
            )

    def end(self, message: str) -> None:
        if self._token is not None:
            self._ls.work_done_progress.tokens.pop(self._token, None)
            self._ls.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))


async def token_of(ls: Server, given: Token | None) -> Token | None:
    """`given`, or a new one that the client has agreed to; None for a client that shows no progress."""
    window = ls.client_capabilities.window
    if given is not None or window is None or not window.work_done_progress:
        return given
    token = str(uuid.uuid4())
    with suppress(JsonRpcException):
        await ls.work_done_progress.create_async(token)
        return token
    return None


def _if_cancelled(callback: Callable[[], object]) -> Callable[[Future[None]], object]:
    return lambda future: callback() if future.cancelled() else None
