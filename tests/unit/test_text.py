from __future__ import annotations

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_lsp.source.text import PositionEncoding, Text, encode

ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
ALPHABET = ["a", " ", "é", "e\u0301", "\u2028", "😀", "\n", "\r", "\r\n", "\f", "\0"]

sources = st.lists(st.sampled_from(ALPHABET), max_size=30).map("".join)


def spans(text: Text) -> list[bytes]:
    return [text.data[slice(*text.line_span(line))] for line in range(text.line_count)]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("\r\r\n\n", ["", "", "", ""]),
        ("a\fb\u2028c\x85d\x1ce\vf", ["a\fb\u2028c\x85d\x1ce\vf"]),
        ("\n\r", ["", "", ""]),
        ("a\0b\nc", ["a\0b", "c"]),
    ],
)
def test_lines_end_at_newline_carriage_return_or_both(source: str, lines: list[str]) -> None:
    assert spans(Text.of(source)) == [line.encode() for line in lines]


@pytest.mark.parametrize(
    ("position", "encoding", "offset"),
    [
        ((0, 1), "utf-8", 0),  # inside é: its start
        ((0, 3), "utf-8", 3),
        ((0, 1), "utf-16", 2),
        ((0, 2), "utf-16", 3),
        ((0, 3), "utf-16", 3),  # between the surrogates of 😀: its start
        ((0, 4), "utf-16", 7),
        ((0, 3), "utf-32", 7),
        ((0, 99), "utf-16", 8),  # past the end of a line: before its \r\n
        ((1, 99), "utf-16", 11),
        ((2, 0), "utf-16", 11),  # past the last line: the end
        ((99, 99), "utf-8", 11),
        ((-1, -5), "utf-16", 0),
        ((1, -5), "utf-16", 10),
    ],
)
def test_offset_at(position: tuple[int, int], encoding: PositionEncoding, offset: int) -> None:
    text = Text.of("éa😀b\r\nx")
    assert text.offset_at(*position, encoding) == offset


@pytest.mark.parametrize(
    ("offset", "encoding", "position"),
    [
        (4, "utf-8", (0, 3)),  # inside 😀: its start
        (4, "utf-16", (0, 2)),
        (7, "utf-16", (0, 4)),
        (7, "utf-32", (0, 3)),
        (9, "utf-16", (0, 5)),  # between \r and \n: the end of the line
        (10, "utf-16", (1, 0)),
        (99, "utf-16", (1, 1)),
        (-1, "utf-16", (0, 0)),
    ],
)
def test_position_at(offset: int, encoding: PositionEncoding, position: tuple[int, int]) -> None:
    assert Text.of("éa😀b\r\nx").position_at(offset, encoding) == position


def test_positions_far_into_a_long_line() -> None:
    source = "aé😀\u2028" * 2_000
    text = Text.of(source)
    for encoding in ENCODINGS:
        units = reference.to_units(source, encoding)
        for at in (0, 1, 2, 3, 4_095, 4_096, 4_097, 8_191, len(units) - 1, len(units), len(units) + 1):
            if encoding == "utf-16" and 0xDC00 <= (units[at : at + 1] or [0])[0] < 0xE000:
                continue
            at_character = reference.unit_offset(units, 0, at, encoding)
            before = reference.from_units(units[:at_character], encoding)
            offset = text.offset_at(0, at, encoding)
            assert offset == len(before.encode()), (encoding, at)
            assert text.position_at(offset, encoding) == (0, at_character)


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\ud800", "\ufffd"),
    ],
)
def test_lone_surrogates_keep_their_length(source: str, clean: str) -> None:
    assert encode(source).decode() == clean
    assert len(reference.to_units(clean, "utf-16")) == len(source)


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert Text.of(b"a\xffb").data == "a\ufffdb".encode()


def test_repr_holds_no_document_text() -> None:
    assert "secret" not in repr(Text.of("secret"))


@pytest.mark.parametrize(
    ("source", "start", "end", "new"),
    [
        ("a\r", 2, 2, "\nb"),  # \r becomes \r\n
        ("a\nb", 1, 1, "\r"),  # \n becomes \r\n
        ("a\r\nb", 2, 2, "x"),  # \r\n parts
        ("a\r\nb", 1, 2, ""),
        ("a\r\nb", 2, 3, ""),
        ("a\r\r\n", 1, 3, ""),
        ("", 0, 0, "a\nb\n"),
        ("a\nb\n", 0, 4, ""),
        ("a\nb", 3, 3, "\n"),
    ],
)
def test_replace_where_line_ends_meet(source: str, start: int, end: int, new: str) -> None:
    text = Text.of(source).replace(start, end, new.encode())
    assert text.data == (source[:start] + new + source[end:]).encode()
    assert text.starts == Text.of(text.data).starts


@settings(max_examples=60, deadline=None)
@given(sources, st.data())
def test_replace_keeps_line_starts(source: str, data: st.DataObject) -> None:
    text = Text.of(source)
    for _ in range(4):
        characters = text.data.decode()
        low, high = sorted(data.draw(st.integers(0, len(characters))) for _ in range(2))
        start, end = (len(characters[:at].encode()) for at in (low, high))
        text = text.replace(start, end, encode(data.draw(sources)))
        assert text.starts == Text.of(text.data).starts


@settings(max_examples=100, deadline=None)
@given(sources, st.integers(0, 12), st.integers(0, 12), st.sampled_from(ENCODINGS))
def test_offsets_are_those_of_the_reference(source: str, line: int, character: int, encoding: PositionEncoding) -> None:
    text, units = Text.of(source), reference.to_units(source, encoding)
    at = reference.unit_offset(units, line, character, encoding)
    if encoding == "utf-16" and 0xDC00 <= (units[at : at + 1] or [0])[0] < 0xE000:
        at -= 1
    offset = len(reference.from_units(units[:at], encoding).encode())
    assert text.offset_at(line, character, encoding) == offset
    assert text.offset_at(*text.position_at(offset, encoding), encoding) == offset
