"""Messages out of bytes, however the headers are written and wherever the packets end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_lsp.server.framing import HEAD_BYTES, MAX_HEADER_BYTES, Frames, Unreadable

BODY = b'{"jsonrpc":"2.0","id":1,"method":"x"}'
GOOD = b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def read(data: bytes, limit: int = 10_000) -> list[bytes | Unreadable]:
    return list(Frames(limit).feed(data))


@pytest.mark.parametrize(
    "header",
    [
        "Content-Length: {}\r\n\r\n",
        "content-length: {}\r\n\r\n",
        "CONTENT-LENGTH:{}\r\n\r\n",
        "Content-Length:{}\n\n",
        "Content-Length \t:\t {} \r\n\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH:{}\r\n\r\n",
        "Content-Length: {}\r\nX-Other:\r\n\r\n",
        "\r\n\r\nContent-Length: {}\r\n\r\n",
    ],
)
def test_headers_that_say_the_same(header: str) -> None:
    data = header.format(len(BODY)).encode() + BODY
    assert read(data + data) == [BODY, BODY]
    by_bytes = Frames()
    assert [frame for at in range(len(data)) for frame in by_bytes.feed(data[at : at + 1])] == [BODY]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Content-Length: many\r\n\r\n" + BODY, "a Content-Length that can be read: 'Content-Length: many'"),
        (b"Content-Length: -5\r\n\r\n" + BODY, "a Content-Length that can be read: 'Content-Length: -5'"),
        (b"Content-Length: 5000000000\r\n\r\n" + BODY, "a Content-Length that can be read"),
        (b"X: y\r\n\r\n" + BODY, "a Content-Length that can be read: 8 bytes"),
        (BODY, "bytes between two messages: 59 bytes"),
    ],
)
def test_what_is_no_header_is_reported_once_and_skipped(data: bytes, reason: str) -> None:
    first, *others = read(data + GOOD + GOOD)
    assert isinstance(first, Unreadable)
    assert reason in first.reason
    assert others == [BODY, BODY]


def test_a_header_that_does_not_end_is_not_kept_for_ever() -> None:
    frames, garbage = Frames(), b"\x00\xff" * MAX_HEADER_BYTES
    found = [frame for _ in range(50) for frame in frames.feed(garbage)]
    assert found == [Unreadable("a header that does not end: 7680 bytes")]
    assert len(frames._data) <= MAX_HEADER_BYTES
    assert list(frames.feed(b"\n" + GOOD + GOOD)) == [BODY, BODY]


def test_a_message_that_is_too_long_is_skipped_and_its_head_is_kept() -> None:
    long = BODY + b" " * 9_000
    first, second = read(b"Content-Length: %d\r\n\r\n%s" % (len(long), long) + GOOD, limit=5_000)
    assert isinstance(first, Unreadable)
    assert first == Unreadable("a message of 9037 bytes is too long: 5000 are the most", long[:HEAD_BYTES])
    assert second == BODY


def test_nothing_of_a_documents_text_is_in_a_reason() -> None:
    (found,) = read(b'{"text": "secret"}\r\n\r\n')
    assert isinstance(found, Unreadable)
    assert "secret" not in found.reason


@given(st.lists(st.binary(max_size=60) | st.just(GOOD), max_size=6), st.lists(st.integers(1, 50), max_size=20))
def test_any_bytes_in_any_packets_give_the_same(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(parts)
    frames, rest = Frames(100), data
    found: list[bytes | Unreadable] = []
    for size in sizes:
        found += frames.feed(rest[:size])
        rest = rest[size:]
    found += frames.feed(rest)
    assert [kept for kept in found if isinstance(kept, bytes)] == [
        kept for kept in read(data, 100) if isinstance(kept, bytes)
    ]


BROKEN = [BODY, b'{"jsonrpc":"2.0","id":2,"meth', b'{"a": "\\r\\n\\r\\nContent-Length: 5"}']


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("more", [1, 5, 14, 18, 19, 20, 21, 30, len(GOOD), len(GOOD) + 30, 9_000])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_length_that_is_too_large_costs_no_other_message(body: bytes, more: int, size: int) -> None:
    data = b"Content-Length: %d\r\n\r\n%s" % (len(body) + more, body) + GOOD + GOOD
    frames = Frames()
    found = [frame for at in range(0, len(data), size) for frame in frames.feed(data[at : at + size])]
    assert found[-1] == BODY
    assert found == [body, BODY, BODY] or (more < 4 and not body.endswith(b"}"))


@pytest.mark.parametrize("text", ["Content-Length: 5", "Content-Length: 5\r\n\r\n{}", "\n\n", "cont", "content-length"])
def test_a_header_in_a_documents_text_is_text(text: str) -> None:
    body = json.dumps({"text": text}, indent=2).encode()
    assert read(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) + GOOD) == [body, BODY]
