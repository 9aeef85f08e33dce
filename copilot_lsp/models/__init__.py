"""Models by name or path: the registry, what is on this machine, and getting what is not.

Nothing here downloads unless `pull` is called.
"""

from copilot_lsp.models.download import pull
from copilot_lsp.models.lookup import ResolvedModel, find, is_path, verify
from copilot_lsp.models.registry import Entry, Registry, cache_folder, load

__all__ = ["Entry", "Registry", "ResolvedModel", "cache_folder", "find", "is_path", "load", "pull", "verify"]
