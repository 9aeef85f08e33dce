"""Stands between the editor and the real server, and writes down what they say to each other.

    recorder.py FOLDER PROGRAM ARGUMENT...

It runs PROGRAM with the arguments and passes on what goes in and out. For `serve` it writes FOLDER/PID.jsonl, with
PID the program's own: one line a message, {"at": seconds, "from": "client" | "server", "message": {...}}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def main() -> int:
    folder, program, *arguments = sys.argv[1:]
    if arguments[:1] != ["serve"]:
        return subprocess.run([program, *arguments], check=False).returncode
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        log = Log(Path(folder) / f"{server.pid}.jsonl")
        pairs = (("client", sys.stdin.buffer, server.stdin), ("server", server.stdout, sys.stdout.buffer))
        threads = [threading.Thread(target=pass_on, args=(log, *pair), daemon=True) for pair in pairs]
        for thread in threads:
            thread.start()
        threads[1].join()
        # At once: the other thread still waits for the client, which Python's own end would call a fatal error.
        os._exit(server.wait())


class Log:
    """Lines are whole whichever thread writes them."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def write(self, sender: str, body: bytes) -> None:
        line = json.dumps({"at": time.time(), "from": sender, "message": json.loads(body)})
        with self._lock:
            self._file.write(line + "\n")


def pass_on(log: Log, sender: str, source: BinaryIO, target: BinaryIO) -> None:
    try:
        for header, body in messages(source):
            target.write(header + body)
            target.flush()
            log.write(sender, body)
        target.close()
    except (BrokenPipeError, ValueError):
        pass  # The other side is gone.


def messages(source: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Header (with its empty line) and body of each message."""
    while line := source.readline():
        header = [line]
        while header[-1] not in (b"\r\n", b""):
            header.append(source.readline())
        length = next(int(each[15:]) for each in header if each.lower().startswith(b"content-length:"))
        yield b"".join(header), source.read(length)


if __name__ == "__main__":
    raise SystemExit(main())
