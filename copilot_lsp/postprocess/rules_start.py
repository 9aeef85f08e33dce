"""Rules for the beginning of a completion: sensible columns, the file's own indentation."""

from __future__ import annotations

import re
from itertools import pairwise

from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.source.blocks import indent_unit, opens_block
from copilot_lsp.source.brackets import scan
from copilot_lsp.source.languages import language_of, line_comment
from copilot_lsp.source.regions import in_string
from copilot_lsp.source.site import TAB, Site, indentation, width

_GOES_ON = re.compile(r"(?:[,\\=+\-*/%&|^<>?.]|\b(?:and|or|not|in|is|return))$")
"""Ends of a line whose statement continues on the next one, where any column may be right."""


def superfluous(site: Site, text: str) -> int:
    """How much white space at the beginning of `text` is already there or does not belong there.

    0 as long as `text` is nothing but white space: more may come.
    """
    gap = text[: len(text) - len(text.lstrip(" \t\n"))]
    if not gap or gap == text:
        return 0
    if site.starts_line:
        return _on_indentation(site, gap)
    if "\n" in gap:
        return gap.rindex("\n")
    return _after_space(site, text, gap)


def _on_indentation(site: Site, gap: str) -> int:
    """Behind the indentation of a line: the model may repeat it, or begin on a new line that is not needed."""
    column = width(site.left)
    lead = indentation(gap[gap.rfind("\n") + 1 :])
    if "\n" in gap:
        if width(lead) < column:
            return 0
        lead = _without_columns(lead, column)
    most = _deepest(site) - column
    while lead and width(lead) > max(most, 0):
        lead = lead[1:]
    return len(gap) - len(lead)


def _without_columns(lead: str, columns: int) -> str:
    index = 0
    while index < len(lead) and width(lead[:index]) < columns:
        index += 1
    return lead[index:]


def _deepest(site: Site) -> int:
    """The last column where the line of the cursor may sensibly begin; none is too far where it cannot be told."""
    anywhere = 10_000
    if language_of(site.language).grammar is None:
        return anywhere
    previous = site.previous_line
    if opens_block(previous, site.language):
        return width(previous) + (width(indent_unit(site)) or TAB)
    if scan(previous, site.language).unclosed or _GOES_ON.search(previous.rstrip()):
        return anywhere
    return width(previous)


def _after_space(site: Site, text: str, gap: str) -> int:
    """A second space in a row: wrong, except inside a string and before a comment at the end of a line."""
    if not gap or not site.left.endswith((" ", "\t")) or _is_string(site):
        return 0
    comment = line_comment(site.language)
    return len(gap) - 1 if comment and text.startswith(comment, len(gap)) else len(gap)


def _is_string(site: Site) -> bool:
    tree = site.snapshot.tree
    return tree is not None and in_string(tree, site.language, site.offset)


def begins_here(passage: Passage) -> str:
    """The text without superfluous white space; lines below that were indented along with it come back too."""
    site, text = passage.site, passage.text
    rest = text[superfluous(site, text) :]
    taken = _column(site, text) - _column(site, rest)
    head, *body = rest.split("\n")
    if not site.starts_line or taken <= 0 or any(line.strip() and width(line) < _column(site, text) for line in body):
        return rest
    return "\n".join([head, *(_without_columns(line, taken) for line in body)])


def _column(site: Site, text: str) -> int:
    """The column where `text` begins, when it begins on the cursor's line."""
    return width(site.left + indentation(text))


def indents_like_the_file(passage: Passage) -> str:
    """Every line by the file's own unit: tabs or spaces, and as many of them."""
    site, unit = passage.site, indent_unit(passage.site)
    head, *body = passage.text.split("\n")
    lines = [head, *body] if site.starts_line else body
    if not unit or not lines:
        return passage.text
    if unit == "\t":
        step = _step_of(lines)
        lines = [_tabs_for_spaces(line, step) for line in lines]
    else:
        lines = [_spaces_for_tabs(line, unit) for line in lines]
        lines = _rescaled(site, lines, len(unit))
    return "\n".join(lines if site.starts_line else [head, *lines])


def _spaces_for_tabs(line: str, unit: str) -> str:
    lead = indentation(line)
    return lead.replace("\t", unit) + line[len(lead) :]


def _step_of(lines: list[str]) -> int:
    """Columns of a level in a text indented by spaces; odd ones are those of a comment's asterisks."""
    columns = {len(lead) for line in lines if (lead := indentation(line)) and "\t" not in lead}
    return 2 if any(column % TAB == 2 for column in columns) else TAB


def _tabs_for_spaces(line: str, step: int) -> str:
    lead = indentation(line)
    if "  " not in lead and " \t" not in lead:
        return line
    tabs, rest = divmod(len(lead.expandtabs(step)), step)
    return "\t" * tabs + " " * rest + line[len(lead) :]


def _rescaled(site: Site, lines: list[str], unit: int) -> list[str]:
    """With the file's unit where each body in the text is indented by another one."""
    base = width(site.left)
    whole = [site.left + lines[0], *lines[1:]] if site.starts_line else [site.left, *lines]
    steps = {
        width(after) - width(before)
        for before, after in pairwise(line for line in whole if line.strip())
        if width(after) > width(before) and opens_block(before, site.language)
    }
    if len(steps) != 1 or (step := steps.pop()) == unit:
        return lines
    return [
        _at_step(line, base, step, unit) if index or not site.starts_line else line for index, line in enumerate(lines)
    ]


def _at_step(line: str, base: int, step: int, unit: int) -> str:
    levels, rest = divmod(width(line) - base, step)
    return " " * (base + levels * unit) + line.lstrip(" ") if levels > 0 and not rest else line
