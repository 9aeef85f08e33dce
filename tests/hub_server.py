"""A server that speaks the hub's protocol as far as downloads go, and misbehaves as told."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = "127.0.0.1"
CDN = "localhost"
"""The same machine under two names: the hub sends its clients elsewhere for the content."""


@dataclass
class HubServer:
    """`refuse` holds the status codes of the next answers, `cuts` how many bytes the next contents have at most.

    `asked`: method, path and the range asked for. `tokens`: the authorization of each, by host.
    """

    content: bytes
    refuse: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    piece: int = 1 << 16
    pause: float = 0.0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://{HUB}:{self.port}"

    @property
    def contents(self) -> list[str]:
        """The ranges of the requests for content."""
        return [wanted for method, path, wanted in self.asked if method == "GET" and path.startswith("/cdn/")]


@contextmanager
def serving(content: bytes) -> Iterator[HubServer]:
    state = HubServer(content)
    httpd = ThreadingHTTPServer((HUB, 0), _handler(state))
    state.port = httpd.server_port
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def _handler(state: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append((self.command, self.path, wanted))
            state.tokens.append((self.headers.get("Host", ""), self.headers.get("Authorization", "")))
            if state.refuse:
                self._status(state.refuse.pop(0))
            elif "/resolve/" in self.path:
                self._redirect()
            elif self.path.partition("?")[0] == "/cdn/model.gguf":
                self._content(wanted, body)
            else:
                self._status(404)

        def _status(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            if code == 401:
                self.send_header("X-Error-Code", "GatedRepo")
            self.end_headers()

        def _redirect(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"http://{CDN}:{state.port}/cdn/model.gguf")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Size", str(len(state.content)))
            self.send_header("X-Linked-ETag", '"etag"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _content(self, wanted: str, body: bool) -> None:
            found = re.fullmatch(r"bytes=(\d+)-", wanted)
            start = int(found[1]) if found and state.ranges else 0
            if start and start >= len(state.content):
                self._status(416)
                return
            data = state.content[start:]
            self.send_response(206 if found and state.ranges else 200)
            if found and state.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(state.content) - 1}/{len(state.content)}")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", '"etag"')
            self.end_headers()
            if body:
                self._send(data)

        def _send(self, data: bytes) -> None:
            end = state.cuts.pop(0) if state.cuts else len(data)
            for at in range(0, min(end, len(data)), state.piece):
                self.wfile.write(data[at : min(at + state.piece, end)])
                if state.pause:
                    threading.Event().wait(state.pause)
            if end < len(data):
                self.close_connection = True

    return Handler
