"""The default model in its engine process."""

from __future__ import annotations

from copilot_lsp import models
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.settings import Settings


def default_engine(settings: Settings) -> Engine:
    model = models.find("default")
    return LocalEngine(model.path, settings, model.name)
