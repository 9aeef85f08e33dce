"""A program in the place of the engine process: speaks the same messages, has no model.

Arguments: what to do wrong. `crash-unsafe` dies by SIGSEGV while it loads unless safe mode is on; `unusable` says so;
`never-ready` answers pings for ever; `stuck` does so once it has a request; `babble` says what is no message.
A prefix of `die` makes it kill itself, one of `slow` never finishes by itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from copilot_lsp.engine.base import Done, FinishReason
from copilot_lsp.engine.local import wire

out = sys.stdout.buffer
lock = threading.Lock()


def send(message: wire.Message) -> None:
    with lock:
        out.write(wire.encode(message))
        out.flush()


start = wire.decode(sys.stdin.buffer.readline())
assert isinstance(start, wire.Start)
if "crash-unsafe" in sys.argv and not start.safe:
    os.kill(os.getpid(), signal.SIGSEGV)
if "unusable" in sys.argv:
    send(wire.Unusable("this model is no model"))
    sys.exit()
if "never-ready" in sys.argv:
    for _ in sys.stdin.buffer:
        send(wire.Pong(0))
    sys.exit()
if "babble" in sys.argv:
    out.write(b"WARNING: something prints here\n")
    out.flush()
send(wire.Loading(0.5))
send(wire.Ready({"template": "toy"}))
for line in sys.stdin.buffer:
    message = wire.decode(line)
    if isinstance(message, wire.Cancel):
        send(wire.Finished(message.id, Done(FinishReason.CANCELLED)))
    elif isinstance(message, wire.Ping):
        send(wire.Pong(7))
    elif isinstance(message, wire.Ask) and "stuck" not in sys.argv:
        if message.request.prefix == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        send(wire.Delta(message.id, message.request.prefix.upper(), Done(FinishReason.CANCELLED, generated=1)))
        if message.request.prefix != "slow":
            send(wire.Finished(message.id, Done(FinishReason.EOG, generated=1)))
