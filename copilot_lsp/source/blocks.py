"""How lines start, continue and end blocks, from the lines alone: for code without a usable tree."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from copilot_lsp.source.brackets import code_part, scan
from copilot_lsp.source.languages import is_indented, language_of
from copilot_lsp.source.site import Site, indentation

_PYTHON_HEADER = re.compile(
    r"\s*(?:(?:async\s+)?(?:def|for|with)|class|if|elif|else|while|try|except|finally|match|case)\b.*:$|\s*[)\]].*:$"
)
_LABEL = re.compile(r"\s*(?:case\b.*|default|public|private|protected|[A-Za-z_]\w*):$")
_KEYWORD_HEADERS = {
    "ruby": re.compile(
        r"\s*(?:def|class|module|if|unless|while|until|case|for|begin|else|elsif|when|rescue|ensure)\b(?!.*\bend\b)"
        r"|.*\bdo(?:\s*\|[^|]*\|)?$"
    ),
    "lua": re.compile(r".*\b(?:then|do|else|repeat)$|.*\bfunction\b[^)]*\)$"),
    "shellscript": re.compile(r".*(?:\b(?:then|do|else|in)|\))$"),
}
_TAG = re.compile(r"\s*<(?!area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|!|/)[^<>]*(?<!/)>$")
"""An opening tag alone on its line; the names are HTML's void elements, which have no body."""

CLOSER = re.compile(r"[ \t]*(?:[)\]}]+|</[\w.:-]*>?|(?:end|fi|done|esac)(?=[;,.)\]}]|\s*$|\s+[#-]))[;,)]*")
"""What starts a line that ends a block: the word `end`, not a variable that begins with it."""

CONTINUATION = re.compile(
    r"[ \t]*(?:else|elif|elsif|elseif|except|catch|finally|rescue|ensure|case|default|when|then|do)\b"
)
"""Words that start a line belonging to the statement above it."""

DEFINITION = re.compile(
    r"[ \t]*(?:@\w|#\[|(?:(?:export|default|pub(?:\([a-z]+\))?|public|private|protected|internal|static|abstract|final"
    r"|virtual|override|async|unsafe|inline|extern|declare|open|data|sealed|partial)\s+)*"
    r"(?:def|class|function\*?|fn|func|fun|impl|struct|enum|interface|trait|type|module|namespace|object|record)\b)"
)
"""The first line of a definition: a function, a class, or a decorator above one."""

MAX_UNIT = 8

NEAR_LINES = 60
"""Lines around the cursor that are considered for indentation."""


_COLON_LANGUAGES = frozenset({"", "yaml", "plaintext", "nim", "gdscript"})
"""Where a colon at the end of any line begins something; elsewhere only that of a label does."""


def opens_block(line: str, language: str) -> bool:
    """Whether `line` opens a block."""
    code = code_part(line, language)
    if code.endswith(("{", "(", "[", "=>", "->")):
        return True
    if language == "python":
        return _PYTHON_HEADER.match(code) is not None and not scan(code, language).unclosed
    if code.endswith(":"):
        return language in _COLON_LANGUAGES or _LABEL.match(code) is not None
    keyword = _KEYWORD_HEADERS.get(language)
    return bool(keyword and keyword.match(code)) or _TAG.match(code) is not None


TABBED = frozenset({"go", "makefile"})
"""Languages that always use tabs."""


def indent_unit(site: Site) -> str:
    """One level of indentation as the lines around the cursor have it; "" when none of them is indented.

    Where both are used the majority decides; in a language with blocks by indentation, the cursor's own line does.
    """
    if language_of(site.language).id in TABBED:
        return "\t"
    own = indentation(site.left)
    near = (*site.above[-NEAR_LINES:], *site.below[:NEAR_LINES])
    leads = [indentation(line) for line in near if line.strip() and not line.lstrip().startswith("*")]
    if own and is_indented(site.language):
        return "\t" if own.startswith("\t") else _spaces([lead for lead in leads if "\t" not in lead] or [own])
    tabs = sum(lead.startswith("\t") for lead in (own, *leads))
    spaces = [lead for lead in (own, *leads) if lead.startswith("  ")]
    return "\t" if tabs and tabs >= len(spaces) else _spaces(leads if spaces != [own] else spaces)


def _spaces(leads: list[str]) -> str:
    """The step by which lines most often go deeper than the one above; the least indentation where none does."""
    columns = [len(lead) for lead in leads if not lead.startswith("\t")]
    steps = Counter(after - before for before, after in pairwise(columns) if 2 <= after - before <= MAX_UNIT)
    if steps:
        return " " * max(steps, key=lambda step: (steps[step], -step))
    return " " * min((column for column in columns if column > 1), default=0)


def is_preprocessor(line: str, language: str) -> bool:
    """C's directives begin at any column and say nothing about blocks."""
    return language in ("c", "cpp", "csharp", "objective-c") and line.lstrip().startswith("#")


def closes_own(before: str, line: str, language: str) -> bool:
    """Whether the closing brackets or tag that `line` begins with were opened in `before`."""
    head = line.strip()
    if head.startswith("</"):
        name = re.match(r"</([\w.:-]*)", head)
        tag = re.escape(name[1]) if name else ""
        return len(re.findall(rf"<{tag}\b", before)) > len(re.findall(rf"</{tag}\b", before))
    return scan(before, language).unclosed.startswith(head[:1])
