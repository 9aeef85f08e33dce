"""Addresses: only those of this machine."""

import os
import subprocess
import sys

import pytest

from copilot_lsp.errors import UsageError
from copilot_lsp.server.parent import is_alive
from copilot_lsp.server.transport import LOCAL_ORIGIN, Address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8765", Address("127.0.0.1", 8765)),
        ("127.0.0.2:0", Address("127.0.0.2", 0)),
        ("localhost:1", Address("127.0.0.1", 1)),
        ("[::1]:65535", Address("::1", 65535)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text", ["8765", ":8765", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "a b:1", ""]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="write HOST:PORT"):
        parse_address(text)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "[::]", "example.org"])
def test_hosts_that_others_reach(host: str) -> None:
    with pytest.raises(UsageError, match=r"only this machine may connect, use 127\.0\.0\.1:80"):
        parse_address(f"{host}:80")


@pytest.mark.parametrize(
    ("origin", "local"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:80", True),
        ("http://localhost.evil.example", False),
        ("http://evil.example", False),
    ],
)
def test_origins_of_pages(origin: str, local: bool) -> None:
    assert bool(LOCAL_ORIGIN.fullmatch(origin)) is local


def test_whether_a_process_is_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert is_alive(os.getpid())
    assert not is_alive(child.pid)
    assert not is_alive(0)
    assert not is_alive(2**70)
