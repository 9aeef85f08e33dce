"""The languages: identifiers, file names, comment marks and grammars."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from copilot_lsp.source import grammars
from copilot_lsp.source.grammars import Grammar


@dataclass(frozen=True, slots=True)
class Language:
    """`id` is LSP's identifier, `aliases` are what some clients send for it.

    `suffixes` and `names` are those of files. `comment` begins a comment that ends with its line, ""
    where there is no such thing. `grammar` None: completed without a syntax tree.
    """

    id: str
    suffixes: tuple[str, ...] = ()
    comment: str = ""
    grammar: Grammar | None = None
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


UNKNOWN = Language("")


def _row(
    id: str, suffixes: str, comment: str, grammar: Grammar | None = None, names: str = "", aliases: str = ""
) -> Language:
    return Language(id, tuple(suffixes.split()), comment, grammar, tuple(names.split()), tuple(aliases.split()))


LANGUAGES = (
    _row("python", ".py .pyi .pyw", "#", grammars.PYTHON, "SConstruct SConscript"),
    _row("javascript", ".js .mjs .cjs", "//", grammars.JAVASCRIPT, aliases="js"),
    _row("javascriptreact", ".jsx", "//", grammars.JAVASCRIPT, aliases="jsx javascript.jsx"),
    _row("typescript", ".ts .mts .cts", "//", grammars.TYPESCRIPT, aliases="ts"),
    _row("typescriptreact", ".tsx", "//", grammars.TSX, aliases="tsx typescript.tsx"),
    _row("go", ".go", "//", grammars.GO, aliases="golang"),
    _row("rust", ".rs", "//", grammars.RUST),
    _row("java", ".java", "//", grammars.JAVA),
    _row("c", ".c", "//", grammars.C),
    # The C++ grammar reads C as well, and nothing in the name of a .h file tells the two apart.
    _row(
        "cpp",
        ".cpp .cc .cxx .hpp .hh .hxx .h .ipp .inl .ino .cu .cuh",
        "//",
        grammars.CPP,
        aliases="c++ cuda",
    ),
    _row("csharp", ".cs .csx", "//", grammars.C_SHARP, aliases="cs c-sharp c#"),
    _row("ruby", ".rb .rake .gemspec .ru", "#", grammars.RUBY, "Rakefile Gemfile Vagrantfile Podfile Brewfile"),
    _row("php", ".php .phtml", "//", grammars.PHP),
    _row("lua", ".lua", "--", grammars.LUA),
    _row(
        "shellscript",
        ".sh .bash .zsh .ksh .bats",
        "#",
        grammars.BASH,
        ".bashrc .bash_profile .bash_aliases .profile .zshrc .zshenv .zprofile PKGBUILD",
        "sh bash zsh ksh shell shell-script",
    ),
    _row("html", ".html .htm .xhtml", "", grammars.HTML),
    _row("css", ".css", "", grammars.CSS),
    _row("json", ".json .webmanifest .geojson .ipynb", "", grammars.JSON),
    _row("jsonc", ".jsonc .code-workspace", "//", grammars.JSON, "tsconfig.json jsconfig.json", "json5"),
    _row("clojure", ".clj .cljs .cljc .edn", ";"),
    _row("cmake", ".cmake", "#", names="CMakeLists.txt"),
    _row("dart", ".dart", "//"),
    _row("dockerfile", ".dockerfile", "#", names="Dockerfile Containerfile", aliases="docker"),
    _row("elixir", ".ex .exs", "#"),
    _row("erlang", ".erl .hrl", "%"),
    _row("fsharp", ".fs .fsi .fsx", "//", aliases="f#"),
    _row("go.mod", "", "//", names="go.mod"),
    _row("groovy", ".groovy .gradle", "//", names="Jenkinsfile"),
    _row("haskell", ".hs", "--"),
    _row("ini", ".ini .cfg .conf", ";", names=".editorconfig .gitconfig"),
    _row("julia", ".jl", "#"),
    _row("kotlin", ".kt .kts", "//"),
    _row("latex", ".tex", "%", aliases="tex"),
    _row("makefile", ".mk .mak", "#", names="Makefile makefile GNUmakefile", aliases="make"),
    _row("markdown", ".md .markdown", ""),
    _row("nix", ".nix", "#"),
    _row("objective-c", ".m", "//", aliases="objc objectivec"),
    _row("ocaml", ".ml .mli", ""),
    _row("perl", ".pl .pm", "#"),
    _row("powershell", ".ps1 .psm1", "#"),
    _row("proto", ".proto", "//", aliases="proto3"),
    _row("r", ".r", "#", names=".Rprofile"),
    _row("scala", ".scala .sc", "//"),
    _row("scss", ".scss", "//"),
    _row("sql", ".sql", "--"),
    _row("swift", ".swift", "//"),
    _row("terraform", ".tf .tfvars", "#", aliases="hcl"),
    _row("toml", ".toml", "#"),
    _row("vim", ".vim", '"', names=".vimrc", aliases="viml vimscript"),
    _row("xml", ".xml .xsd .svg", ""),
    _row("yaml", ".yml .yaml", "#"),
    _row("zig", ".zig", "//"),
)

_BY_ID = {id: language for language in LANGUAGES for id in (language.id, *language.aliases)}
_BY_NAME = {name: language.id for language in LANGUAGES for name in language.names}
_BY_SUFFIX = {suffix: language.id for language in LANGUAGES for suffix in language.suffixes}


def language_of(id: str) -> Language:
    """The language that a client calls `id`; `UNKNOWN` when the table has none."""
    return _BY_ID.get(id.lower(), UNKNOWN)


def is_listed(listed: Collection[str], *called: str) -> bool:
    """Whether a list that a user wrote has one of the languages that are `called` so, by any name and in any case.

    Names of a language are its identifier, its aliases, and what its files end with (`py`).
    """
    names = {name.lower() for name in called}
    for language in map(language_of, called):
        names |= {language.id, *language.aliases, *(suffix.removeprefix(".") for suffix in language.suffixes)}
    return any(each.strip().lower().removeprefix(".") in names - {""} for each in listed)


def language_of_path(path: str) -> str:
    """The language identifier of a file by its name, "" when it says nothing."""
    file = PurePosixPath(path.replace("\\", "/"))
    return _BY_NAME.get(file.name) or _BY_SUFFIX.get(file.suffix.lower(), "")


def is_indented(id: str) -> bool:
    """Whether blocks are made by indentation."""
    grammar = language_of(id).grammar
    return grammar is not None and grammar.indented


def line_comment(id: str) -> str:
    """What begins a comment that ends with its line, "" where there is none or it is not known."""
    return language_of(id).comment
