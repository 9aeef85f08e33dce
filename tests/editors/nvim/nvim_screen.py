"""A terminal screen as tmux's `capture-pane -e` gives it: text, and which of it is drawn as a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SGR = re.compile(r"\x1b\[([0-9;:]*)m")
GHOST_COLOUR = ("2", "128", "128", "128")
"""CopilotLspGhost: #808080 as an RGB colour (2)."""


@dataclass(frozen=True, slots=True)
class Style:
    italic: bool = False
    colour: tuple[str, ...] = ()

    @property
    def ghost(self) -> bool:
        return self.italic and self.colour == GHOST_COLOUR


def styled(style: Style, codes: str) -> Style:
    """`style` after one SGR sequence; only what makes a suggestion is looked at."""
    italic, colour = style.italic, style.colour
    numbers = re.split("[;:]", codes or "0")
    while numbers:
        match numbers.pop(0):
            case "0" | "":
                italic, colour = False, ()
            case "3":
                italic = True
            case "23":
                italic = False
            case "38" | "48" as ground:
                length = 4 if numbers[0] == "2" else 2
                if ground == "38":
                    colour = tuple(numbers[:length])
                del numbers[:length]
            case "39":
                colour = ()
            case number if re.fullmatch("3[0-7]|9[0-7]", number):
                colour = (number,)
    return Style(italic, colour)


def runs(line: str, style: Style) -> Iterator[tuple[str, Style]]:
    """The pieces of one line with their styles. The style of the last goes on in the next line."""
    at = 0
    for match in SGR.finditer(line):
        yield line[at : match.start()], style
        style = styled(style, match[1])
        at = match.end()
    yield line[at:], style


@dataclass(frozen=True, slots=True)
class Screen:
    """`text` as it is seen, `ghost` what of it is a suggestion: by line, without trailing spaces."""

    ansi: str
    text: str
    ghost: str


def read(ansi: str) -> Screen:
    style = Style()
    texts, ghosts = [], []
    for line in ansi.rstrip("\n").split("\n"):
        text = ghost = ""
        for piece, piece_style in runs(line, style):
            text += piece
            ghost += piece if piece_style.ghost else ""
            style = piece_style
        texts.append(text.rstrip())
        if ghost.strip():
            ghosts.append(ghost.rstrip())
    return Screen(ansi, "\n".join(texts), "\n".join(ghosts))
