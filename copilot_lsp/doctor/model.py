"""Checks of the model's file: present, intact, of the expected family, and not too large for this machine."""

from __future__ import annotations

from copilot_lsp import models
from copilot_lsp.doctor.check import Check, State
from copilot_lsp.engine.local import windows
from copilot_lsp.errors import ModelError
from copilot_lsp.models import Entry, fit, gguf, registry
from copilot_lsp.settings import Settings

CHOOSE = "choose another with `copilot-lsp models use NAME` (`copilot-lsp models list` has the names)"


def of_model(settings: Settings) -> list[Check]:
    name = settings.model
    try:
        model = models.verify(name)
        gguf.read(model.path)
    except ModelError as error:
        return [Check("model", str(error), State.FAILED, _remedy(name))]
    how = "a GGUF file" if models.is_path(name) else "verified"
    size = model.path.stat().st_size
    return [Check("model", f"{model.name}, {size / 1e6:.0f} MB, {how}: {model.path}"), _memory(settings, model)]


def entry_of(name: str) -> Entry | None:
    found = models.name_of(name)
    return registry.load().models.get(found) if found is not None else None


def _remedy(name: str) -> str:
    entry = entry_of(name)
    return f"{models.remedy(entry)}, or {CHOOSE}" if entry else CHOOSE


def _memory(settings: Settings, model: models.ResolvedModel) -> Check:
    """As the engine would load it: with the context that the settings ask for."""
    file = gguf.read(model.path)
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    window = windows.wanted(settings.context, longest)
    tokens = settings.engine.sequences * min(window, fit.trained_context(file) or window)
    needed, memory = fit.memory_needed(file.file_size, fit.shape_of(file), tokens), fit.memory()
    text = f"{needed / 1e6:,.0f} MB for {tokens:,} tokens; this machine has {memory / 1e6:,.0f} MB in all"
    if needed <= fit.MEMORY_SHARE * memory:
        return Check("memory", text)
    smaller = "choose a smaller model (`copilot-lsp models list`), or a smaller `context.prefixTokens` or"
    return Check("memory", f"too little: {text}", State.FAILED, f"{smaller} `engine.sequences`")
