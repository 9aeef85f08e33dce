from __future__ import annotations

import pytest
from markers import cursor

from copilot_lsp.core import syntax
from copilot_lsp.core.scopes import Scope, enclosing_scopes


def headers(language: str, marked: str) -> list[str]:
    source, offset = cursor(marked)
    tree, note = syntax.parse(language, source.encode())
    assert tree is not None, note
    return [header(source.encode(), scope) for scope in enclosing_scopes(tree, language, offset)]


def header(source: bytes, scope: Scope) -> str:
    text = source[scope.start_byte : scope.body_start_byte].decode()
    return text.split("\n")[0] if scope.body_start_byte is None else text.rstrip()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A:\n    def f(self):\n        ‸", ["class A:", "def f(self):"]),
        ("class A:\n    def f(self):\n        x = 1\n        ‸", ["class A:", "def f(self):"]),
        ("class A:\n    def f(self):\n        x = 1\n    ‸", ["class A:"]),
        ("class A:\n    def f(self):\n        x = 1\n\n‸", []),
        ("class A:\n\tdef f(self):\n\t\tx = 1\n\t‸\n\tdef g(self): ...\n", ["class A:"]),
        ("def f():‸", ["def f():"]),
        ("def f(a,\n      b):‸", ["def f(a,\n      b):"]),
        ("def f(): return ‸", ["def f():"]),
        ("def f():\n    return 1‸", ["def f():"]),
        ("‸def f(): ...", []),
        ("async def f():\n    await g.‸\n\ndef h(): ...\n", ["async def f():"]),
        ("def f():\r    if x:\r        ‸", ["def f():"]),
        # Broken code: an open bracket swallows what follows.
        ("class A:\n  def f(self):\n    x = g(‸\n\n  def h(self):\n    pass\n\ny = 1\n", ["class A:", "def f(self):"]),
        ("class A:\n  def f(self):\n    x = g(\n\n  def h(self):\n    ‸pass\n\ny = 1\n", ["class A:", "def h(self):"]),
        ("class A:\n  def f(self):\n    x = g(\n\n  def h(self):\n    pass\n\ny = 1‸\n", []),
    ],
)
def test_python(source: str, expected: list[str]) -> None:
    assert headers("python", source) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("javascript", "class A {\n  f(x) {\n    let y = x.‸\n  }\n  g() {}\n}\n", ["class A", "f(x)"]),
        ("javascript", "class A {\n  f(x) {\n  }\n  ‸\n}\n", ["class A"]),
        ("javascript", "class A {\n  f(x) {\n    ‸", ["class A", "f(x)"]),
        ("javascript", "const f = (x) => {\n  ‸\n};\n", ["(x) =>"]),
        ("javascript", "function f() { return 1; }‸", []),
        ("javascript", "function f() { return 1; }\n‸\n", []),
        ("javascript", "function f() {\n  const y = 1;\n\n‸", ["function f()"]),
        ("javascriptreact", "function F() { return <p>{‸}</p>; }", ["function F()"]),
        ("typescript", "namespace N { export abstract class B { m(): void { ‸ } } }", None),
        ("typescriptreact", "export interface A {\n  ‸\n}", ["interface A"]),
        ("go", "func (s *S) f() {\n\tx := 1\n\t‸", ["func (s *S) f()"]),
        ("go", "type A struct {\n\t‸\n}", ["struct"]),
        ("rust", "impl A {\n    fn f(&self) {\n        ‸", ["impl A", "fn f(&self)"]),
        ("rust", "impl A {\n    fn f(&self) {\n        ‸\n    }\n}\n", ["impl A", "fn f(&self)"]),
        ("java", "class A {\n  void f() {\n    int x = 1;\n    ‸", ["class A", "void f()"]),
        ("c", "int f(void) {\n  int x = 1;\n  ‸", ["int f(void)"]),
        ("cpp", "namespace a { class B { int f() { ‸ } }; }", ["namespace a", "class B", "int f()"]),
        ("csharp", "namespace A { class B { int F() { ‸ } } }", ["namespace A", "class B", "int F()"]),
        ("ruby", "class A\n  def f(x)\n    ‸", ["class A", "def f(x)"]),
        ("ruby", "class A\n  def f(x)\n    y = 1\n  end\n\n  def g\n    ‸\n  end\nend\n", ["class A", "def g"]),
        ("ruby", "class A\n  def f(x)\n    y = 1\n  end\n  ‸", ["class A"]),
        ("lua", "function f(x)\n  local y = 1\n  ‸", ["function f(x)"]),
        ("lua", "function f(x)\n  ‸\nend\n", ["function f(x)"]),
        ("php", "<?php\nclass A {\n  function f() {\n    ‸\n  }\n}\n", ["class A", "function f()"]),
        ("shellscript", "f() {\n  local x=1\n  ‸", ["f()"]),
        ("css", "@media x {\n  a {\n    ‸\n  }\n}\n", ["@media x", "a"]),
        ("json", '{"a": {"b": ‸}}', []),
    ],
)
def test_other_languages(language: str, source: str, expected: list[str] | None) -> None:
    nested = ["namespace N", "abstract class B", "m(): void"]
    assert headers(language, source) == (nested if expected is None else expected)


def test_scope_offsets() -> None:
    source, offset = cursor("class A:\n    def f(self): ‸\n")
    tree, _ = syntax.parse("python", source.encode())
    assert tree is not None
    assert enclosing_scopes(tree, "python", offset) == (
        Scope(0, 8, 25, "class_definition"),
        Scope(13, 25, 25, "function_definition"),
    )


def test_unknown_language_has_no_scopes() -> None:
    tree, _ = syntax.parse("python", b"def f(): ...")
    assert tree is not None
    assert enclosing_scopes(tree, "no-such-language", 10) == ()
