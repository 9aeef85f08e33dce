"""The syntax of remote engines and their keys, parsed strictly.

Nothing here opens a connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from copilot_lsp.settings import RemoteSettings

Kind = Literal["llama-server", "openai"]
KeyKind = Literal["env", "file", "command"]

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` has no slash at its end. `host` is what the user is asked about: with the port, unless it is the scheme's.

    `kind` follows from the path: OpenAI's clients write their base URL with `/v1` at its end, llama-server's do not.
    """

    url: str
    host: str
    kind: Kind
    encrypted: bool
    loopback: bool


def parse(text: str) -> Endpoint:
    """Raises ValueError that says what is wrong; the text is not repeated in it, as it may hold a password."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError("it is not a URL") from None
    name = (parts.hostname or "").rstrip(".")
    if parts.scheme not in DEFAULT_PORTS or not name or any(each.isspace() for each in text.strip()):
        raise ValueError("it is not an http:// or https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL must not hold a user or a key: see remote.keys")
    if parts.query or parts.fragment:
        raise ValueError("a URL must not have anything after its path")
    shown = f"[{name}]" if ":" in name else name
    host = shown if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
    path = parts.path.rstrip("/")
    kind: Kind = "openai" if path.endswith("/v1") else "llama-server"
    return Endpoint(f"{parts.scheme}://{host}{path}", host, kind, parts.scheme == "https", is_loopback(name))


def is_url(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Whether this is what `Endpoint.host` may be."""
    return is_url(f"https://{text}") and not urlsplit(f"//{text}").path


def is_loopback(name: str) -> bool:
    """Whether this is the local machine; names other than `localhost` may resolve to any."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def refusal(endpoint: Endpoint, plain_http: tuple[str, ...]) -> str:
    """Why no text may be sent there (unencrypted HTTP), "" if it may."""
    if endpoint.encrypted or endpoint.loopback or endpoint.host in plain_http:
        return ""
    what = f"{endpoint.host} would be contacted over plain HTTP"
    return f"{what}: use https://, or add it to remote.plainHttp in your own file"


def divided(urls: Iterable[str], allowed: Iterable[str]) -> tuple[list[Endpoint], list[str]]:
    """The endpoints that the user has allowed, and the hosts of the others, to which nothing is sent."""
    known = {host.lower() for host in allowed}
    endpoints = [parse(url) for url in urls]
    others = dict.fromkeys(each.host for each in endpoints if each.host not in known)
    return [each for each in endpoints if each.host in known], list(others)


def not_allowed(remote: RemoteSettings) -> list[str]:
    """The hosts of endpoints that are configured and that the user has not allowed."""
    return divided(remote.endpoints, remote.allowed)[1]


@dataclass(frozen=True, slots=True)
class KeySource:
    """The key for `host` is in an environment variable, a file, or printed by a command (no shell)."""

    host: str
    kind: KeyKind
    value: str


def parse_key(text: str) -> KeySource:
    """`HOST env:NAME`, `HOST file:PATH` or `HOST command:WORDS`. Raises ValueError."""
    host, _, source = text.strip().partition(" ")
    kind, colon, value = source.strip().partition(":")
    if not (host and colon and value.strip()) or kind not in get_args(KeyKind):
        raise ValueError("it is not HOST env:NAME, HOST file:PATH or HOST command:WORDS")
    return KeySource(host.lower(), cast(KeyKind, kind), value.strip())


def is_key(text: str) -> bool:
    try:
        parse_key(text)
    except ValueError:
        return False
    return True
