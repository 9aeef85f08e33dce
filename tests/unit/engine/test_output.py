"""From token bytes to text."""

from __future__ import annotations

import pytest

from copilot_lsp.engine.base import FinishReason
from copilot_lsp.engine.local.output import Output


def shown(output: Output, *pieces: bytes) -> tuple[list[str], FinishReason | None]:
    texts, end = [], None
    for piece in pieces:
        end = output.add(piece)
        texts.append(output.take())
        if end is not None:
            break
    return texts, end


def test_half_a_character_waits_for_its_other_half() -> None:
    snake = "🐍".encode()
    assert shown(Output(), b"a" + snake[:2], snake[2:]) == (["a", "🐍"], None)


def test_healed_text_is_not_shown_again() -> None:
    output = Output(healed=b"\n    ")
    assert shown(output, b"\n   ", b" return") == (["", "return"], None)
    assert output.must == b""


def test_a_token_that_does_not_fit_the_healed_text_is_shown_whole() -> None:
    assert shown(Output(healed=b"ab"), b"xy") == (["xy"], None)


@pytest.mark.parametrize(("lines", "text"), [(1, "a"), (2, "a\nb")])
def test_line_limit_cuts_before_the_line_end(lines: int, text: str) -> None:
    texts, end = shown(Output(max_lines=lines), b"a\nb\nc")
    assert ("".join(texts), end) == (text, FinishReason.LINES)


def test_line_ends_before_the_first_line_do_not_count() -> None:
    texts, end = shown(Output(max_lines=1), b"\n", b"\n  a", b"\nb")
    assert ("".join(texts), end) == ("\n\n  a", FinishReason.LINES)
