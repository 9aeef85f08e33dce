"""The string syntax of each language, with interpolation, for telling code from text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from copilot_lsp.source.languages import language_of

PROSE = frozenset({"plaintext", "markdown", "latex", "restructuredtext", "asciidoc", "git-commit"})
"""Languages in which a bracket or an apostrophe may well stand alone."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A kind of string. `opening`, `skip` and `hole` are regular expressions, without capturing groups.

    `closing`: literal; None: what `opening` matched, from its first quote on (`f\"""`), mirrored where it has brackets.
    `skip` is text that means nothing: escapes. `hole` begins code in the string.
    `spans`: the string goes on over line ends.
    """

    opening: str
    closing: str | None = None
    spans: bool = False
    skip: str = r"\\(?s:.)"
    hole: str = ""

    def end_of(self, opening: str) -> str:
        """What closes the string that `opening` began."""
        if self.closing is not None:
            return self.closing
        quotes = re.sub(r"^[^\"'`\[#]*", "", opening)
        if quotes.startswith("#"):  # Rust's r#"..."#
            return quotes[::-1]
        return quotes.replace("[", "]")


_DOUBLE = Quote('"')
_TEXT = Quote('"""', spans=True)
_SINGLE = Quote(r"(?<!\w)'")  # an apostrophe in a word of JSX or of prose begins no string
_SINGLE_TEXT = Quote("'''", spans=True)
_BACKTICK = Quote("`", spans=True)
_RAW = Quote("`", spans=True, skip="")
_PLAIN = (_DOUBLE, _SINGLE)


def _holed(hole: str, *quotes: Quote, prefix: str = "", skip: str | None = None) -> tuple[Quote, ...]:
    return tuple(
        replace(quote, opening=prefix + quote.opening.removeprefix(r"(?<!\w)"), hole=hole, skip=skip or quote.skip)
        for quote in quotes
    )


_BRACE = r"\{(?!\{)"
_DOLLAR = r"\$\{"
_HASH = r"#\{"
_FORMATTED = r"(?<!\w)(?i:[ft]r?|r[ft])"
_F_SKIP = r"\\N\{[^}\n]*\}?|\\[^{]|\{\{|\}\}"

_PYTHON = (
    *_holed(_BRACE, _TEXT, _SINGLE_TEXT, _DOUBLE, _SINGLE, prefix=_FORMATTED, skip=_F_SKIP),
    *(_TEXT, _SINGLE_TEXT, _DOUBLE, replace(_SINGLE, opening=r"(?:(?<!\w)|(?<=\b[rbuRBU])|(?<=\b[rbRB]{2}))'")),
)
_JAVASCRIPT = (*_holed(_DOLLAR, _BACKTICK), *_PLAIN)
_C = (Quote(r'R"\(', ')"', spans=True, skip=""), _DOUBLE, Quote("'"))
_C_SHARP = (
    *_holed(_BRACE, _TEXT, prefix=r"\$+", skip=r"\{\{|\}\}"),
    *_holed(_BRACE, replace(_DOUBLE, spans=True), prefix=r"(?:\$@|@\$)", skip=r'""|\{\{|\}\}'),
    *_holed(_BRACE, _DOUBLE, prefix=r"\$", skip=r"\\(?s:.)|\{\{|\}\}"),
    Quote('@"', '"', spans=True, skip='""'),
    *(_TEXT, _DOUBLE, Quote("'")),
)

_QUOTES = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "typescriptreact": _JAVASCRIPT,
    "go": (_RAW, _DOUBLE, Quote("'")),
    # A single quote is more often a lifetime. What format! fills in is text for a scan: `{` closes with the string.
    "rust": (Quote(r'(?<!\w)b?r#*"', spans=True, skip=""), replace(_DOUBLE, spans=True)),
    "java": (_TEXT, _DOUBLE, Quote("'")),
    "c": _C,
    "cpp": _C,
    "objective-c": _C,
    "csharp": _C_SHARP,
    "fsharp": (*_C_SHARP[:3], _TEXT, _DOUBLE),
    "ruby": (*_holed(_HASH, _DOUBLE, Quote("`")), _SINGLE),
    "elixir": (*_holed(_HASH, _TEXT, _DOUBLE), _SINGLE),
    "php": (*_holed(r"\{\$|\$\{", _DOUBLE), Quote("'")),
    "lua": (Quote(r"\[=*\[", spans=True, skip=""), *_PLAIN),
    "shellscript": (*_holed(r"\$\(|\$\{", _DOUBLE), Quote(r"(?<!\w)'", skip="")),
    "kotlin": (*_holed(_DOLLAR, _TEXT, _DOUBLE), _SINGLE),
    "scala": (*_holed(_DOLLAR, _TEXT, _DOUBLE, prefix=r"(?<!\w)[a-z]+"), _TEXT, _DOUBLE),
    "swift": _holed(r"\\\(", _TEXT, _DOUBLE, skip=r"\\[^(]"),
    "dart": _holed(_DOLLAR, _TEXT, _SINGLE_TEXT, _DOUBLE, _SINGLE),
    "groovy": (*_holed(_DOLLAR, _TEXT, _DOUBLE), _SINGLE_TEXT, _SINGLE),
    "julia": _holed(r"\$\(", _TEXT, _DOUBLE),
    "powershell": (*_holed(r"\$\(|\$\{", _DOUBLE, skip="`(?s:.)"), Quote("'", skip="")),
    "terraform": _holed(r"[$%]\{", _DOUBLE),
    "nix": _holed(_DOLLAR, _DOUBLE, Quote("''", spans=True, skip="")),
    "scss": _holed(_HASH, *_PLAIN),
    "toml": (_TEXT, _SINGLE_TEXT, *_PLAIN),
    "css": _PLAIN,
    "json": _PLAIN,
    "jsonc": _PLAIN,
    **dict.fromkeys(("perl", "r", "sql", "yaml", "makefile"), _PLAIN),
}


@cache
def quotes_of(language: str) -> tuple[Quote, ...]:
    """The longest come first."""
    if language in PROSE:
        return ()
    return _QUOTES.get(language_of(language).id, (_DOUBLE,))


@cache
def text_of(language: str) -> Quote:
    """A string whose end is not on the line, such as a here-document, with the holes that the language has."""
    hole = next((quote.hole for quote in quotes_of(language) if quote.hole), "")
    return Quote("", "", spans=True, hole=hole)
