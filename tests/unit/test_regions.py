from __future__ import annotations

import pytest
from markers import cursor

from copilot_lsp.source import syntax
from copilot_lsp.source.document import Document
from copilot_lsp.source.regions import MAX_SCAN_BYTES, Region, in_string, marks_of_comments, region_at

CODE, COMMENT, STRING = Region.CODE, Region.COMMENT, Region.STRING


def region(language: str, marked: str) -> Region:
    source, offset = cursor(marked)
    tree, note = syntax.parse(language, source.encode())
    assert tree is not None, note
    found = region_at(tree, language, offset)
    assert in_string(tree, language, offset) is (found is STRING)
    return found


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", "x = 'abc‸", STRING),
        ("python", "x = 'a ‸\ny = 1\n", STRING),
        ("python", "x = f'{a‸}'", CODE),
        ("python", "x = f'a{a}‸'", STRING),
        ("python", "x = f'{‸", CODE),
        ("python", "x = f'{a[\"b‸", STRING),
        ("python", "x = f'{{‸", STRING),
        ("python", "x = f'{a:#‸", CODE),
        ("python", "# a‸", COMMENT),
        ("python", "# a ‸\nx", COMMENT),
        ("python", "#‸", COMMENT),
        ("python", "x = '''a\nb‸", STRING),
        ("python", "x = '''a\nb ‸\ny='c'\n", STRING),
        ("python", "f('a‸')", STRING),
        ("python", "f('a'‸)", CODE),
        ("python", "x = '‸'", STRING),
        ("python", "x=''‸", CODE),
        ("python", 'f("‸', STRING),
        ("python", "d['a‸", STRING),
        ("javascript", "x = 'abc‸", STRING),
        ("javascript", "x = 'a ‸\ny = 1\n", STRING),
        ("javascript", "x = `${a‸}`", CODE),
        ("javascript", "x = `a${a}‸`", STRING),
        ("javascript", "x = `ab\n c ‸", STRING),
        ("javascript", "x = `a ${b‸", CODE),
        ("javascript", "x = `a ${b} c‸", STRING),
        ("javascript", "x = `a ${b(`c‸", STRING),
        ("javascript", "// a‸", COMMENT),
        ("javascript", "// a ‸\nx", COMMENT),
        ("javascript", "/* a ‸", COMMENT),
        ("javascript", "/* a ‸\nx = 1\n", COMMENT),
        ("javascript", "/* a */‸", CODE),
        ("javascript", "f('a‸')", STRING),
        ("javascript", "f('‸", STRING),
        ("javascript", "x = /a‸/", STRING),
        ("javascript", 'let a = "foo b‸;\nlet b = 2;\n', STRING),
        ("typescript", "let x: string‸", CODE),
        ("typescript", "x = 'ab‸", STRING),
        ("go", 'x := "a‸', STRING),
        ("go", "// a‸", COMMENT),
        ("go", "/* a ‸", COMMENT),
        ("go", "/* a */‸", CODE),
        ("go", 'func f() {\n\tx("a b‸\n}\n', STRING),
        ("go", "var x = `a‸", STRING),
        ("go", "func f() {\n\t// foo‸\n}\n", COMMENT),
        ("rust", "/// a‸\nfn f() {}\n", COMMENT),
        ("rust", "/// a\n‸fn f() {}\n", CODE),
        ("rust", "// a‸", COMMENT),
        ("rust", "/* a ‸", COMMENT),
        ("rust", "/* a */‸", CODE),
        ("rust", 'let x = "a b‸', STRING),
        ("rust", 'fn f() { g("a b‸\n}\n', STRING),
        ("java", "// a‸", COMMENT),
        ("java", "/* a ‸", COMMENT),
        ("java", 'class A { String s = "a b‸\n}\n', STRING),
        ("java", "class A { /** foo ‸\n void f(){} }", COMMENT),
        ("c", "// a‸", COMMENT),
        ("c", "/* a ‸\nint x;\n", COMMENT),
        ("c", 'char *s = "a b‸', STRING),
        ("c", 'int f(){ g("a b‸\n}\n', STRING),
        ("c", "#include <a‸", CODE),
        ("c", '#include "a‸', STRING),
        ("cpp", "// a‸", COMMENT),
        ("cpp", "/* a ‸\nint x;\n", COMMENT),
        ("cpp", 'auto s = "a b‸', STRING),
        ("cpp", 'int f(){ g("a b‸\n}\n', STRING),
        ("csharp", "// a‸", COMMENT),
        ("csharp", "/* a ‸\nint x;\n", COMMENT),
        ("csharp", 'var s = "a b‸', STRING),
        ("csharp", 'class A { void f(){ g("a b‸\n}}\n', STRING),
        ("csharp", 'x = $"a{b‸}";', CODE),
        ("csharp", 'x = $"a{b‸', CODE),
        ("ruby", "# a‸", COMMENT),
        ("ruby", 'x = "a b‸', STRING),
        ("ruby", 'x = "a #{b‸}"', CODE),
        ("ruby", 'x = "a #{b‸', CODE),
        ("ruby", "x = 'a b‸\ny=1\n", STRING),
        ("ruby", "=begin\n a‸\n=end\n", COMMENT),
        ("ruby", "x = <<~EOS\n a‸\nEOS\n", STRING),
        ("php", "<?php\n// a‸", COMMENT),
        ("php", "<?php\n/* a ‸\n$x;\n", COMMENT),
        ("php", '<?php\n$x = "a b‸', STRING),
        ("php", "<?php\n$x = 'a b‸\n$y=1;\n", STRING),
        ("php", "<?php\n# a‸\n", COMMENT),
        ("lua", "-- a‸", COMMENT),
        ("lua", "--[[ a ‸", COMMENT),
        ("lua", 'x = "a b‸', STRING),
        ("lua", "--[[ a ]]‸", CODE),
        ("shellscript", "# a‸", COMMENT),
        ("shellscript", 'echo "a b‸', STRING),
        ("shellscript", 'echo "a $(b‸)"', CODE),
        ("shellscript", "echo 'a b‸\ny\n", STRING),
        ("shellscript", "cat <<EOF\na‸\nEOF\n", STRING),
        ("shellscript", 'echo "a $b‸"', STRING),
        ("html", "<!-- a ‸", COMMENT),
        ("html", '<a b="c‸', STRING),
        ("html", '<a b="c‸">', STRING),
        ("html", "<!-- a -->‸", CODE),
        ("css", "/* a ‸", COMMENT),
        ("css", 'a { b: "c‸', STRING),
        ("css", "/* a */‸ a{}", CODE),
        ("json", '{"a‸', STRING),
        ("json", '{"a": "b‸\n}', STRING),
        ("json", '{"a‸": 1}', STRING),
        ("jsonc", "// a‸", COMMENT),
        ("jsonc", "/* a ‸", COMMENT),
    ],
)
def test_region(language: str, source: str, expected: Region) -> None:
    assert region(language, source) is expected


