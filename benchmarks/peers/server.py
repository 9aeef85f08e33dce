"""Builds and runs llama-server: the same llama.cpp as our engine's, compiled for this machine.

.venv/bin/python -m benchmarks.peers.server      builds it, in about five minutes, into the user's cache folder
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2

from copilot_lsp.errors import EngineFailed
from copilot_lsp.folders import cache
from copilot_lsp.models.lookup import checksum

FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
)

PINS = Path(__file__).resolve().parents[2] / "scripts" / "llama-wheels.toml"

RECOMMENDED = ("--batch-size", "1024", "--ubatch-size", "1024", "--cache-reuse", "256")
"""llama.vim's README asks for these."""

CONTEXT = "16384"
"""Tokens: more than llama.vim's windows and ring ever fill."""

LOADING_SECONDS = 120.0


def binary() -> Path:
    """The one built here, or the one that COPILOT_LSP_TEST_LLAMA_SERVER names (scripts/llama_server.sh)."""
    if named := os.environ.get("COPILOT_LSP_TEST_LLAMA_SERVER"):
        return Path(named)
    return cache() / "peers" / f"llama-server-{version('llama-cpp-python')}"


def build() -> Path:
    """Raises CalledProcessError with the compiler's words on the terminal, SystemExit for another source."""
    target = binary()
    if target.exists():
        return target
    work = target.parent / "build"
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cmake", "-S", source(work) / "vendor/llama.cpp", "-B", work / "make", *FLAGS], check=True)
    cores = str(os.cpu_count() or 1)  # without a number, make starts as many compilers as there are files
    subprocess.run(["cmake", "--build", work / "make", "--target", "llama-server", "--parallel", cores], check=True)
    (work / "make/bin/llama-server").rename(target)
    return target


def source(work: Path) -> Path:
    """The unpacked source package, the one whose SHA-256 is pinned (as in scripts/portable_wheel.py)."""
    pins = tomllib.loads(PINS.read_text("utf-8"))
    package = f"llama-cpp-python=={pins['version']}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python"]
    subprocess.run([*pip, "--dest", str(work), package], check=True)
    archive = work / f"llama_cpp_python-{pins['version']}.tar.gz"
    if (found := checksum(archive)) != pins["source"]:
        sys.exit(f"{archive} is not the source that {PINS.name} pins: its SHA-256 is {found}")
    with tarfile.open(archive) as opened:
        opened.extractall(work, filter="data")
    return work / f"llama_cpp_python-{pins['version']}"


@dataclass(slots=True)
class LlamaServer:
    """A running llama-server and a client of it. `ask` raises EngineFailed when it has ended."""

    process: asyncio.subprocess.Process
    client: httpx2.AsyncClient

    @property
    def pid(self) -> int:
        return self.process.pid

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One answer of /infill."""
        try:
            response = await self.client.post("/infill", json=request)
            response.raise_for_status()
        except httpx2.HTTPError as error:
            raise EngineFailed(f"llama-server: {error or type(error).__name__}") from None
        found = response.json()
        assert isinstance(found, dict)
        return found

    async def close(self) -> None:
        await self.client.aclose()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


async def start(model: Path, threads: int, more: Sequence[str] = RECOMMENDED) -> LlamaServer:
    """Returns when the model is loaded. Raises EngineFailed."""
    if not binary().exists():
        raise EngineFailed("llama-server is not built: python -m benchmarks.peers.server builds it")
    port = free_port()
    command = [str(binary()), "--model", str(model), "--port", str(port), "--ctx-size", CONTEXT]
    command += ["--threads", str(threads), "--parallel", "1", "--offline", *more]
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=null, stderr=null)
    client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=None, trust_env=False)
    server = LlamaServer(process, client)
    try:
        async with asyncio.timeout(LOADING_SECONDS):
            while not await _is_ready(client):
                if process.returncode is not None:
                    raise EngineFailed(f"llama-server ended with {process.returncode}")
                await asyncio.sleep(0.1)
    except (EngineFailed, TimeoutError):
        await server.close()
        raise
    return server


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx2.HTTPError:
        return False


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    assert isinstance(port, int)
    return port


if __name__ == "__main__":
    print(build())
