from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest
import tree_sitter

from copilot_lsp.source import grammars
from copilot_lsp.source.grammars import Grammar
from copilot_lsp.source.languages import LANGUAGES, UNKNOWN, is_listed, language_of, language_of_path, line_comment

GRAMMARS = {row.grammar.module + "." + row.grammar.function: row.grammar for row in LANGUAGES if row.grammar}

NODE_TYPES = ("comments", "strings", "holes")


@pytest.mark.parametrize("name", GRAMMARS)
def test_grammar_loads_and_has_the_node_types_of_the_table(name: str) -> None:
    grammar = GRAMMARS[name]
    language = grammar.load()
    assert isinstance(language, tree_sitter.Language), language
    types = set().union(*(getattr(grammar, field) for field in NODE_TYPES))
    assert {type for type in types if not language.id_for_node_kind(type, True)} == set()


def test_every_set_of_node_types_is_checked() -> None:
    sets = {field.name for field in fields(Grammar) if "frozenset" in str(field.type)}
    assert sets == set(NODE_TYPES)


def test_missing_wheel_is_one_line() -> None:
    reason = Grammar("tree_sitter_klingon").load()
    assert isinstance(reason, str)
    assert "tree_sitter_klingon" in reason
    assert "\n" not in reason


def test_broken_wheel_is_one_line() -> None:
    assert "cannot be loaded" in str(Grammar("tree_sitter_python", "no_such_function").load())
    assert "cannot be loaded" in str(Grammar("os", "getpid").load())


def test_importing_the_table_loads_no_grammar() -> None:
    code = "import sys, copilot_lsp.source.document; print([m for m in sys.modules if m.startswith('tree_sitter_')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_ids_aliases_suffixes_and_names_belong_to_one_language() -> None:
    for kind in (
        [name for row in LANGUAGES for name in (row.id, *row.aliases)],
        [suffix for row in LANGUAGES for suffix in row.suffixes],
        [name for row in LANGUAGES for name in row.names],
    ):
        assert len(kind) == len(set(kind))


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("src/b.TSX", "typescriptreact"),
        ("C:\\code\\main.rs", "rust"),
        ("/x.y/Makefile", "makefile"),
        ("include/a.h", "cpp"),
        ("tsconfig.json", "jsonc"),
        ("package.json", "json"),
        (".bashrc", "shellscript"),
        ("Dockerfile", "dockerfile"),
        ("a.py.orig", ""),
        ("README", ""),
        ("", ""),
    ],
)
def test_language_of_path(path: str, language: str) -> None:
    assert language_of_path(path) == language


@pytest.mark.parametrize(
    ("sent", "id"),
    [("python", "python"), ("Python", "python"), ("sh", "shellscript"), ("c++", "cpp"), ("jsx", "javascriptreact")],
)
def test_language_of_what_clients_send(sent: str, id: str) -> None:
    assert language_of(sent).id == id


def test_unknown_language() -> None:
    assert language_of("klingon") is UNKNOWN
    assert language_of("").grammar is None
    assert line_comment("klingon") == ""
    assert line_comment("lua") == "--"


def test_grammars_are_shared_not_repeated() -> None:
    assert language_of("json").grammar is language_of("jsonc").grammar is grammars.JSON


@pytest.mark.parametrize(
    ("listed", "called", "expected"),
    [
        ("python", "python", True),
        ("Markdown", "markdown", True),
        ("bash", "shellscript", True),
        ("shellscript", "bash", True),
        ("sh", "zsh", True),
        ("C++", "cpp", True),
        ("c++", "C++", True),
        (" golang ", "go", True),
        (".yml", "yaml", True),
        ("py", "python", True),
        ("django-html", "Django-HTML", True),
        ("c", "cpp", False),
        ("javascript", "javascriptreact", False),
        ("", "", False),
        ("", "klingon", False),
    ],
)
def test_a_language_is_found_in_a_list_by_any_of_its_names(listed: str, called: str, expected: bool) -> None:
    assert is_listed({listed}, called) is expected


def test_what_the_client_calls_a_language_and_what_we_call_it_both_count() -> None:
    assert is_listed({"django-html"}, "django-html", "html")
    assert is_listed({"HTML"}, "django-html", "html")
    assert not is_listed({"css", "htmldjango"}, "django-html", "html")
