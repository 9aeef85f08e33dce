"""Nothing is closed twice: a text ends before the closer that stands right of the cursor, in every language.

The model writes on as if nothing stood there; `|` is the cursor.
"""

from __future__ import annotations

import pytest

from copilot_lsp.postprocess.pipeline import RawCompletion, finish, stop_at
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.source.document import Document
from copilot_lsp.source.languages import language_of_path

CASES = [
    ("a.js", "console.log(`hello ${|}`)\n", "name}`)", "name"),
    ("a.ts", "const x = `a ${|} b`;\n", "v} b`;", "v"),
    ("a.py", 'print(f"hello {|}")\n', 'name}!")', "name"),
    ("a.py", "print(f'hello {|}')\n", "name}')", "name"),
    ("a.py", 'x = f"""\n{|}\n"""\n', "name}", "name"),
    ("a.rb", 'puts "hello #{|}"\n', 'name}"', "name"),
    ("a.php", '<?php\necho "hello {$|}";\n', 'name}";', "name"),
    ("a.php", '<?php\necho "hello {|}";\n', '$name}";', "$name"),
    ("a.cs", 'class A { void F() {\n  var s = $"hello {|}";\n} }\n', 'name}";', "name"),
    ("a.kt", 'fun f() { println("hi ${|}") }\n', 'name}")', "name"),
    ("a.rs", 'fn main() {\n    println!("hi {|}");\n}\n', 'name}");', "name"),
    ("a.tsx", "const a = <div>{|}</div>;\n", "name}</div>;", "name"),
    ("a.jsx", "const a = <p className={|}>x</p>;\n", "name}>x</p>", "name"),
    ("a.sh", 'echo "hi $(|)"\n', 'date)"', "date"),
    ("a.sh", 'echo "hi ${|}"\n', 'NAME}"', "NAME"),
    ("a.swift", 'print("hi \\(|)")\n', 'name)")', "name"),
    ("a.scala", 'println(s"hello ${|}")\n', 'name}")', "name"),
    ("a.ex", 'IO.puts("hello #{|}")\n', 'name}")', "name"),
    ("a.dart", 'main() { print("hello ${|}"); }\n', 'name}");', "name"),
    ("a.go", "package a\nfunc f() { g(|) }\n", "x) }", "x"),
    ("a.py", "foo(|)\n", "a, b)", "a, b"),
    ("a.py", "x = [|]\n", "1, 2]", "1, 2"),
    ("a.py", "x = {'a': '|'}\n", "b'}", "b"),
    ("a.java", "class A { void f() { g(|); } }\n", "x);", "x"),
    ("a.cpp", "int main() { f(|); }\n", "x);", "x"),
    ("a.lua", "print('|')\n", "hi')", "hi"),
    ("a.vue", "<template><p>{{ | }}</p></template>\n", "name }}</p>", "name"),
    ("a.html", '<p class="|"></p>\n', 'row"></p>', "row"),
    ("a.css", "a { color: var(|); }\n", "--x);", "--x"),
    ("a.yaml", 'a: "{{ | }}"\n', 'x }}"', "x"),
    ("a.tf", 'name = "web-${|}"\n', 'var.name}"', "var.name"),
    ("a.groovy", 'println "hello ${|}"\n', 'name}"', "name"),
    ("a.pl", 'print "hello @{[ | ]}";\n', 'name ]}";', "name"),
    ("a.cs", 'class A { void F() {\n  Console.WriteLine($"{|}");\n} }\n', 'name}");', "name"),
    ("a.jl", 'println("hi $(|)")\n', 'name)")', "name"),
    ("a.nix", 'x = "hi ${|}";\n', 'name}";', "name"),
]
"""(file, its text, what the model writes, what is shown)"""


@pytest.mark.parametrize("shape", [Shape.LINE, Shape.BLOCK])
@pytest.mark.parametrize(("file", "source", "written", "shown"), CASES)
def test_nothing_is_closed_twice(file: str, source: str, written: str, shown: str, shape: Shape) -> None:
    offset = len(source[: source.index("|")].encode())
    snapshot = Document.open(
        f"file:///{file}", file, language_of_path(file), 1, source.replace("|", "", 1), 500_000
    ).snapshot()
    stop = stop_at(RawCompletion(snapshot, offset, shape, written))
    text = finish(RawCompletion(snapshot, offset, shape, written[:stop]))
    assert isinstance(text, str)
    assert text.rstrip() == shown
