"""Resolves import statements to files of the workspace.

A statement is read with regular expressions: tree-sitter has found where it begins and ends. What it names is then
looked for among the files that the workspace has; nothing is read from the disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

_PYTHON_FROM = re.compile(r"from\s+(\.*)\s*([\w.]*)\s+import\s+(.*)", re.DOTALL)
_PYTHON_IMPORT = re.compile(r"import\s+(.*)", re.DOTALL)
_QUOTED = re.compile(r"[\"'`<]([^\"'`>]+)[\"'`>]")
_WORD = re.compile(r"[A-Za-z_]\w*")
_ALIAS = re.compile(r"\s+as\s+\w+|#[^\n]*")
_RUST_MOD = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Files:
    """`has` tells whether the workspace has a file of that absolute '/'-separated path, `ending` gives those whose path
    ends in a suffix that begins with '/'.

    `root` is the workspace folder around the file that imports. `aliases` are the `paths` of a tsconfig.json, absolute:
    a pattern with at most one `*` and what it stands for. `go_modules` are paths in go.mod and the folder of that file.
    """

    has: Callable[[str], bool]
    ending: Callable[[str], tuple[str, ...]]
    root: str
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    go_modules: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """What import statements bring into a file: paths, nearest first, without repetition, and names."""

    paths: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def resolve(statements: tuple[str, ...], language: str, at: str, files: Files) -> Imported:
    """`at` is the absolute path of the file with the `statements`."""
    resolver = RESOLVERS.get(language, _by_quoted)
    paths: dict[str, None] = {}
    for statement in statements:
        for path in resolver(statement, at, files):
            if path != at:
                paths[path] = None
    names = {name for statement in statements for name in _WORD.findall(_names_part(statement, language))}
    return Imported(tuple(paths), frozenset(names))


def _names_part(statement: str, language: str) -> str:
    """Where the names stand: a path in quotes names a file, and what follows Python's `from` a module."""
    if language == "python":
        found = _PYTHON_FROM.match(statement)
        return found[3] if found else statement
    return _QUOTED.sub(" ", statement)


def _python(statement: str, at: str, files: Files) -> Iterator[str]:
    plain = _ALIAS.sub("", statement)
    if found := _PYTHON_FROM.match(plain):
        dots, module, names = found.groups()
        parts = [part for part in module.split(".") if part]
        children = [[*parts, name] for name in _WORD.findall(names)]
        for each in [parts, *children] if parts else children:
            yield from _python_module(each, len(dots), at, files)
        if dots and not parts:
            yield from _python_module([], len(dots), at, files)
    elif found := _PYTHON_IMPORT.match(plain):
        for name in found[1].split(","):
            yield from _python_module(name.strip().split("."), 0, at, files)


def _python_module(parts: list[str], dots: int, at: str, files: Files) -> Iterator[str]:
    """Absolute modules are looked for in every folder from the importing file's up to the root, then in `src`."""
    tail = "/".join(parts)
    if dots:
        folders = [posixpath.normpath(posixpath.join(posixpath.dirname(at), *[".."] * (dots - 1)))]
    else:
        folders = [*_folders_up(at, files.root), posixpath.join(files.root, "src")]
    for folder in folders:
        stem = posixpath.join(folder, tail) if tail else folder
        for path in (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi"):
            if files.has(path):
                yield path
                return


def _folders_up(at: str, root: str) -> Iterator[str]:
    folder = posixpath.dirname(at)
    while folder.startswith(root):
        yield folder
        if folder in (root, "/", ""):
            return
        folder = posixpath.dirname(folder)


SCRIPTS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".json", "")


def _script(statement: str, at: str, files: Files) -> Iterator[str]:
    for name in _QUOTED.findall(statement)[-1:]:
        bases = [posixpath.join(posixpath.dirname(at), name)] if name.startswith(".") else list(_aliased(name, files))
        for base in map(posixpath.normpath, bases):
            # TypeScript's own module resolution lets `./x.js` mean x.ts.
            stems = [base, re.sub(r"\.[cm]?jsx?$", "", base)]
            paths = (stem + end for stem in stems for end in (*SCRIPTS, *(f"/index{end}" for end in SCRIPTS[:-1])))
            if (found := next((path for path in paths if files.has(path)), None)) is not None:
                yield found
                break


def _aliased(name: str, files: Files) -> Iterator[str]:
    for pattern, targets in files.aliases.items():
        head, star, tail = pattern.partition("*")
        if name == pattern or (star and name.startswith(head) and name.endswith(tail)):
            middle = name[len(head) : len(name) - len(tail)] if star else ""
            yield from (target.replace("*", middle, 1) for target in targets)


def _go(statement: str, _at: str, files: Files) -> Iterator[str]:
    for name in _QUOTED.findall(statement):
        for module, folder in files.go_modules.items():
            if name == module or name.startswith(module + "/"):
                prefix = posixpath.normpath(posixpath.join(folder, name[len(module) :].lstrip("/"))) + "/"
                for path in files.ending(".go"):
                    if path.startswith(prefix) and "/" not in path[len(prefix) :] and not path.endswith("_test.go"):
                        yield path


