"""What pygls does not do by itself: partial results, requests in message order, refusals, a clean end."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from copilot_lsp.server.session import Session

logger = logging.getLogger(__name__)

Token = str | int


class Protocol(LanguageServerProtocol):
    """`stopped` is set by the `exit` notification; `exit_code` is then what the specification asks for.

    Once the client is `gone` nothing more is sent.
    """

    # pygls would keep documents of its own: slow on long ones, and with other line ends than the
    # specification's. Without these our handlers are called directly.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        self.stopped = threading.Event()
        self.gone = False
        self.knows_inline_completion = False
        self._partial_tokens: dict[Token, Token] = {}
        super().__init__(*arguments, **options)

    @property
    def exit_code(self) -> int:
        return 0 if self._shutdown else 1

    def take_partial_token(self) -> Token | None:
        """The partialResultToken of the request being handled; to be called before the first await."""
        return self._partial_tokens.pop(self.msg_id or "", None)

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401
        """Reads what lsprotocol drops. Nested objects come here before, and pass as they are."""
        method = data.get("method") if "jsonrpc" in data else None
        if method is None:
            return super().structure_message(data)
        params = data.setdefault("params", None)  # pygls fails without, on methods of ours
        if method == types.INITIALIZE and params:
            self.knows_inline_completion = _names_inline_completion(params)
        if method == types.TEXT_DOCUMENT_INLINE_COMPLETION and params and "partialResultToken" in params:
            self._partial_tokens[data.get("id", "")] = params["partialResultToken"]
        return super().structure_message(data)

    def handle_message(self, message: Any) -> None:  # noqa: ANN401
        error = self._refusal(message)
        if error is None:
            super().handle_message(message)
        elif hasattr(message, "id"):
            self._send_response(message.id, error=error)

    def _send_data(self, data: Any) -> None:  # noqa: ANN401
        if not self.gone:
            super()._send_data(data)

    def _refusal(self, message: Any) -> types.ResponseError | None:  # noqa: ANN401
        """The specification's rules on what may come when; pygls leaves such requests without an answer."""
        method = getattr(message, "method", None)
        if method in (None, types.EXIT):
            return None
        if self._shutdown:
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "the server is shut down")
        if (self._workspace is None) is (method != types.INITIALIZE):
            started = self._workspace is not None
            code = types.ErrorCodes.InvalidRequest if started else types.ErrorCodes.ServerNotInitialized
            return types.ResponseError(code, f"the server is {'already' if started else 'not'} initialized")
        return None

    def _execute_handler(
        self,
        msg_id: Token,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """A handler may return a coroutine: what it does before is done at once, in message order.

        An `async` handler begins on the next turn of the loop, when a change that came in the same packet has
        been applied already. The coroutine is a task that `$/cancelRequest` cancels.
        """

        def settle(future: Future[Any]) -> None:
            if future.cancelled() or future.exception() or not asyncio.iscoroutine(future.result()):
                callback(future)
            else:
                task: Any = asyncio.ensure_future(future.result())
                self._request_futures[msg_id] = task
                task.add_done_callback(callback)

        super()._execute_handler(msg_id, handler, settle, args, kwargs)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """pygls' own ends the process from inside a callback, and loses the exit code."""
        self.stopped.set()


class Server(LanguageServer):
    """What handlers get as `ls`: our session, and what the client was told so far."""

    protocol: Protocol

    def __init__(self, session: Session, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        self.session = session
        self.problems: tuple[str, ...] = ()
        self.unknown_options: set[str] = set()
        self.configuration_turn = object()
        self.wants_status = False
        self.announced: dict[str, object] = {}
        self.announcement: asyncio.TimerHandle | None = None
        self.reports_loading = False
        self.shown_failure = ""
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(*arguments, protocol_cls=Protocol, **options)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside the handlers; an exception is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ANN401
        """To the log, and not into a window. A request's error is its answer, and pygls logs that."""
        if source is FeatureNotificationError:
            logger.exception("a notification could not be handled")


def _names_inline_completion(params: dict[str, Any]) -> bool:
    """Whether the client knows inline completion; `{}` and null, which lsp-mode sends, say so too."""
    capabilities = params.get("capabilities") or {}
    return "inlineCompletion" in (capabilities.get("textDocument") or {})
