"""The remote engine with a real llama-server and the default model: `make test-remote` gets one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from benchmarks.peers import server as llama_server
from copilot_lsp import models

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLACES = 16
OPTIONS = {
    "COPILOT_LSP_REMOTE_TIMEOUT_MS": "60000",
    "COPILOT_LSP_CONTEXT_COLD_MS": "0",
    "COPILOT_LSP_ENGINE_THREADS": "1",
}
"""Whole windows: a quick one depends on how fast the engine reads, and the prompts would not be the same. One thread:
two wait for each other on a busy machine."""

SURE = 0.45
"""Where two tokens are almost equally likely, or a token and the end, two builds of llama.cpp may choose differently.
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def team() -> AsyncIterator[str]:
    """The URL of a llama-server with two slots, and without flash attention, as the local engine is by default."""
    flags = ("--parallel", "2", "--no-slots", "--flash-attn", "off")
    served = await llama_server.start(models.find("default").path, 1, flags)
    yield str(served.client.base_url).rstrip("/")
    await served.close()


def places() -> list[str]:
    """The middles of every third line of the examples."""
    found = []
    for path in sorted(EXAMPLES.glob("*.*")):
        lines = path.read_text("utf-8").split("\n") if path.suffix != ".md" else []
        chosen = [(at + 1, len(lines[at]) // 2 + 1) for at in range(4, len(lines) - 1, 3) if lines[at].strip()]
        found += [f"{path}:{line}:{column}" for line, column in chosen]
    return found[:PLACES]


async def complete(*arguments: str) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "copilot_lsp", "complete", *arguments],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **OPTIONS},
    )
    output, errors = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in output.decode().splitlines()]


async def test_the_text_is_that_of_the_local_engine(team: str) -> None:
    own, remote = await complete(*places()), await complete(*places(), "--remote", team)
    sure = [(a["text"], b["text"]) for a, b in zip(own, remote, strict=True) if (a["confidence"] or 0) >= SURE]
    assert len(sure) >= 4
    assert [text for text, _ in sure] == [text for _, text in sure]
    assert {line["model"].rpartition(" at ")[0] for line in remote} == {"copilot-lsp-fim"}


async def test_a_key_costs_only_what_it_adds(team: str) -> None:
    """The server's KV cache serves the anchored prompt: what was typed is appended.

    Each answer is a block that we end, so the next key comes while the slot is still busy.
    """
    place = f"{EXAMPLES / 'grid.py'}:18:1"
    _, *keys = await complete(*[place] * 6, "--remote", team)
    assert max(key["tokens"]["evaluated"] for key in keys) <= 2
    assert min(key["tokens"]["reused"] for key in keys) > 100


async def test_the_openai_endpoint_of_the_same_server(team: str) -> None:
    """In the middle of a word: at a line's beginning, the default model needs healing, which text cannot have."""
    place = f"{EXAMPLES / 'averages.py'}:5:25"
    line, _ = await complete(place, place, "--remote", f"{team}/v1")
    assert line["text"].strip()
    assert 0 < line["confidence"] <= 1
