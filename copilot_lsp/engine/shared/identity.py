"""Which servers may share an engine: those for which it would be the same, on a machine where they can meet."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

from copilot_lsp import __version__, folders
from copilot_lsp.engine.local import wire

STEERS = ("CUDA_", "GGML_", "GOMP_", "HIP_", "LD_", "LLAMA_", "OMP_", "ROCR_", "VK_")
"""Beginnings of the environment variables that decide which library the engine loads, and on what it computes."""


def name_of(start: wire.Start, program: Sequence[str], model: Path, host: str) -> str:
    """The same for the same version of us and of llama.cpp, started the same way, with the same model file and the same
    settings. Raises OSError where the model is not there.
    """
    file = model.stat()
    same = replace(start, model=str(model.resolve()), context=replace(start.context, index=False))
    identity = [__version__, list(program), asdict(same), file.st_size, file.st_mtime_ns, host, library(), steering()]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def host_of(folder: Path) -> str:
    """Who can meet in `folder`: "" for the session's own folder, which no other machine sees.

    A home folder may be on a network share, or mounted in several containers.
    """
    session = folders.session()
    return "" if session and folder.is_relative_to(session) else this_system()


def this_system() -> str:
    """Differs between machines that were copied from one image, and between the containers of one machine.

    Linux tells the machine by the kernel's boot id. Other systems have the address of a network card, or else a random
    number, with which nothing is shared.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        return f"{boot.read_text('ascii').strip()} {os.uname().nodename}"
    return f"{uuid.getnode():x}"


def library() -> list[tuple[str, int, int]]:
    """llama.cpp's files, their sizes and times: an engine from before an update is not what the user wants now."""
    try:
        spec = find_spec("llama_cpp")  # looks, and loads nothing
    except (ImportError, ValueError):
        return []
    found = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    files = sorted(file for folder in found for file in (Path(folder) / "lib").glob("*"))
    return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]


def steering() -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in os.environ.items() if name.startswith(STEERS))
