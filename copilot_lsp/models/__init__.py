"""Models by name or path: registry, lookup and download.

Nothing here downloads unless `pull` is called.
"""

from copilot_lsp.models.catalogue import Item, items, name_of, notice
from copilot_lsp.models.download import pull
from copilot_lsp.models.fit import MEMORY_SHARE, fits, memory, memory_needed
from copilot_lsp.models.lookup import VERIFYING, ResolvedModel, find, is_path, remedy, verify
from copilot_lsp.models.progress import Progress
from copilot_lsp.models.recommend import Recommendation
from copilot_lsp.models.registry import Dimensions, Entry, Registry, cache_folder, load
from copilot_lsp.models.remove import copies, remove

__all__ = [
    "MEMORY_SHARE",
    "VERIFYING",
    "Dimensions",
    "Entry",
    "Item",
    "Progress",
    "Recommendation",
    "Registry",
    "ResolvedModel",
    "cache_folder",
    "copies",
    "find",
    "fits",
    "is_path",
    "items",
    "load",
    "memory",
    "memory_needed",
    "name_of",
    "notice",
    "pull",
    "remedy",
    "remove",
    "verify",
]
