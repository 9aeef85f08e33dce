"""Makes a trimmed copy in a separate process: the server asks for it, and never loads llama.cpp itself."""

from __future__ import annotations

from copilot_lsp import apart, models
from copilot_lsp.apart import Message, Say
from copilot_lsp.errors import ModelError
from copilot_lsp.tuning import bench, trimmed

CLEANUP_SECONDS = 4.0
"""To delete the unfinished copy."""


def main() -> None:
    apart.serve(_trim, CLEANUP_SECONDS)


def _trim(name: str, say: Say) -> Message:
    models.find(name)
    original = models.load().get(name)
    try:
        copy = trimmed.make(original, lambda what, share: say({"step": what, "share": share}), bench.opened)
    except OSError as error:
        raise ModelError(f"no copy was made: {error.strerror or error}") from None
    return {"name": copy.name, "bytes": copy.size, "message": trimmed.described(original, copy)}
