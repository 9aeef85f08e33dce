"""The index process: keeps one index up to date with the disk and with an editor's buffers.

One JSON object a line, over its standard input and output:

    to it     {"index", "roots", "exclude", "include", "poll"}   what to index, first and again when that has changed
              {"buffers": {path: text or null}}                  open documents; null: closed
              {"changed": [path, ...]}                           what may be different on the disk; []: anything
    from it   {"done", "total"}                                  while it reads files
              {"files", "symbols", "bytes"}                      up to date, as far as it knows
              {"failed": reason}

Without a message for `poll` seconds it looks at all files again. The end of its standard input is its end.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.update import Scope, refresh, update

Message = dict[str, Any]

NICENESS = 10
"""Whoever types comes first."""

REPORT_SECONDS = 0.2


class Keeper:
    """`everything`: all files are to be looked at; `changed`: those that are, else."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._index: Path | None = None
        self._database: sqlite3.Connection | None = None
        self._scope = Scope(())
        self._buffers: dict[str, str] = {}
        self._changed: dict[str, None] = {}
        self._everything = False
        self._reported = 0.0
        self.poll: float | None = None

    def take(self, message: Message) -> None:
        if "index" in message:
            self._open(Path(message["index"]))
            self._scope = Scope(*(tuple(message[part]) for part in ("roots", "exclude", "include")))
            self.poll, self._everything = message["poll"], True
        for path, text in message.get("buffers", {}).items():
            self._changed[path] = None
            if text is None:
                self._buffers.pop(path, None)
            else:
                self._buffers[path] = text
        self._changed |= dict.fromkeys(message.get("changed", ()))
        self._everything |= message.get("changed") == []

    def work(self, inbox: queue.Queue[Message]) -> None:
        """Until all is done, or a message comes that may change what is to be done."""
        if self._index is None:
            return
        try:
            if self._database is None:
                self._database, self._everything = store.open_to_write(self._index), True
            if self._everything:
                for progress in update(self._database, self._scope, self._buffers):
                    self._report({"done": progress.done, "total": progress.total})
                    if not inbox.empty():
                        return
            else:
                refresh(self._database, self._scope, self._changed, self._buffers)
            self._everything, self._changed = False, {}
            store.compact(self._database)
            self._send(dict(store.counts(self._database)))
        except (OSError, sqlite3.Error) as error:
            self._close()
            self._send({"failed": f"the index {self._index} cannot be written: {error}"})

    def _open(self, index: Path) -> None:
        if index != self._index:
            self._close()
            self._index = index

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _report(self, message: Message) -> None:
        if time.monotonic() - self._reported > REPORT_SECONDS:
            self._reported = time.monotonic()
            self._send(message)

    def _send(self, message: Message) -> None:
        self._output.write(json.dumps(message) + "\n")
        self._output.flush()


def run(inbox: queue.Queue[Message], keeper: Keeper) -> None:
    while True:
        try:
            keeper.take(inbox.get(timeout=keeper.poll))
            while not inbox.empty():
                keeper.take(inbox.get())
        except queue.Empty:
            keeper.take({"changed": []})
        keeper.work(inbox)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the process that started this one
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    inbox: queue.Queue[Message] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            inbox.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    run(inbox, Keeper(sys.stdout))
