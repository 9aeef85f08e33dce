"""The position after accepting a completion, and what to prefetch there."""

from __future__ import annotations

from copilot_lsp.completion import trigger
from copilot_lsp.completion.cache import Generated
from copilot_lsp.completion.query import Query
from copilot_lsp.completion.run import Job
from copilot_lsp.completion.steps import in_file
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import FinishReason
from copilot_lsp.settings import CompletionSettings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.blocks import indent_unit, opens_block
from copilot_lsp.source.document import Snapshot, snapshot_with
from copilot_lsp.source.site import Site, indentation

UNIT = "    "
"""Used if no line nearby shows the file's own indentation."""

UNFINISHED = {FinishReason.DOUBT, FinishReason.TOKENS, FinishReason.TIME}
"""Finish reasons after which the line may continue."""


def next_job(query: Query, shown: Generated, completion: CompletionSettings) -> Job | None:
    """The job for the position after `shown`; on the next line if this one is complete."""
    if shown.silence is not None and shown.silence.reason is not Reason.EMPTY:
        return None
    snapshot, offset = insert(query.snapshot, query.offset, shown.text)
    site = Site.of(snapshot, offset)
    finished = shown.done is not None and shown.done.end not in UNFINISHED
    if finished and not site.right.strip() and not site.starts_line:
        snapshot, offset = insert(snapshot, offset, "\n" + next_indentation(site))
    elif not shown.text:
        return None
    decision = trigger.decide(snapshot, offset, Trigger.AUTOMATIC, completion)
    if isinstance(decision, Silence):
        return None
    floor = completion.confidence
    return Job(snapshot, offset, decision.shape, background=True, confidence=floor, chunks=query.chunks)


def insert(snapshot: Snapshot, offset: int, text: str) -> tuple[Snapshot, int]:
    """`snapshot` with `text` inserted, and the offset after it."""
    data = in_file(text, snapshot).encode()
    return snapshot_with(snapshot, offset, offset, data), offset + len(data)


def next_indentation(site: Site) -> str:
    """The indentation that editors insert when Enter is pressed at the cursor."""
    deeper = (indent_unit(site) or UNIT) if opens_block(site.left, site.language) else ""
    return indentation(site.left) + deeper
