"""Neovim 0.12's own inline completion, with our way to accept."""

from __future__ import annotations

from pathlib import Path

import pytest
from nvim_driver import NVIMS, Start
from nvim_script import BODY, HELLO, write_hello

# Neovim draws: the highlight group is its own.
NATIVE = "display = 'native' }) vim.api.nvim_set_hl(0, 'ComplHint', { fg = '#808080', italic = true"


@pytest.fixture(params=["0.12"])
def program(request: pytest.FixtureRequest) -> Path:
    """Neovim 0.11 has no inline completion of its own."""
    return Path(NVIMS) / f"nvim-{request.param}"


@pytest.fixture
def start_native(start: Start) -> Start:
    return lambda: start(options=NATIVE)


def test_native_tab_takes_the_suggestion(start_native: Start) -> None:
    nvim = start_native()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("Tab")
    nvim.wait_lines(HELLO)
    assert nvim.saved("a.py") == HELLO + "\n"


def test_native_tab_right_after_a_key(start_native: Start) -> None:
    nvim = start_native()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("g", "r", "e", "Tab")
    nvim.wait_lines(HELLO)


def test_native_tab_after_something_else(start_native: Start) -> None:
    nvim = start_native()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("x", "Tab")
    nvim.wait_lines("# probe\ndef hello(name):\n    x   ")


def test_native_words_and_lines(start_native: Start) -> None:
    """Neovim asks again after each, and the server answers with what is left of the same suggestion."""
    nvim = start_native()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("M-Right")
    nvim.wait_lines("# probe\ndef hello(name):\n    greeting")
    nvim.wait_ghost(BODY.removeprefix("greeting"))
    nvim.keys("C-M-Right")
    nvim.wait_lines('# probe\ndef hello(name):\n    greeting = f"Hello, {name}!"')
