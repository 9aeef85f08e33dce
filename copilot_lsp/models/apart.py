"""Downloads in a separate process."""

from __future__ import annotations

import time
from pathlib import Path

from copilot_lsp import apart
from copilot_lsp.apart import Message, Say
from copilot_lsp.errors import DownloadFailed
from copilot_lsp.models import registry
from copilot_lsp.models.download import pull as pull_here
from copilot_lsp.models.progress import Progress, Report

REPORT_SECONDS = 0.2
"""Between two messages about the same step."""


async def pull(name: str, report: Report) -> Path:
    """As `models.pull`. Cancelling it stops the download; what is here stays for the next pull. Raises ModelError."""
    try:
        ended = await apart.run("copilot_lsp.models.apart", name, lambda step: report(Progress(**step)))
    except apart.Failed as error:
        raise DownloadFailed(str(error)) from None
    finally:
        registry.load.cache_clear()  # a checksum may have been recorded
    return Path(ended["path"])


def main() -> None:
    apart.serve(lambda name, say: {"path": str(pull_here(name, _Steps(say).report).path)})


class _Steps:
    """A message at each step, and one now and then while it lasts."""

    def __init__(self, say: Say) -> None:
        self._say, self._step, self._said = say, "", 0.0

    def report(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.step == self._step and now - self._said < REPORT_SECONDS and progress.done != progress.total:
            return
        self._step, self._said = progress.step, now
        message: Message = {"step": progress.step, "done": progress.done, "total": progress.total}
        self._say(message)
