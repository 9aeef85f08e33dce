"""Takes a model off this machine."""

from __future__ import annotations

from pathlib import Path

from copilot_lsp.errors import ModelError, UsageError
from copilot_lsp.models import own, partial
from copilot_lsp.models.registry import Entry, File, Shipped, load

VARIANTS = "{stem}.*.gguf"
"""Files that `tune` made out of a pulled one."""


def remove(name: str) -> int:
    """Deletes what was pulled or made of the model, or is half there, and forgets a name that the user gave.

    A file of the user's own stays where it is. The bytes that are free now. Raises ModelMissing; UsageError for
    a model that is a part of copilot-lsp; ModelError when the files cannot be deleted.
    """
    entry = load().get(name)
    if any(isinstance(source, Shipped) for source in entry.sources):
        raise UsageError(f"{entry.name} is a part of copilot-lsp and stays")
    files = [] if any(isinstance(source, File) for source in entry.sources) else _files(entry)
    freed = sum(path.stat().st_size for path in files)
    try:
        for path in files:
            path.unlink()
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be deleted: {error.strerror}") from None
    if entry.remote:
        freed += sum(partial.of(entry, source).size for source in entry.remote)
        partial.drop(entry)
    own.forget(entry.name)
    return freed


def _files(entry: Entry) -> list[Path]:
    path = entry.path
    return [each for each in (path, *path.parent.glob(VARIANTS.format(stem=path.stem))) if each.is_file()]
