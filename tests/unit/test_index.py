"""The index: what the queries find, where imports lead, what is chosen, and that nothing excluded is in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot_lsp.completion.chunks import Cursor, Options, Picked, select
from copilot_lsp.completion.wanted import wanted
from copilot_lsp.source import syntax
from copilot_lsp.source.document import Document
from copilot_lsp.source.languages import LANGUAGES
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.imports import Files, resolve
from copilot_lsp.workspace.index.library import Library
from copilot_lsp.workspace.index.symbols import QUERIES, outline
from copilot_lsp.workspace.index.terms import parts, windows
from copilot_lsp.workspace.index.update import Scope, update

SAMPLES = {
    "python": ('class A(B):\n    """Doc."""\n    n: int\n    def f(self, x): ...\n', "class A(B):", "A n f"),
    "javascript": ("export class A { f(x) {} }\nexport const g = (n) => { return n }\n", "class A", "A f g"),
    "typescript": ("interface A { n: number; f(x: B): C }\nenum E { One }\n", "interface A", "A n f E One"),
    "typescriptreact": ("export function A(p: P): X { return <b/> }\n", "function A(p: P): X", "A"),
    "go": ("package p\ntype A struct { N int }\nfunc (a *A) F() {}\n", "type A struct", "A N F"),
    "rust": ("pub struct A { n: u32 }\nimpl A { fn f(&self) {} }\n", "pub struct A", "A n f"),
    "java": ("class A { int n; void f() {} }\n", "class A", "A n f"),
    "c": ("typedef struct { int n; } A;\nint f(int x) { return x; }\n", "typedef struct A", "A n f"),
    "cpp": ("class A { int n; void f(); };\nvoid A::g() {}\n", "class A", "A n f g"),
    "csharp": ("class A { int n; void F() {} }\n", "class A", "A n F"),
    "ruby": ("class A\n  def f(x)\n  end\nend\n", "class A", "A f"),
    "php": ("<?php\nclass A { public $n; function f() {} }\n", "class A", "A n f"),
    "lua": ("local A = {}\nfunction A.f(x) end\n", "local A = {}", "A f"),
    "shellscript": ("A=1\nf() { :; }\n", "A=1", "A f"),
    "html": ('<p id="A"></p>\n', 'id="A"', "A"),
    "css": (".A { color: red }\n", ".A", "A"),
    "json": ('{"A": 1}\n', '"A": 1', "A"),
}
"""By language: a text, the signature of its first symbol, and the names of all."""


@pytest.mark.parametrize("language", SAMPLES)
def test_symbols(language: str) -> None:
    text, signature, names = SAMPLES[language]
    tree, note = syntax.parse(language, text.encode())
    found = outline(tree, language).symbols
    assert (note, found[0].signature, [each.name for each in found]) == ("", signature, names.split())


def test_every_grammar_has_a_query() -> None:
    grammars = {row.grammar for row in LANGUAGES if row.grammar}
    assert {f"{each.module.removeprefix('tree_sitter_')}.scm" for each in grammars} == {
        file.name for file in QUERIES.iterdir()
    }


def test_members_know_their_type_and_what_is_local_is_left_out() -> None:
    text = "class A:\n    def f(self):\n        self.n = 1\n        def g(): ...\n        m = 2\n"
    tree, _ = syntax.parse("python", text.encode())
    assert [(each.name, each.parent) for each in outline(tree, "python").symbols] == [("A", ""), ("f", "A"), ("n", "A")]


IMPORTS = [
    ("python", "from ..a.b import c", "/r/p/q/x.py", "/r/p/a/b.py"),
    ("python", "from p.a.b import c", "/r/p/q/x.py", "/r/p/a/b.py"),
    ("python", "import p.a.b as z", "/r/x.py", "/r/p/a/b.py"),
    ("typescript", 'import { c } from "./a/b.js"', "/r/p/x.ts", "/r/p/a/b.ts"),
    ("typescript", 'import c from "@/a/b"', "/r/q/x.ts", "/r/p/a/b.ts"),
    ("go", 'z "example.com/m/p/a"', "/r/x.go", "/r/p/a/b.go"),
    ("rust", "use crate::a::{b, z::{y}};", "/r/p/q/x.rs", "/r/p/a/b.rs"),
    ("rust", "mod b;", "/r/p/a/mod.rs", "/r/p/a/b.rs"),
    ("java", "import p.a.B;", "/r/q/X.java", "/r/p/a/B.java"),
    ("cpp", '#include "a/b.h"', "/r/p/x.cpp", "/r/p/a/b.h"),
    ("ruby", 'require_relative "a/b"', "/r/p/x.rb", "/r/p/a/b.rb"),
    ("lua", 'require("p.a.b")', "/r/x.lua", "/r/p/a/b.lua"),
]


@pytest.mark.parametrize(("language", "statement", "at", "target"), IMPORTS)
def test_imports(language: str, statement: str, at: str, target: str) -> None:
    paths = {target, "/r/p/lib.rs", "/r/z/other.py"}
    aliases, modules = {"@/*": ("/r/p/*",)}, {"example.com/m": "/r"}
    files = Files(
        paths.__contains__, lambda end: tuple(p for p in sorted(paths) if p.endswith(end)), "/r", aliases, modules
    )
    assert resolve((statement,), language, at, files).paths == (target,)


def test_words_of_names() -> None:
    assert parts("getUserName") == ("get", "user", "name")
    assert parts("HTTPServer_v2") == ("http", "server")
    assert parts("plain") == ()


def test_windows_cover_every_line_once_or_twice() -> None:
    lines = [f"name{number:03}" for number in range(45)]
    assert [window.first for window in windows(lines)] == [0, 10, 20, 30]


def build(root: Path, index: Path, *exclude: str) -> Library:
    database = store.open_to_write(index)
    for _ in update(database, Scope((str(root),), exclude), {}):
        pass
    database.close()
    return Library(store.open_to_read(index), (str(root),))


def chosen(library: Library, root: Path, path: str, text: str) -> tuple[Picked, ...]:
    """At the `|` in `text`."""
    before, _, after = text.partition("|")
    document = Document.open((root / path).as_uri(), path, "python", 0, before + after, 100_000)
    place = Cursor(document.snapshot(), len(before.encode()), (root / path).as_posix())
    return select(library, place, Options(512))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app/client.py").write_text(
        'class Client:\n    """Talks to the server."""\n\n    def __init__(self, url: str) -> None:\n'
        "        self.url = url\n\n    def fetch_page(self, number: int) -> bytes:\n        return b''\n"
    )
    (root / "app/main.py").write_text("x = 1\n")
    return root


def test_a_definition_is_shown_as_a_skeleton(project: Path, tmp_path: Path) -> None:
    library = build(project, tmp_path / "index.sqlite")
    text = "from app.client import Client\n\ndef main():\n    client = Client('x')\n    page = client.|\n"
    (picked,) = chosen(library, project, "app/main.py", text)
    assert (picked.chunk.path, picked.why) == ("app/client.py", "defines Client (imported)")
    assert picked.chunk.text == (
        'class Client:\n    """Talks to the server."""\n    def __init__(self, url: str) -> None:\n'
        "    self.url = url\n    def fetch_page(self, number: int) -> bytes:"
    )


@pytest.mark.parametrize("text", ["x = 1\ny = |\n", "# Client |\n", 'Client = "Client |"\n'])
def test_nothing_is_shown_where_nothing_fits(project: Path, tmp_path: Path, text: str) -> None:
    assert chosen(build(project, tmp_path / "index.sqlite"), project, "app/main.py", text) == ()


def test_a_name_that_many_files_define_is_not_believed(project: Path, tmp_path: Path) -> None:
    for number in range(5):
        (project / f"package{number}").mkdir()
        (project / f"package{number}/module.py").write_text("def common_name(): ...\n")
    assert chosen(build(project, tmp_path / "i.sqlite"), project, "app/main.py", "common_name(|)\n") == ()


@pytest.mark.parametrize("name", ["__enter__", "fetch_page"])
def test_names_of_the_language_and_of_the_files_own_types_bring_nothing(
    project: Path, tmp_path: Path, name: str
) -> None:
    (project / "app/other.py").write_text("class Other:\n    def __enter__(self): ...\n")
    library = build(project, tmp_path / "index.sqlite")
    text = f"class Own:\n    def {name}(self):\n        |\n"
    assert chosen(library, project, "app/main.py", text) == ()


def test_an_open_buffer_counts_in_place_of_the_file(project: Path, tmp_path: Path) -> None:
    index, path = tmp_path / "index.sqlite", (project / "app/client.py").as_posix()
    build(project, index).close()
    database = store.open_to_write(index)
    list(update(database, Scope((str(project),)), {path: "class Renamed: ...\n"}))
    library = Library(store.open_to_read(index))
    assert (len(library.definitions("Renamed", "python")), library.definitions("Client", "python")) == (1, [])
    list(update(database, Scope((str(project),)), {}))
    library.refresh()
    assert (library.definitions("Renamed", "python"), len(library.definitions("Client", "python"))) == ([], 1)


def test_what_a_library_keeps_in_memory_is_that_of_the_last_refresh(project: Path, tmp_path: Path) -> None:
    alike = "def work():\n    open_gate(first_signal)\n    open_gate(second_signal)\n    close_gate(first_signal)\n"
    text = "open_gate(first_signal)\nopen_gate(second_signal)\n|\n"
    (project / "app/zebra.py").write_text(alike)
    library = build(project, tmp_path / "index.sqlite")
    assert [each.chunk.path for each in chosen(library, project, "app/main.py", text)] == ["app/zebra.py"]
    (project / "app/zebra.py").write_text("nothing = 1\n" * 30 + alike)
    build(project, tmp_path / "index.sqlite").close()
    library.refresh()
    (moved,) = chosen(library, project, "app/main.py", text)
    assert "close_gate" in moved.chunk.text
    (project / "app/zebra.py").unlink()
    build(project, tmp_path / "index.sqlite").close()
    library.refresh()
    assert chosen(library, project, "app/main.py", text) == ()


def test_the_type_of_a_receiver_weighs_most() -> None:
    text = "def f(client: Client, other: Other):\n    other.start()\n    client."
    snapshot = Document.open("", "x.py", "python", 0, text, 1000).snapshot()
    found = wanted(snapshot, len(text))
    assert next(iter(found.weights)) == "Client"


def test_a_broken_index_is_made_anew(tmp_path: Path) -> None:
    index = tmp_path / "index.sqlite"
    index.write_bytes(b"not a database" * 1000)
    assert store.counts(store.open_to_write(index))["files"] == 0
    sqlite3.connect(index).execute("PRAGMA user_version = 99").connection.close()
    assert store.counts(store.open_to_write(index))["files"] == 0


NAMES = st.sampled_from(["a", "b", "secrets", "sub", ".hidden", "vendor"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".py")
PATTERNS = st.lists(st.sampled_from(["a/", "b.py", "/sub/**", "*.py", "!a.py", "secrets*"]), max_size=2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.sets(PATHS, min_size=1, max_size=8),
    first=PATTERNS,
    then=PATTERNS,
    ignored=st.dictionaries(st.sampled_from([".gitignore", ".copilotlspignore", "a/.gitignore"]), PATTERNS),
    renamed=st.tuples(PATHS, PATHS),
)
def test_what_is_excluded_now_is_in_no_byte_of_the_index_and_in_no_prompt(
    tmp_path: Path,
    paths: set[str],
    first: list[str],
    then: list[str],
    ignored: dict[str, list[str]],
    renamed: tuple[str, str],
) -> None:
    """Over trees with links, ignore files at several levels, renames, and settings that change.

    Also with a library that was open before, and keeps in memory what it read.
    """
    root, index = tmp_path / "tree", tmp_path / "index.sqlite"
    shutil.rmtree(root, ignore_errors=True)
    store.delete(index)
    root.mkdir()
    marks = {}
    for number, path in enumerate(sorted(paths)):
        marks[path] = f"mark_{number:04}_end"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"def {marks[path]}(): ...\n\n\nfirst_shared(second_shared, {marks[path]})\n")
    (root / "link.py").symlink_to(root / min(paths))
    before = build(root, index, *first)
    text = f"first_shared(second_shared, {', '.join(marks.values())}, |)\n"
    chosen(before, root, "main.py", text)
    for name, lines in ignored.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("\n".join(lines))
    if renamed[0] in marks and not (root / renamed[1]).exists():
        (root / renamed[1]).parent.mkdir(parents=True, exist_ok=True)
        (root / renamed[0]).rename(root / renamed[1])
        marks[renamed[1]] = marks.pop(renamed[0])
    build(root, index, *then).close()
    gate = Scope((str(root),), tuple(then)).gate()
    allowed = {path for path in marks if gate.refuses_reading(root / path) is None}
    before.refresh()
    prompt = "".join(picked.chunk.path + picked.chunk.text for picked in chosen(before, root, "main.py", text))
    assert {path for path, mark in marks.items() if mark in prompt} <= allowed
    before.close()
    build(root, index, *then).close()
    held = b"".join(each.read_bytes() for each in tmp_path.glob("index.sqlite*"))
    assert {path for path, mark in marks.items() if mark.encode() in held} <= allowed


def test_a_definition_too_long_for_the_budget_gives_way_to_the_next(project: Path, tmp_path: Path) -> None:
    fields = "".join(f"    a_rather_long_field_{number}: dict[str, list[int]] = {{}}\n" for number in range(30))
    (project / "app/big.py").write_text(f"class Enormous:\n{fields}")
    library = build(project, tmp_path / "index.sqlite")
    text = "from app.big import Enormous\nfrom app.client import Client\nx = Enormous(Client(|))\n"
    document = Document.open("", "app/main.py", "python", 0, text.replace("|", ""), 100_000)
    place = Cursor(document.snapshot(), text.index("|"), (project / "app/main.py").as_posix())
    assert [each.chunk.path for each in select(library, place, Options(128))] == ["app/client.py"]


def test_a_file_whose_name_is_no_text_is_left_out(project: Path, tmp_path: Path) -> None:
    try:
        (project / "app" / os.fsdecode(b"caf\xe9.py")).write_text("def unheard_of():\n    pass\n")
    except OSError:
        pytest.skip("such names cannot be here")
    library = build(project, tmp_path / "index.sqlite")
    assert library.size == 2
    library.close()
