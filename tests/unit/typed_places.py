"""A little code in seven languages, to be typed."""

from __future__ import annotations

from copilot_lsp.evaluation.typing.places import Size, places_of

SOURCES = {
    "python": 'import os\n\n\ndef f(a, b):\n    if a:\n        return g(a, "b")\n\n    return {"k": [a]}\n\n\nX = 1\n',
    "typescript": "export function f(a: string) {\n    if (a) {\n        return `${a}b`;\n    }\n    return g(a);\n}\n",
    "go": 'package a\n\nfunc f(a string) string {\n\tif a == "" {\n\t\treturn g(a)\n\t}\n\n\treturn a\n}\n',
    "rust": "fn f<'a>(a: &'a str) -> Vec<u8> {\n    match a {\n        \"x\" => vec![],\n        _ => a,\n    }\n}\n",
    "java": "class A {\n    int f(int a) {\n        // it's (here\n        return g(a);\n    }\n}\n",
    "cpp": "int f(int a) {\n  for (int i = 0; i < a; ++i) {\n    g(a);\n  }\n  return a;\n}\n",
    "ruby": "def f(a)\n  if a\n    g(a)\n  end\n  a\nend\n",
}
ALL = [
    place
    for language, source in SOURCES.items()
    for place in places_of(f"a.{language}", language, source, Size(10, 1000))
]
