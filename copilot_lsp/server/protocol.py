"""What pygls lacks: answers to invalid messages, partial results, message order, a clean shutdown."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

import attrs
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import FeatureNotificationError, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)
from pygls.protocol.language_server import _prepare_command_arguments

from copilot_lsp.server import reading
from copilot_lsp.server.reading import Unreadable
from copilot_lsp.server.session import Session
from copilot_lsp.source.text import PositionEncoding

logger = logging.getLogger(__name__)

Token = str | int


class Protocol(LanguageServerProtocol):
    """`stopped` is set by the `exit` notification; `exit_code` is then what the specification asks for.

    Once the client is `gone` nothing more is sent.
    """

    _server: Server

    # pygls would keep documents and folders of its own: slow on long documents, with other line ends than the
    # specification's, and with exceptions for some URIs. Without these our handlers are called directly.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]
    lsp_workspace__did_change_workspace_folders = None  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        self.stopped = threading.Event()
        self.gone = False
        self.initialized = False
        self.position_encoding: PositionEncoding = "utf-16"
        self.knows_inline_completion = False
        self._sending: Any = None
        self._partial_token: Token | None = None
        self._work_done_token: Token | None = None
        super().__init__(*arguments, **options)

    @property
    def exit_code(self) -> int:
        return 0 if self._shutdown else 1

    def take_partial_token(self) -> Token | None:
        """The partialResultToken of the request being handled; to be called before the first await."""
        token, self._partial_token = self._partial_token, None
        return token

    def take_work_done_token(self) -> Token | None:
        """The workDoneToken of the command being handled; to be called before the first await."""
        token, self._work_done_token = self._work_done_token, None
        return token

    def receive(self, body: bytes) -> None:
        """Handle one message of any kind: requests are always answered, and nothing is raised."""
        try:
            message = reading.parse(body)
        except ValueError as error:
            logger.warning("a message of %d bytes is not JSON", len(body))
            self.refuse(reading.id_at_head(body), types.ErrorCodes.ParseError, f"not JSON: {error}")
            return
        id = message.get("id") if isinstance(message, dict) else None
        try:
            self._receive(message, id)
        except Unreadable as error:
            self.refuse(id, types.ErrorCodes.InvalidParams, str(error))
        except Exception:
            logger.exception("a message could not be handled")
            self.refuse(id, types.ErrorCodes.InternalError, "the message could not be handled; see the server's log")

    def refuse(self, id: object, code: types.ErrorCodes, reason: str) -> None:
        """Answer with an error; the id is null if it is unknown."""
        self._send_data(
            {
                "jsonrpc": self.VERSION,
                "id": id if reading.is_id(id) else None,
                "error": {"code": code.value, "message": reason},
            }
        )

    def _receive(self, message: Any, id: object) -> None:  # noqa: ANN401
        """Raises Unreadable for parameters of a request that cannot be read."""
        if reason := reading.no_message(message):
            self.refuse(id, types.ErrorCodes.InvalidRequest, reason)
        elif "method" not in message:
            self._take_answer(message)
        elif error := self._refusal(message["method"]):
            if id is not None:
                self.refuse(id, types.ErrorCodes(error.code), error.message)
        elif id is not None:
            self._request(message)
        else:
            self._notification(message)

    def _request(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params")
        kind = self.get_message_type(method) or JsonRPCRequestMessage
        if "id" not in attrs.fields_dict(kind):
            self.refuse(message["id"], types.ErrorCodes.InvalidRequest, f"{method} is a notification: it has no id")
            return
        request = self._converter.structure({**message, "params": params}, kind)
        sent = params if isinstance(params, dict) else {}
        if method == types.INITIALIZE:
            self.knows_inline_completion = reading.names_inline_completion(sent)
        token = sent.get("partialResultToken")
        self._partial_token = token if reading.is_id(token) else None
        self.handle_message(request)

    def _notification(self, message: dict[str, Any]) -> None:
        """An invalid notification is ignored; an invalid change invalidates its document."""
        method, params = message["method"], message.get("params")
        message = {"jsonrpc": self.VERSION, "method": method, "params": params}
        try:
            self.handle_message(
                self._converter.structure(message, self.get_message_type(method) or JsonRPCNotification)
            )
        except Unreadable as error:
            logger.warning("%s cannot be read: %s", method, error)
            uri = reading.value_at(params, "textDocument", "uri")
            if method == types.TEXT_DOCUMENT_DID_CHANGE and isinstance(uri, str):
                self._server.session.close_document(uri)

    def _take_answer(self, message: dict[str, Any]) -> None:
        """The answer to a request of ours. An invalid one counts as an error, so that nobody waits forever."""
        id = message.get("id")
        if not reading.is_id(id) or id not in self._result_types:
            logger.warning("an answer to nothing that was asked")
            return
        kind = self._result_types.pop(id) or JsonRPCResponseMessage
        error = message.get("error")
        try:
            answer = self._converter.structure({"result": None, **message}, kind) if error is None else None
            problem = None if error is None else reading.problem(error)
        except Unreadable as unreadable:
            answer, problem = None, types.ResponseError(types.ErrorCodes.InternalError, str(unreadable))
        with suppress(InvalidStateError):  # nobody waits any more
            self._handle_response(id, answer and answer.result, problem)

    def _send_data(self, data: Any) -> None:  # noqa: ANN401
        if not self.gone:
            self._sending = data
            super()._send_data(data)

    def refuse_unsayable(self) -> None:
        """An error in place of the answer that could not be written as JSON, which pygls only logs."""
        if hasattr(self._sending, "result"):
            self.refuse(self._sending.id, types.ErrorCodes.InternalError, "the answer could not be written as JSON")

    def _refusal(self, method: str) -> types.ResponseError | None:
        """The specification's rules on what may come when; pygls leaves such requests without an answer."""
        if method == types.EXIT:
            return None
        if self._shutdown:
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "the server is shut down")
        if self.initialized is (method == types.INITIALIZE):
            code = types.ErrorCodes.InvalidRequest if self.initialized else types.ErrorCodes.ServerNotInitialized
            return types.ResponseError(code, f"the server is {'already' if self.initialized else 'not'} initialized")
        return None

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> types.InitializeResult:  # type: ignore[override]
        """As pygls' own, without its workspace."""
        self._server.process_id = params.process_id
        self.client_capabilities = params.capabilities
        self.position_encoding = reading.position_encoding(params.capabilities)
        self.fm.features[types.INITIALIZE](params)
        builder = ServerCapabilitiesBuilder(
            params.capabilities,
            {*self.fm.features, *self.fm.builtin_features},
            self.fm.feature_options,
            list(self.fm.commands),
            types.TextDocumentSyncKind.Incremental,
            self._server._notebook_document_sync,
            self.position_encoding,
        )
        self.server_capabilities = builder.build()  # type: ignore[no-untyped-call]
        self.initialized = True
        return types.InitializeResult(self.server_capabilities, self.server_info)

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

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # noqa: ANN401
        """As pygls' own, whose command a `$/cancelRequest` does not reach, and which drops the workDoneToken."""
        if (handler := self.fm.commands.get(params.command)) is None:
            raise JsonRpcInvalidParams.of(ValueError(f"there is no command {params.command!r}"))
        try:
            arguments, named = _prepare_command_arguments(handler, params, self._converter)
        except Exception as error:
            raise JsonRpcInvalidParams.of(error) from None
        self._work_done_token = params.work_done_token
        return handler(*arguments, **named)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """pygls' own ends the process from inside a callback, and loses the exit code."""
        self.stopped.set()


class Server(LanguageServer):
    """The `ls` of handlers: our session, and what the client has been told."""

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
        self.reports_indexing = False
        self.greeted = False
        self.shown_failure = ""
        self.pulling: list[str] = []
        self.trimming: list[str] = []
        self.client: types.ClientInfo | None = None
        self.may_ask = False
        self.asked_hosts: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(*arguments, protocol_cls=Protocol, converter_factory=reading.converter, **options)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; exceptions are logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ANN401
        """To the log, and not into a window. A request's error is its answer, and pygls logs that."""
        if source is JsonRpcInternalError:  # something could not be sent
            self.protocol.refuse_unsayable()
        if source is FeatureNotificationError:
            logger.exception("a notification could not be handled")
