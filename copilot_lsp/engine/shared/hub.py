"""The hub: runs the engine process and passes messages between it and several servers.

It supervises the engine as a server does that has one of its own, so that one crash is one crash for all, and one
restart. It ends some seconds after the last client has left, and at once where the engine cannot be used.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from dataclasses import replace
from functools import partial

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, FinishReason, Piece
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.client import Reply
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared import access
from copilot_lsp.engine.shared.place import Rendezvous, read_card
from copilot_lsp.engine.shared.turns import Turn, Turns

log = logging.getLogger(__name__)

LINGER_SECONDS = 5.0
"""Seconds to stay after the last client has left, so that a restarted editor finds the model loaded.

Only if anything was asked: a server starts an engine before it knows its editor's settings, which may want another.
"""

FIRST_SECONDS = 30.0
"""For the first client to come."""

MAX_UNREAD_BYTES = 2**24
"""Maximum bytes of answers not read by a client; then it is disconnected."""


class Hub:
    """`ended` is set when the process should exit; `place` is cleared before that."""

    def __init__(self, engine: LocalEngine, place: Rendezvous, token: str, linger: float = LINGER_SECONDS) -> None:
        self.ended = asyncio.Event()
        self._engine = engine
        self._place = place
        self._token = token
        self._linger = linger
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._numbers = itertools.count(1)
        self._pongs = itertools.count(1)
        self._turns = Turns()
        self._is_used = False
        engine.subscribe(self._engine_changed)
        self._leaving = asyncio.get_running_loop().call_later(FIRST_SECONDS, self.end)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until it disconnects."""
        client = next(self._numbers)
        try:
            await access.admit(reader, writer, self._token)
            self._writers[client] = writer
            self._leaving.cancel()
            self._tell_state()
            self._end_if_useless()
            async for line in reader:
                self._take(client, wire.decode(line))
        except (OSError, ValueError) as error:  # gone, refused, or what it says is no message
            log.debug("client %d: %s", client, error)
        finally:
            writer.close()
            self._left(client)

    def end(self) -> None:
        """Become undiscoverable: the next server starts another hub, whose files we must not remove."""
        card = read_card(self._place)
        if not self.ended.is_set() and (card is None or card.token == self._token):
            self._place.clear()
        self.ended.set()

    async def close(self) -> None:
        """Give clients a moment to read the last messages."""
        for writer in self._writers.values():
            writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.gather(*(each.wait_closed() for each in self._writers.values()), return_exceptions=True)

    def _take(self, client: int, message: wire.Message) -> None:
        if isinstance(message, wire.Ask):
            self._ask(Turn(client, message.id, message.request))
        elif isinstance(message, wire.Cancel):
            self._cancel(client, message.id)
        elif isinstance(message, wire.Ping):
            self._send(client, wire.Pong(next(self._pongs)))  # The engine's own pulse is ours to watch.
        elif isinstance(message, wire.Forget):
            self._engine.drop(client)
        elif isinstance(message, wire.Discard):
            self.end()

    def _ask(self, turn: Turn) -> None:
        """If the engine is not ready, the client is told by a state already sent to it."""
        if self._engine.status.state is EngineState.READY:
            self._is_used = True
            self._turns.add(turn)
            self._begin()

    def _begin(self) -> None:
        while (turn := self._turns.next()) is not None:
            turn.asked = self._engine.ask(turn.request, partial(self._deliver, turn), turn.client)

    def _cancel(self, client: int, id: int) -> None:
        turn = self._turns.find(client, id)
        if turn is not None and turn.asked is not None:
            self._engine.cancel(turn.asked)
        elif turn is not None:
            self._turns.end(turn)
            self._send(client, wire.Finished(id, Done(FinishReason.CANCELLED)))

    def _deliver(self, turn: Turn, reply: Reply) -> None:
        if isinstance(reply, Piece):
            self._send(turn.client, wire.Delta(turn.id, reply.text, reply.so_far))
            return
        if isinstance(reply, Done):
            self._send(turn.client, wire.Finished(turn.id, reply))
        self._turns.end(turn)
        if self._engine.status.state is EngineState.READY:
            self._begin()

    def _left(self, client: int) -> None:
        """A client has left: drop everything of it."""
        if self._writers.pop(client, None) is None:
            return
        for turn in self._turns.of(client):
            self._cancel(client, turn.id)
        self._engine.drop(client)
        self._tell_state()
        if not self._writers:
            self._leaving = asyncio.get_running_loop().call_later(self._linger if self._is_used else 0, self.end)

    def _engine_changed(self, status: EngineStatus) -> None:
        if status.state is not EngineState.READY:
            self._turns.waiting.clear()
        self._end_if_useless()
        self._tell_state()

    def _end_if_useless(self) -> None:
        """Exit if the engine is unusable, once a client has been told why."""
        if self._engine.status.state is EngineState.FAILED and self._writers:
            self.end()

    def _tell_state(self) -> None:
        status = replace(self._engine.status, clients=len(self._writers))
        for client in list(self._writers):
            self._send(client, wire.State(status))

    def _send(self, client: int, message: wire.Message) -> None:
        if (writer := self._writers.get(client)) is not None and not writer.is_closing():
            writer.write(wire.encode(message))
            if writer.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
                writer.transport.abort()
