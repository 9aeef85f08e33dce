"""Resumable HTTP download with huggingface_hub's client, which respects proxy variables and certificates."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
from huggingface_hub.errors import FileMetadataError, HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils._http import get_session, hf_raise_for_status

from copilot_lsp.errors import DownloadFailed
from copilot_lsp.models.progress import Progress, Report

Answer = TypeVar("Answer")

# Its warnings are about the attempts that are made again here.
logging.getLogger("huggingface_hub").setLevel(logging.ERROR)

ATTEMPTS = 5
"""That bring nothing, before it is given up."""

SILENCE_SECONDS = 30.0
"""After which the connection counts as cut."""

WAIT_SECONDS = 1.0
"""Before the second attempt; twice as long before each further one."""

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that another attempt may change."""


def fetch(url: str, file: Path, size: int, report: Report, headers: Mapping[str, str] | None = None) -> None:
    """Appends to `file` what it lacks of the content of `url` (`size` bytes, 0: not known).

    Raises DownloadFailed; OSError when the file cannot be written.
    """
    patiently(lambda: _get(url, file, size, report, headers or {}), url, lambda: _size(file))


def patiently(ask: Callable[[], Answer], url: str, progress: Callable[[], int] = lambda: 0) -> Answer:
    """Calls `ask` until it gives an answer, or ATTEMPTS in a row got nothing (`progress` does not grow).

    Raises DownloadFailed; OSError from the disk as it is.
    """
    failures = 0
    while True:
        before = progress()
        try:
            return ask()
        except (HfHubHTTPError, httpx2.HTTPError, OfflineModeIsEnabled, OSError) as error:
            failures = 0 if progress() > before else failures + 1
            if failures == ATTEMPTS or not _may_pass(error, before):
                raise _translated(error, url) from None
        time.sleep(WAIT_SECONDS * 2 ** max(0, failures - 1))


def _get(url: str, file: Path, size: int, report: Report, headers: Mapping[str, str]) -> None:
    """One request for what is missing; every piece is in the file as soon as it comes (http_get of huggingface_hub
    collects 10 MB first, which a slow line that breaks often never brings)."""
    have = _size(file) if not size or _size(file) <= size else 0
    if size and have == size:
        return
    # Compressed content could not be continued at a byte.
    wanted = {**headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with file.open("ab") as out, _asking(url, wanted) as response:
        if response.status_code == 416:  # the content has changed
            out.truncate(0)
            raise ConnectionError("the server has no such range")
        hf_raise_for_status(response)
        if response.status_code != 206:  # the server knows no ranges
            out.truncate(have := 0)
        total = size or have + int(response.headers.get("Content-Length", 0))
        step = f"downloading from {host(url)}"
        report(Progress(step, have, total))
        for piece in response.iter_raw():
            out.write(piece)
            have += len(piece)
            report(Progress(step, have, total))
    if have < size:
        raise ConnectionError("not all of it came")


def _asking(url: str, headers: Mapping[str, str]) -> AbstractContextManager[httpx2.Response]:
    return get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=SILENCE_SECONDS)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def host(url: str) -> str:
    return urlsplit(url).netloc


def _status(error: Exception) -> int | None:
    return error.response.status_code if isinstance(error, HfHubHTTPError) else None


def _may_pass(error: Exception, had: int) -> bool:
    """`had`: bytes that were here before, from which the server was asked to go on."""
    if isinstance(error, HfHubHTTPError):
        return _status(error) in PASSING
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError):
        return had > 0
    if isinstance(error, OfflineModeIsEnabled | httpx2.UnsupportedProtocol | FileMetadataError):
        return False
    return not _is_of_the_disk(error)


def _is_of_the_disk(error: Exception) -> bool:
    if isinstance(error, HfHubHTTPError | ConnectionError | httpx2.HTTPError | OfflineModeIsEnabled):
        return False
    return isinstance(error, OSError)


def _translated(error: Exception, url: str) -> Exception:
    return error if _is_of_the_disk(error) else DownloadFailed(_in_words(error, url))


def _in_words(error: Exception, url: str) -> str:
    """What went wrong and what to do, in one line."""
    where = host(url) or url
    if isinstance(error, HfHubHTTPError):
        return _refusal(_status(error) or 0, where)
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set: unset it to download"
    if isinstance(error, httpx2.ProxyError):
        return f"the proxy refuses ({_first_line(error)}): check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    if isinstance(error, httpx2.UnsupportedProtocol):
        return f"{url} is not an address that can be downloaded: it must begin with https:// or http://"
    if isinstance(error, httpx2.TimeoutException):
        return f"{where} does not answer: try again, and the download resumes"
    if isinstance(error, httpx2.ConnectError):
        return f"no connection to {where} ({_first_line(error)})"
    if isinstance(error, FileMetadataError):
        return f"{where} is not a model hub (HF_ENDPOINT?), or a proxy changes its answers"
    return f"the connection to {where} was cut: try again, and the download resumes"


def _refusal(status: int, where: str) -> str:
    if status in (401, 403):
        return (
            f"{where} asks for a login ({status}): set HF_TOKEN (`hf auth login`), and accept the model's licence there"
        )
    if status in (404, 410):
        return f"{where} does not have the file ({status})"
    if status == 429:
        return f"{where} allows no more requests for now (429): try again later, and the download resumes"
    if status >= 500:
        return f"{where} reports an internal error ({status}): try again later, and the download resumes"
    return f"{where} refuses ({status})"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
