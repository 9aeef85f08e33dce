"""Checks of the surroundings: writable folders, the proxy for downloads, and editors with an old client."""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from copilot_lsp import __version__, folders
from copilot_lsp.doctor.check import Check, State

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT")
SCHEMES = ("http", "https", "socks4", "socks5", "socks5h")
CONNECT_SECONDS = 2.0

OLDEST = {"Neovim": "0.11", "Visual Studio Code": "1.91"}
"""Versions of editors that our clients need: editors/nvim/README.md, `engines` in editors/vscode/package.json."""

EXTENSIONS = (".vscode", ".vscode-server", ".vscode-insiders", ".vscode-oss", ".cursor", ".windsurf")
"""Folders in the user's home where editors of VS Code's kind keep extensions."""


@dataclass(frozen=True, slots=True)
class Client:
    """The editor at the other end, as it introduced itself; `inline`: it knows inline completion."""

    name: str
    version: str
    inline: bool


def of_surroundings(client: Client | None = None) -> list[Check]:
    return [_cache(folders.cache()), *_editors(client), *_proxies(os.environ), *_certificates(os.environ)]


def _cache(folder: Path) -> Check:
    """Whether something can be written there; folders that are not there yet are made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
    except OSError as error:
        why = f"{folder} cannot be written: {error.strerror}"
        to_do = "make it writable or free some space, or set XDG_CACHE_HOME: models and what was measured go there"
        return Check("cache folder", why, State.FAILED, to_do)
    return Check("cache folder", str(folder))


def _editors(client: Client | None) -> Iterator[Check]:
    if client is not None:
        yield _editor(client)
    for file in _extensions(Path.home()):
        version = _version_in(file)
        if version and _numbers(version) < _numbers(__version__):
            text = f"the extension {version} in {file.parents[1]} is older than this server ({__version__})"
            yield Check("editor", text, State.WARNING, "update the extension copilot-lsp in that editor")


def _editor(client: Client) -> Check:
    oldest = OLDEST.get(client.name, "")
    text = f"{client.name} {client.version}".strip()
    if oldest and client.version and _numbers(client.version) < _numbers(oldest):
        return Check("editor", f"{text} is too old: {oldest} is needed", State.FAILED, f"update {client.name}")
    how = "inline completion" if client.inline else "ordinary completion: it does not know inline completion"
    return Check("editor", f"{text}, {how}")


def _extensions(home: Path) -> list[Path]:
    found = (home.glob(f"{folder}/extensions/copilot-lsp.copilot-lsp-*/package.json") for folder in EXTENSIONS)
    return [newest for files in map(list, found) if (newest := max(files, key=_age, default=None))]


def _age(file: Path) -> tuple[int, ...]:
    """By version: editors leave older ones beside the one that they use."""
    return _numbers(_version_in(file))


def _version_in(file: Path) -> str:
    try:
        return str(json.loads(file.read_text("utf-8")).get("version", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\D*(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()


def _proxies(environment: Mapping[str, str]) -> Iterator[Check]:
    """Of what downloads go through; nothing is sent to it."""
    for variable in PROXIES:
        name = variable if environment.get(variable) else variable.lower()
        if address := environment.get(name, ""):
            why = _fault(address)
            to_do = f"correct or unset {name}, or downloads of models fail" if why else ""
            text = f"{name}: {_without_password(address)}"
            yield Check("proxy", f"{text}: {why}" if why else text, State.WARNING if why else State.OK, to_do)


def _fault(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    except ValueError as error:
        return f"is not an address ({error})"
    if parts.scheme not in SCHEMES or not host:
        return f"is not a proxy address: it must begin with {' or '.join(f'{each}://' for each in SCHEMES[:2])}"
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        return f"no answer ({error.strerror or error})"
    return ""


def _without_password(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//...@", address)


def _certificates(environment: Mapping[str, str]) -> Iterator[Check]:
    for name in CERTIFICATES:
        if (path := environment.get(name)) and not Path(path).exists():
            text = f"{name} names {path}, which is not there"
            yield Check("certificates", text, State.WARNING, f"correct or unset {name}, or downloads of models fail")
