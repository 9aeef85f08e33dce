"""The pin: while somebody types, nothing of the prompt moves but its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from copilot_lsp.completion import context
from copilot_lsp.completion.context import Pin
from copilot_lsp.source.document import Document, Snapshot

HEAD = "import os\n\n\n" + "".join(f"def f{n}(x):\n    a = x + {n}\n    return a\n\n\n" for n in range(30))
TAIL = "\n\n\ndef after(x):\n    return x\n"


def snapshot(source: str) -> Snapshot:
    return Document.open("file:///a.py", "a.py", "python", 1, source, 500_000).snapshot()


def pinned(typed: str) -> Pin:
    """The pin of a prompt behind HEAD and `typed`."""
    text = snapshot(HEAD + typed + TAIL)
    offset = len(HEAD + typed)
    found = context.pin_of(text, offset, context.build(text, offset), 0)
    assert found is not None
    return found


def test_typing_a_definition_moves_neither_window_nor_anchor() -> None:
    typed = "def new(a, b):\n    total = a + b\n    for item in range(total):\n        print(item)\n    return total\n"
    first = pinned("")
    for end in range(len(typed)):
        text, offset = snapshot(HEAD + typed[:end] + TAIL), len(HEAD) + end
        around = context.build(text, offset, first)
        assert around.pinned
        assert around.prefix[: around.anchor] == first.far.decode()
        assert around.prefix[around.anchor :].endswith(typed[:end])
        assert around.suffix.lstrip("\n") == TAIL.lstrip("\n")


@pytest.mark.parametrize("right", [")", '")', "]);", "}"])
def test_closers_that_the_editor_puts_there_do_not_change_the_suffix(right: str) -> None:
    offset = len(HEAD + "print(")
    plain = context.build(snapshot(HEAD + "print(" + TAIL), offset)
    paired = context.build(snapshot(HEAD + "print(" + right + TAIL), offset)
    assert (paired.prefix, paired.suffix) == (plain.prefix, plain.suffix)


def test_code_right_of_the_cursor_is_in_the_suffix() -> None:
    source = HEAD + "print(a)" + TAIL
    assert context.build(snapshot(source), len(HEAD + "print(")).suffix.startswith("a)")


def test_an_edit_above_gives_the_pin_up() -> None:
    first = pinned("x = 1\n")
    edited = (HEAD + "x = 1\ny" + TAIL).replace("f3", "g3")
    assert not context.build(snapshot(edited), len(HEAD + "x = 1\ny"), first).pinned


def test_a_change_below_moves_the_anchor_but_not_the_window() -> None:
    first = pinned("")
    typed = "def new(a):\n" + "    a += 1\n" * 6
    text = snapshot(HEAD + typed + TAIL + "z = 1\n")
    around = context.build(text, len(HEAD + typed), first)
    assert around.pinned
    assert around.prefix[around.anchor :].startswith("def new(a):")


def test_a_jump_up_keeps_the_window_while_it_shows_enough() -> None:
    first = pinned("")
    text = snapshot(HEAD + TAIL)
    assert context.build(text, HEAD.index("def f25"), first).pinned
    assert not context.build(text, first.start + 300, replace(first, start=first.start + 200)).pinned


def test_the_anchor_is_the_definition_around_the_cursor_but_none_of_the_last_lines() -> None:
    source = "def one():\n    pass\n\n\ndef two():\n    a = 1\n    b = 2\n    c = 3\n    "
    assert source[context.anchor_in(source) :].startswith("def two")
    assert source[context.anchor_in(source[: source.index("    b = 2")]) :].startswith("def one")
    assert context.anchor_in("x = 1\ny = ") == 0


def test_a_quick_window_is_not_whole() -> None:
    first = pinned("")
    text = snapshot(HEAD + TAIL)
    assert context.is_whole(first, text, len(HEAD))
    assert not context.is_whole(replace(first, quick=True), text, len(HEAD))
