"""The grammars: which wheel has each, and what its node types mean.

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

    `scopes` have a header and a body (functions, classes, modules); the body is the field `body`, else the
    first child of a type in `bodies`. In an `indented` language a scope ends where the indentation drops.
    `openers` and `closers` are the tokens (unnamed nodes) that tell blocks in code too broken to have scopes.
    `imports` bring names in; so do those of `import_calls` whose text matches `import_call`.
    `holes` are code inside a string.
    `comment_marks` open and close a comment (regular expressions; "": the end of the line closes it); `quotes` of
    one character end with their line, longer ones and the backtick do not.
    """

    module: str
    function: str = "language"
    scopes: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    indented: bool = False
    openers: frozenset[str] = frozenset({"{"})
    closers: frozenset[str] = frozenset({"}"})
    imports: frozenset[str] = frozenset()
    import_calls: frozenset[str] = frozenset()
    import_call: bytes = b""
    comments: frozenset[str] = frozenset({"comment"})
    strings: frozenset[str] = frozenset({"string"})
    holes: frozenset[str] = frozenset()
    comment_marks: tuple[tuple[bytes, bytes], ...] = ((rb"//", b""), (rb"/\*", rb"\*/"))
    quotes: tuple[bytes, ...] = (b'"', b"'")

    def load(self) -> tree_sitter.Language | str:
        """The grammar, or one line saying why it cannot be had."""
        try:
            return tree_sitter.Language(getattr(importlib.import_module(self.module), self.function)())
        except Exception as error:  # whatever a broken wheel does, its documents are still completed
            return f"no syntax tree: the grammar {self.module} cannot be loaded ({error})"


PYTHON = Grammar(
    "tree_sitter_python",
    scopes=_words("function_definition class_definition"),
    indented=True,
    openers=_words("class def"),
    closers=frozenset(),
    comment_marks=_HASH,
    quotes=(b'"""', b"'''", b'"', b"'"),
    imports=_words("import_statement import_from_statement future_import_statement"),
    holes=_words("interpolation"),
)

JAVASCRIPT = Grammar(
    "tree_sitter_javascript",
    scopes=_words(
        "function_declaration generator_function_declaration function_expression generator_function"
        " arrow_function method_definition class_declaration class class_static_block"
    ),
    imports=_words("import_statement"),
    import_calls=_words("lexical_declaration variable_declaration expression_statement"),
    import_call=rb"(?:(?:const|let|var)\s[^=]*=\s*)?require\(",
    comments=_words("comment html_comment"),
    strings=_words("string template_string regex"),
    holes=_words("template_substitution"),
    quotes=(b'"', b"'", b"`"),
)

TYPESCRIPT = replace(
    JAVASCRIPT,
    module="tree_sitter_typescript",
    function="language_typescript",
    scopes=JAVASCRIPT.scopes
    | _words("abstract_class_declaration interface_declaration enum_declaration internal_module module"),
)

TSX = replace(TYPESCRIPT, function="language_tsx")

GO = Grammar(
    "tree_sitter_go",
    scopes=_words("function_declaration method_declaration func_literal struct_type interface_type"),
    bodies=_words("field_declaration_list"),
    imports=_words("package_clause import_declaration"),
    strings=_words("interpreted_string_literal raw_string_literal rune_literal"),
    quotes=(b'"', b"'", b"`"),
)

RUST = Grammar(
    "tree_sitter_rust",
    scopes=_words("function_item impl_item trait_item mod_item struct_item enum_item union_item closure_expression"),
    imports=_words("use_declaration extern_crate_declaration"),
    comments=_words("line_comment block_comment"),
    strings=_words("string_literal raw_string_literal char_literal"),
    quotes=(b'"',),  # a single quote is more often a lifetime
)

