"""The default model in its engine process, one's own or a shared one."""

from __future__ import annotations

from pathlib import Path

from copilot_lsp import models
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.settings import Settings


def default_engine(settings: Settings) -> Engine:
    model = models.find("default")
    return LocalEngine(model.path, settings, model.name)


def shared_engine(folder: Path, settings: Settings) -> Engine:
    model = models.find("default")
    return SharedEngine(model.path, settings, model.name, folder)
