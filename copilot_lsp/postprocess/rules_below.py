"""Rules about the line below the cursor, in languages with indentation blocks."""

from __future__ import annotations

import re

from copilot_lsp.postprocess.passage import Passage
from copilot_lsp.source.blocks import opens_block
from copilot_lsp.source.brackets import code_part, scan
from copilot_lsp.source.languages import is_indented, line_comment
from copilot_lsp.source.site import Site, width
from copilot_lsp.source.syntax import ancestors, node_at

STATEMENT_LINES = 20
"""How far above the cursor a bracket is looked for that is still open."""

_MAY_OPEN = re.compile(r"\s*(?:async|def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b")
"""What begins a line that may yet get its colon: the gate may have cut it short."""


def heads_the_block_below(passage: Passage) -> str:
    """Nothing, where the next line is indented deeper, and this one does not begin a block: Python refuses the file.

    A grammar does not tell: tree-sitter takes any indentation.
    """
    site, line = passage.site, passage.site.left + passage.text.rstrip()
    if not is_indented(site.language) or not site.starts_line or site.right.strip() or "\n" in passage.text:
        return passage.text
    code = code_part(line, site.language)
    comment = line_comment(site.language)
    deeper = width(site.next_line) > width(line) and not site.next_line.lstrip().startswith(comment or "\0")
    may = not code.strip() or code.endswith("\\") or _MAY_OPEN.match(code) or opens_block(line, site.language)
    if not deeper or may or scan(line, site.language).own or _is_inside(site):
        return passage.text
    return ""


def _is_inside(site: Site) -> bool:
    """Whether the cursor is inside brackets or a string that begin on a line above, or its line continues one."""
    if site.above and site.above[-1].endswith("\\"):
        return True
    if scan("\n".join((*site.above[-STATEMENT_LINES:], "")), site.language).own:
        return True
    tree = site.snapshot.tree
    around = ancestors(node_at(tree, site.offset)) if tree is not None else ()
    brackets = (node for node in around if node.start_byte < site.offset < node.end_byte and node.children)
    return any(node.children[0].type in ("(", "[", "{", "string_start") for node in brackets)
