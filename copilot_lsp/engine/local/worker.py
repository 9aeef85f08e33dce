"""The engine process: reads requests from standard input, decodes one at a time, writes text to standard output.

Started by `copilot_lsp/launch.py`. It ends when its standard input does, whatever it is doing, so it never outlives
the process that started it.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.local import wire
from copilot_lsp.errors import ModelError
from copilot_lsp.models import gguf

try:
    from copilot_lsp.engine.local import decode, kv, windows
    from copilot_lsp.engine.local.llama import Aborted, Llama, ModelParams, silence_log, template_of
    from copilot_lsp.engine.local.vocabulary import LlamaVocabulary
except (ImportError, OSError, RuntimeError, AttributeError) as error:  # no llama_cpp, or its library is another
    IMPORT_ERROR = f"llama-cpp-python cannot be used: {error}; see `copilot-lsp doctor`"
else:
    IMPORT_ERROR = ""


class Outbox:
    """Writes messages to what was standard output; from any thread.

    llama.cpp and its backends may print: file descriptor 1 is pointed at standard error, out of the way.
    """

    def __init__(self) -> None:
        self._stream: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, message: wire.Message) -> None:
        with self._lock:
            self._stream.write(wire.encode(message))
            self._stream.flush()


class Inbox:
    """The waiting requests, filled by a separate thread so that a cancel is seen while a batch is evaluated."""

    def __init__(self, send: Callable[[wire.Message], None]) -> None:
        self.llama: Llama | None = None
        """None while it loads."""
        self._send = send
        self._waiting: deque[wire.Ask] = deque()
        self._forgets: deque[wire.Forget] = deque()
        self._current: wire.Ask | None = None
        self._filled = threading.Condition()

    def read(self, stream: BinaryIO) -> None:
        """Until the end of `stream`; then the process is not wanted any more."""
        for line in stream:
            message = wire.decode(line)
            with self._filled:
                if isinstance(message, wire.Ask):
                    self._add(message)
                elif isinstance(message, wire.Cancel):
                    self._cancel(message.id)
                elif isinstance(message, wire.Forget):
                    self._forgets.append(message)
                    self._filled.notify()
            if isinstance(message, wire.Ping):
                self._send(wire.Pong(self.llama.evaluations if self.llama else 0))
        os._exit(0)

    def take(self, clear_abort: Callable[[], None]) -> wire.Ask | wire.Forget:
        """Wait for the next request, background ones last; earlier aborts are cleared."""
        with self._filled:
            self._current = None
            self._filled.wait_for(lambda: self._forgets or self._waiting)
            if self._forgets:
                return self._forgets.popleft()
            chosen = next((ask for ask in self._waiting if not ask.request.background), self._waiting[0])
            self._waiting.remove(chosen)
            self._current = chosen
            clear_abort()
            return chosen

    def _add(self, ask: wire.Ask) -> None:
        self._waiting.append(ask)
        self._filled.notify()
        if self._current and self._current.request.background and not ask.request.background:
            self._abort()

    def _abort(self) -> None:
        if self.llama is not None:
            self.llama.abort()

    def _cancel(self, id: int) -> None:
        if self._current and self._current.id == id:
            if self.llama is not None:
                self.llama.stop()
            return
        for ask in [ask for ask in self._waiting if ask.id == id]:
            self._waiting.remove(ask)
            self._send(wire.Finished(id, Done(FinishReason.CANCELLED)))


class Worker:
    """A loaded model with all that turns a request into text."""

    def __init__(self, start: wire.Start, send: Callable[[wire.Message], None]) -> None:
        """Loads and tests; raises ModelError. A wrongly compiled llama.cpp ends the process here."""
        gguf.read(Path(start.model))
        context = windows.wanted(start.context, start.max_tokens)
        params = ModelParams(Path(start.model), context, start.engine, start.safe)
        self.llama = Llama(params, lambda fraction: send(wire.Loading(fraction)))
        self.vocabulary = LlamaVocabulary(self.llama.vocabulary)
        self.template = template_of(self.llama, self.vocabulary)
        self.slots = kv.Slots(start.engine.sequences)
        self.drafts = start.engine.draft_tokens if start.engine.speculative else 0
        self.send = send
        self.test_ms = self.llama.self_test()
        self.budget = windows.whole(start.context, self.llama.context_size - start.max_tokens - windows.MARGIN)
        self.batch = windows.batch(self.llama.prefill_ms, start.engine.batch)
        self.quick = windows.quick(self.budget, self.llama.prefill_ms, start.context.cold_ms)

    def details(self) -> dict[str, str | int | float | bool]:
        template = self.template
        return {
            **self.llama.describe(),
            "name": self.llama.metadata("general.name"),
            "licence": self.llama.metadata("general.license"),
            "template": template.name,
            "layout": " ".join(template.layout),
            "fills": template.fills,
            "self_test_ms": round(self.test_ms, 1),
            "batch": self.batch,
            "prefill_ms": round(self.llama.prefill_ms, 2),
            "window": f"{self.budget.prefix} + {self.budget.suffix} tokens",
            "quick_window": f"{self.quick.prefix} + {self.quick.suffix} tokens",
        }

    def do(self, message: wire.Ask | wire.Forget) -> None:
        if isinstance(message, wire.Ask):
            self.answer(message)
        else:
            self.slots.forget(self.llama, message.client)

    def answer(self, ask: wire.Ask) -> None:
        work = self._work(ask.request, ask.client)
        try:
            for item in decode.generate(self.llama, self.vocabulary, self.template, work, self.drafts):
                # A cancel may have come just as the prompt was done, when `stop` still thought of its batch.
                if self.llama.stopping or self.llama.aborted:
                    raise Aborted
                if isinstance(item, Piece):
                    self.send(wire.Delta(ask.id, item.text, item.so_far))
                else:
                    self.send(wire.Finished(ask.id, item))
        except Aborted:
            self.send(wire.Finished(ask.id, work.done(FinishReason.CANCELLED)))

    def _work(self, request: InfillRequest, client: int) -> decode.Work:
        budget = self.quick if request.quick else self.budget
        prompt = fim.build(self.vocabulary, self.template, request, budget)
        slot = self.slots.take(self.llama, request.document, prompt.tokens, client)
        return decode.Work(
            request, prompt, slot, self.batch, self.vocabulary.shown(prompt.tokens) if request.echo else ""
        )


def main() -> None:
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the process that started this one
    outbox = Outbox()
    start = wire.decode(sys.stdin.buffer.readline())
    if not isinstance(start, wire.Start):
        sys.exit("the engine process is started by copilot-lsp, not by hand")
    if IMPORT_ERROR:
        outbox.send(wire.Unusable(IMPORT_ERROR))
        return
    inbox = Inbox(outbox.send)
    threading.Thread(target=inbox.read, args=(sys.stdin.buffer,), daemon=True).start()
    silence_log()
    try:
        worker = Worker(start, outbox.send)
    except ModelError as error:
        outbox.send(wire.Unusable(str(error)))
        return
    except Exception as error:
        traceback.print_exc()
        outbox.send(wire.Unusable(f"{start.model} cannot be loaded: {type(error).__name__}: {error}"))
        return
    inbox.llama = worker.llama
    outbox.send(wire.Ready(worker.details()))
    while True:
        worker.do(inbox.take(worker.llama.clear_abort))


if __name__ == "__main__":
    main()