JAVA = Grammar(
    "tree_sitter_java",
    scopes=_words(
        "class_declaration interface_declaration enum_declaration record_declaration method_declaration"
        " annotation_type_declaration constructor_declaration compact_constructor_declaration"
        " lambda_expression"
    ),
    imports=_words("package_declaration import_declaration"),
    comments=_words("line_comment block_comment"),
    strings=_words("string_literal character_literal"),
    holes=_words("string_interpolation"),
    quotes=(b'"""', b'"', b"'"),
)

C = Grammar(
    "tree_sitter_c",
    scopes=_words("function_definition struct_specifier union_specifier enum_specifier"),
    imports=_words("preproc_include"),
    strings=_words("string_literal char_literal system_lib_string"),
)

CPP = replace(
    C,
    module="tree_sitter_cpp",
    scopes=C.scopes | _words("class_specifier namespace_definition lambda_expression"),
    imports=C.imports | _words("using_declaration namespace_alias_definition"),
    strings=C.strings | _words("raw_string_literal"),
)

C_SHARP = Grammar(
    "tree_sitter_c_sharp",
    scopes=_words(
        "namespace_declaration class_declaration struct_declaration record_declaration interface_declaration"
        " enum_declaration method_declaration constructor_declaration destructor_declaration"
        " local_function_statement lambda_expression anonymous_method_expression"
    ),
    imports=_words("using_directive"),
    strings=_words(
        "string_literal verbatim_string_literal raw_string_literal interpolated_string_expression character_literal"
    ),
    holes=_words("interpolation"),
)

RUBY = Grammar(
    "tree_sitter_ruby",
    scopes=_words("module class singleton_class method singleton_method do_block lambda"),
    openers=_words("module class def do begin if unless case while until for {"),
    closers=_words("end }"),
    import_calls=_words("call"),
    import_call=rb"(?:require|require_relative|load|autoload)\b",
    strings=_words("string string_array symbol_array regex heredoc_body subshell delimited_symbol character"),
    holes=_words("interpolation"),
    comment_marks=(*_HASH, (rb"=begin\b", rb"=end")),
)

PHP = Grammar(
    "tree_sitter_php",
    "language_php",
    scopes=_words(
        "namespace_definition class_declaration interface_declaration trait_declaration enum_declaration"
        " function_definition method_declaration anonymous_function anonymous_class arrow_function"
    ),
    imports=_words("namespace_use_declaration"),
    import_calls=_words("expression_statement"),
    import_call=rb"(?:require|include)(?:_once)?\b",
    strings=_words("string encapsed_string heredoc_body nowdoc_body shell_command_expression"),
    comment_marks=(*C.comment_marks, *_HASH),
)

LUA = Grammar(
    "tree_sitter_lua",
    scopes=_words("function_declaration function_definition"),
    openers=_words("function do if repeat"),
    closers=_words("end until"),
    import_calls=_words("variable_declaration assignment_statement function_call"),
    import_call=rb"(?:(?:local\s+)?[\w.]+\s*=\s*)?require\b",
    comment_marks=((rb"--\[=*\[", rb"\]=*\]"), (rb"--", b"")),
)

BASH = Grammar(
    "tree_sitter_bash",
    scopes=_words("function_definition"),
    import_calls=_words("command"),
    import_call=rb"(?:source|\.)\s",
    strings=_words("string raw_string ansi_c_string translated_string heredoc_body"),
    holes=_words("command_substitution expansion arithmetic_expansion process_substitution"),
    comment_marks=_HASH,
)

HTML = Grammar(
    "tree_sitter_html",
    strings=_words("quoted_attribute_value"),
    comment_marks=((rb"<!--", rb"-->"),),
    quotes=(b'"',),
)

CSS = Grammar(
    "tree_sitter_css",
    scopes=_words("rule_set media_statement supports_statement keyframes_statement at_rule"),
    bodies=_words("block keyframe_block_list"),
    imports=_words("import_statement charset_statement"),
    comments=_words("comment js_comment"),
    strings=_words("string_value"),
    comment_marks=((rb"/\*", rb"\*/"),),
)

JSON = Grammar("tree_sitter_json")
