"""Where a window may begin, and its header: imports and the first lines of enclosing scopes.

Everything is derived from the lines, never from the tree: while the user types, an unfinished string or brace changes
the tree of everything around it, and a prompt with a new beginning invalidates the KV cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from copilot_lsp.engine.base import Cut
from copilot_lsp.source.blocks import CLOSER, CONTINUATION, is_preprocessor, opens_block
from copilot_lsp.source.brackets import scan
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import line_comment
from copilot_lsp.source.site import normalised, width
from copilot_lsp.source.text import Text

GRID = 16
"""Every GRID-th line of the file is an anchor: lines are counted from its start, so typing does not move them."""

IMPORT_CHARS = 600
"""Maximum characters of imports in a header."""

IMPORT_BYTES = 8_000
"""Imports are searched this far from the start of the file."""

HEADER_LINES = 12
"""Maximum lines of a parameter list; of longer ones only the first line is shown."""

LINE_CHARS = 200
"""Longer lines are left out of headers."""

CLIMB_LINES = 2000
"""A line without indentation is searched this far above the window."""

_IMPORT = re.compile(
    r"^(?:import|from\s+\S+\s+import|#\s*include|using|use|package|require|require_relative|extern\s+crate|open|library"
    r"|@import|@use|source|(?:const|let|var|local)\s[^=]*=\s*require)\b",
    re.MULTILINE,
)
_ACCESS = re.compile(r"\s*(?:public|private|protected|signals|slots)\b[\s\w]*:$")


@dataclass(frozen=True, slots=True)
class _Block:
    """An open block, told by indentation: its columns, and the first line and the latest one of its header."""

    width: int
    first: int
    last: int


def cuts_of(snapshot: Snapshot, first: int, prefix: str) -> tuple[Cut, ...]:
    """Where the window `prefix`, which begins on the line `first` of the file, may be cut.

    On lines above the cursor's: that one is still being written.
    """
    *window, _ = prefix.split("\n")
    before = _lines_before(snapshot.text, first)
    lines = [*before, *window]
    starts = list(accumulate((len(line) + 1 for line in window), initial=0))
    imports = _imports(snapshot)
    cuts = [] if first else [Cut(0)]
    for index, blocks in _anchors(lines, len(before), first, snapshot.language):
        start = starts[index - len(before)]
        if start or first:
            shown = _fitting([text for end, text in imports if end <= first + index - len(before)])
            shown += (line for line in _shown(blocks, lines[:index]) if len(line) <= LINE_CHARS)
            cuts.append(Cut(start, "".join(f"{line}\n" for line in shown)))
    return tuple(cuts) or (Cut(0),)


def _lines_before(text: Text, first: int) -> list[str]:
    """The lines from the last one without indentation down to the window: the blocks that it begins in."""
    lines: list[str] = []
    for number in range(first - 1, max(first - 1 - CLIMB_LINES, -1), -1):
        start, end = text.line_span(number)
        lines.append(text.data[start:end].decode())
        if lines[-1].strip() and not width(lines[-1]) and not CLOSER.match(lines[-1]):
            break
    return lines[::-1]


def _anchors(lines: Sequence[str], window: int, first: int, language: str) -> Iterator[tuple[int, tuple[_Block, ...]]]:
    """The indexes of the lines where a cut may be, each with the blocks that the line is in, outermost first.

    They are the first line with text of every GRID lines of the file, and the beginning of every top-level
    paragraph. Blank lines are none: what they are in depends on what is typed below.
    `lines[window]` is the line `first` of the file.
    """
    stack: list[_Block] = []
    grid = -1
    comment = line_comment(language) or "\n"
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        own = width(line)
        number = (first + index - window) // GRID
        if index >= window:
            if number > grid or (index and not lines[index - 1].strip() and _begins_paragraph(line)):
                inner = own + 1 if CLOSER.match(line) else own
                yield index, tuple(block for block in stack if block.width < inner)
            grid = number
        if not (line.lstrip().startswith(comment) or is_preprocessor(line, language) or _ACCESS.match(line)):
            _enter(stack, index, line, own, language)


def _begins_paragraph(line: str) -> bool:
    return not (line[0].isspace() or CLOSER.match(line) or _IMPORT.match(line))


def _enter(stack: list[_Block], index: int, line: str, own: int, language: str) -> None:
    """Ends the blocks that `line` is not in, and begins the one that it may be the header of."""
    while stack and stack[-1].width > own:
        stack.pop()
    last = stack.pop() if stack and stack[-1].width == own else None
    if last is None or not (CLOSER.match(line) or CONTINUATION.match(line) or line.strip() == "{"):
        stack.append(_Block(own, index, index))
    elif opens_block(line, language):
        stack.append(_Block(own, last.first, index))


def _shown(blocks: Sequence[_Block], lines: Sequence[str]) -> Iterator[str]:
    """The header lines of `blocks`, in order; `lines` end where the cut is, so nothing after it can change them."""
    shown = -1
    for block in blocks:
        if block.first <= shown:
            continue
        shown = _list_end(lines, block.first)
        yield from lines[block.first : shown + 1]
        if block.last > shown:  # nothing of a body between `if` and `else`
            yield lines[block.last]


def _list_end(lines: Sequence[str], first: int) -> int:
    """The line that closes the parameter list opened on line `first`; `first` itself when that is too far."""
    depth = 0
    for index in range(first, min(first + HEADER_LINES, len(lines))):
        line = lines[index]
        depth += line.count("(") + line.count("[") - line.count(")") - line.count("]")
        if depth <= 0:
            return index
    return first if len(lines) > first + HEADER_LINES else len(lines) - 1


def _imports(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The imports at the file's top level, each with the number of the line after it."""
    source = normalised(snapshot.text.data[:IMPORT_BYTES])
    found: list[tuple[int, str]] = []
    for match in _IMPORT.finditer(source):
        statement = _statement_at(source, match.start(), snapshot.language)
        if statement:
            found.append((source.count("\n", 0, match.start()) + statement.count("\n") + 1, statement))
    return found


def _fitting(imports: Sequence[str]) -> list[str]:
    """The first imports that together have no more than IMPORT_CHARS."""
    sizes = accumulate(len(statement) + 1 for statement in imports)
    return [statement for statement, size in zip(imports, sizes, strict=True) if size <= IMPORT_CHARS]


def _statement_at(source: str, start: int, language: str) -> str:
    """The lines from `start` to where all brackets are closed; "" when that is too far."""
    end = start
    while (end := source.find("\n", end + 1)) >= 0 and end - start <= IMPORT_CHARS:
        if not scan(source[start:end], language).unclosed:
            return source[start:end]
    return ""
