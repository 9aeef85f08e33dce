"""What a user does while typing, in a real Neovim with the real server and a scripted engine."""

from __future__ import annotations

from nvim_driver import Start
from nvim_script import BODY, HELLO, write_hello


def test_tab_takes_the_suggestion(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keep("1-suggested")
    nvim.keys("Tab")
    nvim.wait_lines(HELLO)
    nvim.wait_ghost("")
    nvim.keep("2-taken")
    assert nvim.saved("a.py") == HELLO + "\n"


def test_tab_is_a_tab_without_a_suggestion(start: Start) -> None:
    nvim = start(text="x\n", file="a.txt")
    nvim.wait_ready()
    nvim.keys("A", "Tab")
    nvim.type("y")
    nvim.wait_lines("x\ty")


def test_word_by_word_and_line_by_line(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("M-Right")
    nvim.wait_lines("# probe\ndef hello(name):\n    greeting")
    nvim.wait_ghost(' = f"Hello, {name}!"\n    return greeting')
    nvim.keep("1-word")
    nvim.keys("C-M-Right")
    nvim.wait_lines('# probe\ndef hello(name):\n    greeting = f"Hello, {name}!"')
    nvim.wait_ghost("    return greeting")
    nvim.keys("C-M-Right")
    nvim.wait_lines(HELLO)
    assert nvim.saved("a.py") == HELLO + "\n"


def test_alternatives_in_turn(start: Start) -> None:
    nvim = start(text="x\n")
    nvim.wait_ready()
    nvim.keys("A")
    nvim.type(" = ")
    nvim.wait_ghost("one(1, 2)")
    nvim.keys("M-]")
    nvim.wait("a second alternative", lambda: "(2/" in nvim.screen().text)
    nvim.keep("1-second")
    second = nvim.screen().ghost
    assert second in ("two(1, 2)", "three(1, 2)")
    nvim.keys("M-]")
    nvim.wait("another alternative", lambda: nvim.screen().ghost not in ("", second))
    nvim.wait_on_screen("/")
    taken = nvim.screen().ghost
    nvim.keys("Tab")
    nvim.wait_lines(f"x = {taken}")
    assert nvim.saved("a.py") == f"x = {taken}\n"


def test_typing_the_suggestion(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.type("greeting = ")
    nvim.wait_ghost('f"Hello, {name}!"\n    return greeting')
    nvim.keys("Tab")
    nvim.wait_lines(HELLO)


def test_tab_right_after_a_key(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("g", "r", "e", "Tab")
    nvim.wait_lines(HELLO)


def test_typing_something_else(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.type("pass")
    nvim.wait_ghost("")
    assert nvim.saved("a.py") == "# probe\ndef hello(name):\n    pass\n"


def test_escape(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("Escape")
    nvim.wait_ghost("")


def test_brackets_that_are_there_are_not_doubled(start: Start) -> None:
    nvim = start(text="print()\n")
    nvim.wait_ready()
    nvim.keys("$", "i")
    nvim.wait("a suggestion", lambda: nvim.screen().ghost != "")
    nvim.keep("1-suggested")
    nvim.keys("Tab")
    nvim.wait_lines("print(x, y)")


def test_it_streams(start: Start) -> None:
    nvim = start()
    nvim.wait_ready()
    nvim.keys("G", "o")
    nvim.type("def late(n):\n")
    seen: list[str] = []

    def finished() -> bool:
        ghost = nvim.screen().ghost
        if ghost and ghost not in seen:
            seen.append(ghost)
        return ghost == "first = n\n    second = first\n    return second"

    nvim.wait("the whole of it", finished)
    assert len(seen) > 1, seen
    assert all(seen[-1].startswith(part) for part in seen), seen


def test_an_edit_elsewhere_while_a_request_runs(start: Start) -> None:
    nvim = start()
    nvim.wait_ready()
    nvim.keys("G", "o")
    nvim.type("def slow(n):\n")
    nvim.wait_lua('require("copilot_lsp.server").status.busy')
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, 1, false, {'import os', '', ''})")
    nvim.wait_ghost("return n + 1")
    nvim.keys("Tab")
    nvim.wait_lines("import os\n\n\ndef slow(n):\n    return n + 1")
    assert nvim.saved("a.py") == "import os\n\n\ndef slow(n):\n    return n + 1\n"


def test_undo_and_dot_repeat(start: Start) -> None:
    """Taking a suggestion is one undo step of its own, and part of what the dot repeats."""
    nvim = start(text="x\n")
    nvim.wait_ready()
    nvim.keys("A")
    nvim.type(" = ")
    nvim.wait_ghost("one(1, 2)")
    nvim.keys("Tab")
    nvim.wait_lines("x = one(1, 2)")
    nvim.keys("Escape", "u")
    nvim.wait_lines("x = ")
    nvim.keys("u")
    nvim.wait_lines("x")
    nvim.keys("C-r", "C-r")
    nvim.wait_lines("x = one(1, 2)")
    nvim.keys("o")
    nvim.type("xx = ")
    nvim.wait_ghost("one(1, 2)")
    nvim.keys("Tab")
    nvim.wait_lines("x = one(1, 2)\nxx = one(1, 2)")
    nvim.keys("Escape", ".")
    nvim.wait_lines("x = one(1, 2)\nxx = one(1, 2)\nxx = one(1, 2)")


def test_undo_of_several_lines(start: Start) -> None:
    nvim = start()
    write_hello(nvim)
    nvim.wait_ghost(BODY)
    nvim.keys("Tab")
    nvim.wait_lines(HELLO)
    nvim.keys("Escape", "u")
    nvim.wait_lines("# probe\ndef hello(name):\n    ")


def test_two_windows_on_one_buffer(start: Start) -> None:
    nvim = start()
    nvim.wait_ready()
    nvim.command("split")
    write_hello(nvim)
    shown = BODY
    nvim.wait("it in both windows", lambda: nvim.screen().ghost == f"{shown}\n{shown}")
    nvim.keep("1-suggested")
    nvim.keys("Tab")
    nvim.wait_lines(HELLO)
    nvim.command("wincmd w")
    nvim.keys("g", "g", "O")
    nvim.type("x = ")
    nvim.wait("it in the other window", lambda: "one(1, 2)" in nvim.screen().ghost)
    nvim.keys("Tab")
    nvim.wait_lines("x = one(1, 2)\n" + HELLO)
