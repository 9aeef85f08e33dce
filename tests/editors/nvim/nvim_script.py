"""What the scripted engine suggests, and how a test gets it to."""

from __future__ import annotations

from nvim_driver import Nvim

BODY = 'greeting = f"Hello, {name}!"\n    return greeting'
HELLO = f"# probe\ndef hello(name):\n    {BODY}"

RULES = [
    {"after": r"def hello\(name\):\n    $", "text": f"{BODY}\n"},
    {"after": r"def slow\(n\):\n    $", "text": "return n + 1\n", "delay_ms": 1200},
    {"after": r"def late\(n\):\n    $", "text": "first = n\n    second = first\n    return second\n", "piece_ms": 120},
    {
        "after": r"x = $",
        "text": "one(1, 2)",
        "alternatives": ["two(1, 2)", "three(1, 2)"],
    },
    {"after": r"print\($", "text": "x, y)"},
]


def write_hello(nvim: Nvim) -> None:
    """Types the header of a function, up to where its body is suggested."""
    nvim.wait_ready()
    nvim.keys("G", "o")
    nvim.type("def hello(name):\n")
