"""One server for all tests that need nothing special: each start costs a second or two."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from editor import Editor, editing

from benchmarks.peers import server as llama_server

collect_ignore = [] if llama_server.binary().exists() else ["test_real_remote.py"]
"""No part of a run without a llama-server: `make test-remote` has it."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def editor() -> AsyncIterator[Editor]:
    async with editing() as editor:
        yield editor
