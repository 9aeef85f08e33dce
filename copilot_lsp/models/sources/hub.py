"""A file on a model hub. huggingface_hub handles the address (HF_ENDPOINT), the token and redirects."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.utils._headers import build_hf_headers

from copilot_lsp.errors import DownloadFailed
from copilot_lsp.models.partial import Partial
from copilot_lsp.models.progress import Progress, Report
from copilot_lsp.models.registry import Hub
from copilot_lsp.models.sources import http


def fetch(source: Hub, size: int, partial: Partial, report: Report) -> None:
    """`hf_hub_download` would begin anew after each interruption: since huggingface_hub 2 its partial files are
    deleted. So the library finds the content, and `http.fetch` gets the bytes that are missing. Raises DownloadFailed.
    """
    endpoint = os.environ.get("HF_ENDPOINT")  # as it is now; huggingface_hub read it when it was imported
    url = hf_hub_url(source.hub, source.file, revision=source.revision, endpoint=endpoint)
    report(Progress(f"asking {http.host(url)}"))
    headers = build_hf_headers(library_name="copilot-lsp")
    found = http.patiently(lambda: get_hf_file_metadata(url, headers=headers), url)
    if size and found.size and found.size != size:
        raise DownloadFailed(f"{source.file} of {source.hub} has {found.size} bytes, not {size}: it is another file")
    if urlsplit(found.location).netloc != urlsplit(url).netloc:
        headers.pop("authorization", None)  # the token is the hub's own affair
    http.fetch(found.location, partial.file, size or found.size or 0, report, headers)
