"""The tree-sitter grammars: their wheels, and the meaning of their node types.

A grammar is imported when the first document that needs it is parsed. One that is missing or broken costs the
syntax tree and nothing else.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace

import tree_sitter

_HASH = ((rb"(?<![$\w{])#", b""),)


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


@dataclass(frozen=True, slots=True)
class Grammar:
    """`module` and `function` find the grammar; the rest are types of named nodes.

    In an `indented` language a block ends where the indentation drops.
    `holes` are code inside a string.
    `comment_marks` open and close a comment (regular expressions; "": the end of the line closes it).
    """

    module: str
    function: str = "language"
    indented: bool = False
    comments: frozenset[str] = frozenset({"comment"})
    strings: frozenset[str] = frozenset({"string"})
    holes: frozenset[str] = frozenset()
    comment_marks: tuple[tuple[bytes, bytes], ...] = ((rb"//", b""), (rb"/\*", rb"\*/"))

    def load(self) -> tree_sitter.Language | str:
        """The grammar, or one line saying why it cannot be loaded."""
        try:
            return tree_sitter.Language(getattr(importlib.import_module(self.module), self.function)())
        except Exception as error:  # whatever a broken wheel does, its documents are still completed
            return f"no syntax tree: the grammar {self.module} cannot be loaded ({error})"


PYTHON = Grammar(
    "tree_sitter_python",
    indented=True,
    comment_marks=_HASH,
    holes=_words("interpolation"),
)

JAVASCRIPT = Grammar(
    "tree_sitter_javascript",
    comments=_words("comment html_comment"),
    strings=_words("string template_string regex"),
    holes=_words("template_substitution"),
)

TYPESCRIPT = replace(
    JAVASCRIPT,
    module="tree_sitter_typescript",
    function="language_typescript",
)

TSX = replace(TYPESCRIPT, function="language_tsx")

GO = Grammar(
    "tree_sitter_go",
    strings=_words("interpreted_string_literal raw_string_literal rune_literal"),
)

RUST = Grammar(
    "tree_sitter_rust",
    comments=_words("line_comment block_comment"),
    strings=_words("string_literal raw_string_literal char_literal"),
)

JAVA = Grammar(
    "tree_sitter_java",
    comments=_words("line_comment block_comment"),
    strings=_words("string_literal character_literal"),
    holes=_words("string_interpolation"),
)

C = Grammar(
    "tree_sitter_c",
    strings=_words("string_literal char_literal system_lib_string"),
)

CPP = replace(
    C,
    module="tree_sitter_cpp",
    strings=C.strings | _words("raw_string_literal"),
)

C_SHARP = Grammar(
    "tree_sitter_c_sharp",
    strings=_words(
        "string_literal verbatim_string_literal raw_string_literal interpolated_string_expression character_literal"
    ),
    holes=_words("interpolation"),
)

RUBY = Grammar(
    "tree_sitter_ruby",
    strings=_words("string string_array symbol_array regex heredoc_body subshell delimited_symbol character"),
    holes=_words("interpolation"),
    comment_marks=(*_HASH, (rb"=begin\b", rb"=end")),
)

PHP = Grammar(
    "tree_sitter_php",
    "language_php",
    strings=_words("string encapsed_string heredoc_body nowdoc_body shell_command_expression"),
    comment_marks=(*C.comment_marks, *_HASH),
)

LUA = Grammar(
    "tree_sitter_lua",
    comment_marks=((rb"--\[=*\[", rb"\]=*\]"), (rb"--", b"")),
)

BASH = Grammar(
    "tree_sitter_bash",
    strings=_words("string raw_string ansi_c_string translated_string heredoc_body"),
    holes=_words("command_substitution expansion arithmetic_expansion process_substitution"),
    comment_marks=_HASH,
)

HTML = Grammar(
    "tree_sitter_html",
    strings=_words("quoted_attribute_value"),
    comment_marks=((rb"<!--", rb"-->"),),
)

CSS = Grammar(
    "tree_sitter_css",
    comments=_words("comment js_comment"),
    strings=_words("string_value"),
    comment_marks=((rb"/\*", rb"\*/"),),
)

JSON = Grammar("tree_sitter_json")
