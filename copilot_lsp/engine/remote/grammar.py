"""Constrains the beginning of a text by a grammar: llama-server masks tokens only by GBNF or one by one.

The local engine masks tokens to the same end; see `local/sampler.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

SPACE = " \t\r\n"


def grammar(must: str, unwanted: Iterable[str]) -> str:
    """For a text that begins with `must`, after which nothing of `unwanted` comes first, white space aside.

    "" when any text will do. Where `must` holds a line end, no other follows at once: what is typed ends where the
    user wants it to.
    """
    marks = [mark for mark in unwanted if mark]
    if not must and not marks:
        return ""
    rules = [f"root ::= {_literal(must)} tail" if must else "root ::= tail"]
    first = f"[^{_chars(chr(10) + chr(13))}]" if "\n" in must else "."
    if marks:
        visible = _other_than(marks, SPACE)
        space = f"[{_chars(SPACE)}]*"
        gap = f"([{_chars(' ' + chr(9))}] {space})?" if "\n" in must else space
        rules.append(f"tail ::= {gap} (({visible}) .*)?")
    else:
        rules.append(f"tail ::= ({first} .*)?")
    return "\n".join(rules)


def _other_than(marks: Iterable[str], also: str = "") -> str:
    """Alternatives for a beginning that is none of `marks`; its first character is none of `also` either."""
    rest: dict[str, list[str]] = {}
    for mark in marks:
        rest.setdefault(mark[0], []).append(mark[1:])
    choices = [f"[^{_chars(''.join(rest) + also)}]"]
    for first, tails in rest.items():
        if all(tails):
            choices.append(f"{_literal(first)} ({_other_than(tails)})")
    return " | ".join(choices)


def _literal(text: str) -> str:
    return f'"{_chars(text)}"'


def _chars(text: str) -> str:
    """Escaped, all but letters and digits, so that nothing in it means anything to the grammar."""
    return "".join(each if each.isascii() and each.isalnum() else f"\\U{ord(each):08x}" for each in text)
