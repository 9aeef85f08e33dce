"""What a model's speed depends on besides the model: processor, cores, build of llama.cpp."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from copilot_lsp.engine.local.cores import default_threads

FEATURES = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm", "sve")
"""Instruction sets that llama.cpp has kernels for, as Linux names them."""

EDGE = 65_536
"""Bytes of a model file that are hashed at its start and at its end: header and weights, read in a millisecond."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`cores`: those this process may use; `engine`: version and build of llama.cpp."""

    processor: str
    cores: int
    engine: str

    def difference(self, other: Machine) -> str:
        """The difference, for the user; "" if there is none."""
        names = ("processor", "number of cores", "llama.cpp")
        mine, theirs = (self.processor, self.cores, self.engine), (other.processor, other.cores, other.engine)
        return next((name for name, a, b in zip(names, mine, theirs, strict=True) if a != b), "")


@cache
def this_machine() -> Machine:
    return Machine(_processor(), default_threads(), _engine())


def fingerprint(path: Path) -> str:
    """Of a model file: its size, its beginning and its end, as 16 hex digits. Raises OSError."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(EDGE))
        file.seek(max(0, size - EDGE))
        digest.update(file.read(EDGE))
    return digest.hexdigest()[:16]


def described(cpuinfo: str) -> str:
    """Name and instruction sets out of Linux's /proc/cpuinfo; "" where it has neither."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = (fields.get("flags") or fields.get("Features", "")).split()
    has = " ".join(feature for feature in FEATURES if feature in flags)
    name = fields.get("model name") or " ".join(fields.get(key, "") for key in ("CPU implementer", "CPU part")).strip()
    return f"{name} ({has})" if has else name


def _processor() -> str:
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return found or platform.machine()
    try:
        found = described(Path("/proc/cpuinfo").read_text("utf-8", "replace"))
    except OSError:
        found = os.environ.get("PROCESSOR_IDENTIFIER", "")
    return found or platform.processor() or platform.machine()


def _engine() -> str:
    """The names and sizes of its libraries distinguish builds of one version."""
    try:
        release = version("llama-cpp-python")
        spec = find_spec("llama_cpp")  # looks, and loads nothing
    except (PackageNotFoundError, ImportError, ValueError):
        return "none"
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    libraries = [file for folder in folders for file in (Path(folder) / "lib").glob("*") if file.is_file()]
    build = sorted(f"{file.name} {file.stat().st_size}" for file in libraries)
    return f"llama-cpp-python {release} {hashlib.sha256(repr(build).encode()).hexdigest()[:8]}"
