"""HTTP to one endpoint: pooled connections, API key, timeouts, and one-line errors.

Neither texts nor keys get into an error or a log: of what a server says only the status counts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import httpx2

from copilot_lsp import __version__
from copilot_lsp.endpoints import Endpoint, refusal
from copilot_lsp.engine.remote import keys, sse
from copilot_lsp.errors import RemoteFailed
from copilot_lsp.settings import RemoteSettings

CONNECT_SECONDS = 2.0
POOL = httpx2.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60)
LARGEST_ANSWER = 2**24
"""Bytes of an answer that is not a stream: the pieces of a long text's tokens."""

STATUS = {401: "refuses the key", 403: "refuses the key", 429: "is overloaded", 503: "is overloaded"}


class Refused(RemoteFailed):
    """The server rejected the request. `said` is for decisions, never for a message."""

    def __init__(self, status: int, said: str = "", retry_after: float = 0.0) -> None:
        super().__init__(f"{STATUS.get(status, 'answers with an error')} (HTTP {status})")
        self.status = status
        self.said = said
        self.retry_after = retry_after


class Connection:
    """`open` first. Every method raises RemoteFailed, also when nothing comes for `timeout_ms`."""

    def __init__(self, endpoint: Endpoint, settings: RemoteSettings) -> None:
        self.endpoint = endpoint
        self._settings = settings
        self._seconds = settings.timeout_ms / 1000
        self._client: httpx2.AsyncClient | None = None

    async def open(self) -> None:
        """Open the connection, reading the key again in case it has changed."""
        if reason := refusal(self.endpoint, self._settings.plain_http):
            raise RemoteFailed(reason)
        key = await keys.key_for(self.endpoint.host, self._settings.keys)
        await self.close()
        # Certificates are loaded from files.
        self._client = await asyncio.to_thread(self._make, key)

    async def get(self, path: str) -> dict[str, Any]:
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._ask("POST", path, body)

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a stream. Closing it closes the connection, which makes the server stop.

        A pooled connection may have been closed by the server: before the first event, one more is tried.
        """
        for last in (False, True):
            begun = False
            try:
                async with aclosing(self._events(path, body)) as stream:
                    async for event in self._in_time(stream):
                        begun = True
                        yield event
                return
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
                if begun or last:
                    raise RemoteFailed(reason(error)) from None
            except httpx2.HTTPError as error:
                raise RemoteFailed(reason(error)) from None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _make(self, key: str) -> httpx2.AsyncClient:
        """No redirects: they would send text elsewhere. A proxy of the environment is not asked for this machine."""
        headers = {"User-Agent": f"copilot-lsp/{__version__}", "Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return httpx2.AsyncClient(
            base_url=self.endpoint.url + "/",
            headers=headers,
            timeout=httpx2.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
            limits=POOL,
            trust_env=not self.endpoint.loopback,
        )

    @property
    def _open_client(self) -> httpx2.AsyncClient:
        if self._client is None:
            raise RemoteFailed("is not connected")
        return self._client

    async def _events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        async with self._open_client.stream("POST", path, content=encoded(body)) as response:
            await _check(response)
            async for event in sse.events(response.aiter_bytes()):
                yield event

    async def _in_time(self, stream: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[dict[str, Any], None]:
        """The timeout applies to events: a server could send comments forever."""
        while True:
            try:
                async with asyncio.timeout(self._seconds):
                    event = await anext(stream, None)
            except TimeoutError:
                raise RemoteFailed(f"did not answer for {self._seconds:g} s") from None
            if event is None:
                return
            yield event

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        content = None if body is None else encoded(body)
        for last in (False, True):
            try:
                async with asyncio.timeout(self._seconds):
                    async with self._open_client.stream(method, path, content=content) as response:
                        await _check(response)
                        return sse.parsed(await _body(response))
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
                if last:
                    raise RemoteFailed(reason(error)) from None
            except httpx2.HTTPError as error:
                raise RemoteFailed(reason(error)) from None
            except TimeoutError:
                raise RemoteFailed(f"did not answer for {self._seconds:g} s") from None
        raise AssertionError


def encoded(body: Mapping[str, Any]) -> bytes:
    """As JSON in ASCII; half a surrogate pair, which no UTF-8 can hold, becomes a question mark."""
    return json.dumps(_clean(body)).encode()


def _clean(value: Any) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


async def _check(response: httpx2.Response) -> None:
    """Raises Refused for any error status. Redirects count as errors."""
    if response.status_code != 200:
        said = (await _body(response, 2**16)).decode("utf-8", "replace")
        raise Refused(response.status_code, said, _seconds(response.headers.get("retry-after", "")))


async def _body(response: httpx2.Response, most: int = LARGEST_ANSWER) -> bytes:
    data = b""
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > most:
            raise RemoteFailed("sent an answer without an end")
    return data


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def reason(error: httpx2.HTTPError) -> str:
    """For a sentence that begins with the host's name."""
    if isinstance(error, httpx2.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx2.ConnectError):
        certificate = "certificate" in str(error).lower()
        return f"cannot be reached: {'its certificate is not trusted' if certificate else _short(error)}"
    if isinstance(error, httpx2.ProxyError):
        return "cannot be reached through the proxy"
    if isinstance(error, httpx2.DecodingError):
        return "sent a response that cannot be decompressed"
    return "closed the connection"


def _short(error: httpx2.HTTPError) -> str:
    return str(error).partition("\n")[0][:120] or "no connection"