def _rust(statement: str, at: str, files: Files) -> Iterator[str]:
    here = posixpath.dirname(at)
    own = posixpath.splitext(at)[0]
    if found := _RUST_MOD.match(statement):
        base = here if posixpath.basename(at) in ("mod.rs", "lib.rs", "main.rs") else own
        yield from _rust_file(posixpath.join(base, found[1]), files)
        return
    for parts in _rust_paths(re.sub(r"^(?:pub(?:\([^)]*\))?\s+)?use\s+", "", statement).rstrip("; \n")):
        if parts[0] == "crate":
            folder, parts = _crate(at, files), parts[1:]
        elif parts[0] in ("super", "self"):
            inside = posixpath.basename(at) in ("mod.rs", "lib.rs", "main.rs")
            folder = here if inside == (parts[0] == "self") or parts[0] == "super" else own
            folder = posixpath.dirname(here) if parts[0] == "super" and inside else folder
            parts = parts[1:]
        else:
            continue
        for length in range(len(parts), 0, -1):  # the last part may be an item of the module before it
            paths = list(_rust_file(posixpath.join(folder, *parts[:length]), files))
            if paths:
                yield from paths
                break


def _rust_file(stem: str, files: Files) -> Iterator[str]:
    yield from (path for path in (f"{stem}.rs", f"{stem}/mod.rs") if files.has(path))


def _crate(at: str, files: Files) -> str:
    """The folder with the crate's root file."""
    for folder in _folders_up(at, files.root):
        if files.has(f"{folder}/lib.rs") or files.has(f"{folder}/main.rs"):
            return folder
    return posixpath.dirname(at)


def _rust_paths(tree: str) -> Iterator[list[str]]:
    """`a::{b, c::d}` as its leaves; groups within groups are flattened."""
    head, brace, rest = tree.partition("{")
    parts = [part.strip().split(" as ")[0] for part in head.split("::") if part.strip(" *")]
    if not brace:
        if parts:
            yield parts
        return
    depth, piece = 0, ""
    for letter in rest[: rest.rfind("}")] + ",":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            yield from ([*parts, *leaf] for leaf in _rust_paths(piece))
            piece = ""
        else:
            piece += letter


def _dotted(suffixes: tuple[str, ...], separator: str = ".") -> Callable[[str, str, Files], Iterator[str]]:
    """For languages whose packages are folders somewhere below the root; `a.b.*` and a namespace mean all in it."""

    def resolve(statement: str, at: str, files: Files) -> Iterator[str]:
        words = re.sub(r"^(?:import|package|using|use)\s+(?:static\s+|function\s+|const\s+)?", "", statement)
        plain = words.split(" as ")[0].strip("; \n")
        parts = [part for part in re.split(rf"\s*{re.escape(separator)}\s*", plain) if part]
        if statement.startswith("package") or not parts:
            return
        tail = "/".join(part for part in parts if part != "*")
        for suffix in suffixes:
            if parts[-1] != "*":
                yield from files.ending(f"/{tail}{suffix}")
                yield from files.ending(f"/{posixpath.dirname(tail)}{suffix}" if "static" in statement else "\0")
            else:
                yield from (path for path in files.ending(suffix) if posixpath.dirname(path).endswith("/" + tail))

    return resolve


def _by_quoted(statement: str, at: str, files: Files) -> Iterator[str]:
    """C's include, Ruby's and PHP's require, CSS's import, a script's address: beside the file, else by its end."""
    system = statement.lstrip().startswith("#") and "<" in statement
    for name in [] if system else _QUOTED.findall(statement) or statement.split()[1:2]:
        plain = name.removeprefix("./").lstrip("/").split("?")[0]
        for end in ("", ".rb", ".lua", ".php", ".css", ".scss"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(at), plain + end))
            near = [path] if files.has(path) else []
            found = near or list(files.ending("/" + posixpath.normpath(plain + end).lstrip("./")))[:3]
            if found:
                yield from found
                break


def _lua(statement: str, at: str, files: Files) -> Iterator[str]:
    for name in _QUOTED.findall(statement):
        tail = name.replace(".", "/")
        yield from files.ending(f"/{tail}.lua") or files.ending(f"/{tail}/init.lua")


def _php(statement: str, at: str, files: Files) -> Iterator[str]:
    resolver = _by_quoted if _QUOTED.search(statement) else _dotted((".php",), "\\")
    yield from resolver(statement, at, files)


RESOLVERS: Mapping[str, Callable[[str, str, Files], Iterator[str]]] = {
    "python": _python,
    "javascript": _script,
    "javascriptreact": _script,
    "typescript": _script,
    "typescriptreact": _script,
    "go": _go,
    "rust": _rust,
    "java": _dotted((".java",)),
    "csharp": _dotted((".cs",)),
    "php": _php,
    "lua": _lua,
}
