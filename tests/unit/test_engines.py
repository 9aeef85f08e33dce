"""Which engine a command gets: the server shares its engine where it can, and what measures never does."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_gguf

from copilot_lsp.cli import engines
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.engine.shared.fallback import SharedOrOwn
from copilot_lsp.settings import EngineSettings, Settings


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "tiny.gguf").write_bytes(tiny_gguf.make().data)
    return str(tmp_path / "tiny.gguf")


def test_a_shared_one_is_got_by_who_asks_for_it_only(model: str) -> None:
    settings = Settings(model=model, engine=EngineSettings(shared=True))
    shared = engines.create(engines.Choice(), settings, shared=True)
    assert isinstance(shared, SharedOrOwn)
    assert isinstance(shared._engine, SharedEngine)
    assert isinstance(engines.create(engines.Choice(), settings), LocalEngine)


def test_engine_shared_off_is_an_engine_of_ones_own(model: str) -> None:
    settings = Settings(model=model, engine=EngineSettings(shared=False))
    assert isinstance(engines.create(engines.Choice(), settings, shared=True), LocalEngine)
