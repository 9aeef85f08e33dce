"""What types and what is kept of it, for `keystrokes.py` and `latency.py`: ours and the peer, machine, files."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.peers.llama_vim import LlamaVim
from copilot_lsp.evaluation.typing.assistant import Assistant
from copilot_lsp.evaluation.typing.language_server import LanguageServer, Served, serve_command
from copilot_lsp.evaluation.typing.workspace import Workspace

PEER = "llama.vim"


def assistants(ways: Sequence[str], model: Path, threads: int, copy: Workspace) -> Iterator[Assistant]:
    """A way is `llama.vim`, `ours`, or `ours:{...}` with the options of an editor."""
    for way in ways:
        if way == PEER:
            yield LlamaVim(PEER, model, threads)
            continue
        options = way.removeprefix("ours").removeprefix(":")
        command = serve_command(sys.executable, str(model))
        yield LanguageServer(Served(way, command, json.loads(options or "{}")), copy)


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def file_of(file: Path, name: str, names: Sequence[str]) -> Path:
    """`file`; with several models, one for each."""
    model = Path(name).name.removesuffix(".gguf")
    return file.with_name(f"{file.stem}.{model}{file.suffix}") if len(names) > 1 else file


def share_a_file(names: Sequence[str]) -> bool:
    return len({file_of(Path("results"), name, names) for name in names}) < len(names)