@pytest.mark.parametrize("offset", [-1, 0, 3, 99])
def test_any_offset_is_accepted(offset: int) -> None:
    tree, _ = syntax.parse("python", b"'a'")
    assert tree is not None
    assert region_at(tree, "python", offset) is CODE
    assert region_at(tree, "no-such-language", offset) is CODE


def test_an_error_far_away_is_not_scanned_for() -> None:
    filler = "x = 1\n" * (MAX_SCAN_BYTES // 6 + 1)
    assert region("python", f'"""\n{filler}y = ‸\n') is CODE
    assert region("python", '"""\nx = 1\ny = ‸\n') is STRING


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", "x = 1\n‸", ("#",)),
        ("python", "x = ‸", ("#",)),
        ("javascript", "function f() {\n  ‸\n}", ("//", "/*")),
        ("html", "<p>‸</p>", ()),
        ("python", "# one\n# ‸", ()),
        ("python", "x = '‸'", ()),
        ("python", "\n‸\nimport os\n", ()),
        ("markdown", "text\n\n‸", ()),
    ],
)
def test_marks_of_comments_where_none_is_begun(language: str, source: str, expected: tuple[str, ...]) -> None:
    text, offset = cursor(source)
    snapshot = Document.open("file:///x", "x", language, 1, text, 500_000).snapshot()
    assert marks_of_comments(snapshot, offset) == expected
