"""The invariants of ARCHITECTURE.md that source code can show: mostly, what is absent."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import mean

import pytest

import copilot_lsp

ROOT = Path(copilot_lsp.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

LSP = {"pygls", "lsprotocol"}
LSP_FILES = {"server/server.py", "server/protocol.py", "server/reading.py", "server/lean.py"} | {
    file for file in FILES if file.startswith("server/handlers/")
}

LLAMA_FILES = {
    "engine/local/measure.py",
    "engine/local/worker.py",
    "engine/local/kv.py",
    "engine/local/decode.py",
    "engine/local/vocabulary.py",
    "engine/local/devices.py",
    "engine/local/llama.py",
    "engine/local/sampler.py",
}
"""The engine process. Nothing that the server or the command line can import reaches these."""

CORE = {file for file in FILES if file.startswith(("source/", "completion/", "postprocess/"))}
AWAITING = {"completion/completer.py", "completion/run.py", "completion/scheduler.py"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LONGEST_FUNCTION = 35
"""Lines, the signature and the docstring included."""

INPUT_OUTPUT = {"os", "io", "socket", "subprocess", "shutil", "tempfile", "http", "urllib", "ssl", "sqlite3", "select"}


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, less those under `if TYPE_CHECKING:`, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from running(child)


@cache
def nodes(file: str) -> list[ast.AST]:
    return list(running(ast.parse(FILES[file].read_text("utf-8"))))


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Dotted names, those imported inside functions as well; `from a import b` gives `a` and `a.b`."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


@cache
def imports(file: str) -> set[str]:
    return imported(nodes(file))


def packages(file: str) -> set[str]:
    return {name.partition(".")[0] for name in imports(file)}


def files_of(module: str) -> set[str]:
    """Our files that importing `module` runs: its own, and the packages around it."""
    top, *parts = module.split(".")
    if top != "copilot_lsp":
        return set()
    around = {"/".join([*parts[:depth], "__init__.py"]) for depth in range(len(parts) + 1)}
    return (around | {"/".join(parts) + ".py"}) & set(FILES)


def reachable(start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += [found for name in imports(file) for found in files_of(name)]
    return seen


LAYERS = {
    "base": set[str](),
    "source": {"base"},
    "models": {"base"},
    "engine": {"base", "models"},
    "postprocess": {"base", "source"},
    "workspace": {"base", "source"},
    "config": {"base", "engine", "workspace"},
    "completion": {"base", "source", "engine", "workspace", "postprocess"},
    "doctor": {"base", "config", "source", "engine", "models", "completion"},
    "server": {"base", "config", "source", "engine", "models", "workspace", "postprocess", "completion", "doctor"},
    "evaluation": {"base", "source", "engine", "models", "workspace", "postprocess", "completion"},
    "tuning": {"base", "config", "source", "engine", "models", "completion", "evaluation"},
    "cli": {
        "base",
        "config",
        "source",
        "engine",
        "models",
        "workspace",
        "postprocess",
        "completion",
        "doctor",
        "server",
        "evaluation",
        "tuning",
    },
}
"""Each layer and what it may import, lowest first. `base` is errors, settings, silences and logging."""


def layer_of(file: str) -> str:
    folder, _, rest = file.partition("/")
    return folder if rest else "cli" if file == "__main__.py" else "base"


def test_imports_point_down() -> None:
    print(" -> ".join(reversed(LAYERS)))
    assert {layer_of(file) for file in FILES} == set(LAYERS)
    for file in FILES:
        used = {layer_of(found) for name in imports(file) for found in files_of(name)} - {layer_of(file)}
        assert used - LAYERS[layer_of(file)] == set(), f"{file} must not import from there"


def test_imports_form_no_circle() -> None:
    graph = {file: {f for name in imports(file) for f in files_of(name)} - {file} for file in FILES}
    graph = {file: {f for f in found if not f.endswith("__init__.py")} for file, found in graph.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_only_the_server_side_knows_the_protocol() -> None:
    assert {file for file in FILES if packages(file) & LSP} - LSP_FILES == set()


def test_only_the_engine_process_touches_llama_cpp() -> None:
    assert {file for file in FILES if "llama_cpp" in packages(file)} - LLAMA_FILES == set()


def test_nothing_else_can_reach_the_engine_process() -> None:
    touching = {file for file in LLAMA_FILES if "llama_cpp" in packages(file)}
    assert touching, "no file touches llama_cpp: this test looks in the wrong place"
    reaching = {file: reachable(file) & touching for file in set(FILES) - LLAMA_FILES}
    assert {file: found for file, found in reaching.items() if found} == {}


@pytest.mark.parametrize("module", ["copilot_lsp.server.server", "copilot_lsp.cli"])
def test_importing_the_server_does_not_load_llama_cpp(module: str) -> None:
    code = f"import sys, {module}; print('llama_cpp' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("False", "")


def test_core_does_no_input_or_output() -> None:
    used = {file: (packages(file) & INPUT_OUTPUT) | io_paths(file) | io_calls(file) for file in CORE}
    assert {file: found for file, found in used.items() if found} == {}


def io_paths(file: str) -> set[str]:
    """Names of pathlib that can touch a disk."""
    plain = {alias.name for node in nodes(file) if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in imports(file) if name.startswith("pathlib.") and "Pure" not in name} | plain & {"pathlib"}


def io_calls(file: str) -> set[str]:
    called = {node.func.id for node in nodes(file) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return called & {"open", "print", "input", "exec", "eval"}


def test_core_awaits_only_in_the_pipeline() -> None:
    kinds = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    waiting = {file for file in CORE if any(isinstance(node, kinds) for node in nodes(file))}
    assert (waiting | {file for file in CORE if "asyncio" in packages(file)}) - AWAITING == set()


def test_no_handler_runs_in_the_thread_pool_of_pygls() -> None:
    marked = {
        file for file in FILES for node in nodes(file) if isinstance(node, ast.Attribute) and node.attr == "thread"
    }
    assert marked == set()


def test_files_stay_small() -> None:
    lengths = {file: len(path.read_text("utf-8").splitlines()) for file, path in FILES.items()}
    assert {file: length for file, length in lengths.items() if length > 300} == {}
    assert mean(length for length in lengths.values() if length) <= 130


def functions(file: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(ast.parse(FILES[file].read_text("utf-8"))) if isinstance(node, FUNCTIONS)]


def test_functions_stay_short() -> None:
    found = {
        (file, each.name): length
        for file in FILES
        for each in functions(file)
        if (length := (each.end_lineno or 0) - each.lineno + 1) > LONGEST_FUNCTION
    }
    assert found == {}


def test_command_lines_are_typed_at_the_door() -> None:
    """argparse's untyped namespace is an argument of each command's `run`, and of nothing behind it."""
    taking = {
        (layer_of(file), each.name)
        for file in FILES
        for each in functions(file)
        if "Namespace" in ast.unparse(each.args)
    }
    assert taking == {("cli", "run"), ("cli", "typed")}


def test_the_map_names_files_that_exist() -> None:
    text = (ROOT.parent / "ARCHITECTURE.md").read_text("utf-8")
    files = {"/" + path.relative_to(ROOT.parent).as_posix() for path in tracked()}
    named = set(re.findall(r"`([\w./*-]+\.(?:py|toml|md|txt))`", text))
    assert len(named) > 100
    assert {name for name in named if not any(fnmatch(file, f"*/{name}") for file in files)} == set()


def tracked() -> Iterator[Path]:
    for folder in ("copilot_lsp", "models", "scripts", "tests"):
        yield from (ROOT.parent / folder).rglob("*.*")
    yield from ROOT.parent.glob("*.md")


def test_test_files_that_run_together_have_different_names() -> None:
    """pytest imports them by their names; two of one name end `make test` before its first test."""
    tests = Path(__file__).parent.parent
    names = [path.name for folder in ("unit", "e2e") for path in (tests / folder).rglob("test_*.py")]
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_imports_are_read_wherever_they_run() -> None:
    source = """
import a.b
from c import d
if TYPE_CHECKING:
    import never
def f():
    from copilot_lsp.engine.local import worker
"""
    found = imported(running(ast.parse(source)))
    assert found == {"a.b", "c", "c.d", "copilot_lsp.engine.local", "copilot_lsp.engine.local.worker"}
    assert files_of("copilot_lsp.engine.local.worker") == {
        "__init__.py",
        "engine/__init__.py",
        "engine/local/__init__.py",
        "engine/local/worker.py",
    }
    assert files_of("pygls.server") == set()
    assert {"engine/local/worker.py", "engine/local/vocabulary.py"} <= reachable("engine/local/worker.py")
