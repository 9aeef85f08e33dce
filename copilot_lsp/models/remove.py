"""Deletes a model from this machine."""

from __future__ import annotations

from copilot_lsp.errors import ModelError, UsageError
from copilot_lsp.models import own, partial
from copilot_lsp.models.registry import Entry, File, Shipped, load


def remove(name: str) -> int:
    """Deletes what was pulled or made of the model, or is half there, and forgets a name that the user gave.

    Copies that were made of it go too; a file of the user's own stays where it is. The bytes that are free now. Raises
    ModelMissing; UsageError for a model that is a part of copilot-lsp; ModelError when the files cannot be deleted.
    """
    entry = load().get(name)
    if any(isinstance(source, Shipped) for source in entry.sources):
        raise UsageError(f"{entry.name} is a part of copilot-lsp and stays")
    made = copies(entry.name)
    files = [each.path for each in (entry, *made) if _is_ours(each) and each.path.is_file()]
    freed = sum(path.stat().st_size for path in files)
    try:
        for path in files:
            path.unlink()
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be deleted: {error.strerror}") from None
    if entry.remote:
        freed += sum(partial.of(entry, source).size for source in entry.remote)
        partial.drop(entry)
    for each in (entry, *made):
        own.forget(each.name)
    return freed


def copies(name: str) -> list[Entry]:
    """And the copies of the copies."""
    made = [each for each in load().models.values() if each.copy_of == name]
    return [*made, *(each for copy in made for each in copies(copy.name))]


def _is_ours(entry: Entry) -> bool:
    return not any(isinstance(source, File) for source in entry.sources)
