"""Statistics of completions since the server started: counts and times only, in memory only."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.silence import Reason

REMEMBERED = 1000
"""Number of completions that are tracked; reports about older ones are ignored."""

LATENCIES = 10_000
"""Number of latest answers used for the percentiles."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """`since`: when the server started. `offered`: requests answered with a completion, `silences`: without, by reason.

    `shown` is what the editor reports; few do, so a completion that was taken counts as shown. `partially_accepted`
    ones were never taken whole. `saved_keys`: characters inserted (code points; CR LF is one) less one key for each
    time that the user accepted. The latencies are those of `offered` (milliseconds; None before the first).
    `sources`: answers by where they came from (`Answer.source`), empty ones too.
    """

    since: datetime
    offered: int
    shown: int
    accepted: int
    partially_accepted: int
    saved_keys: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    silences: dict[Reason, int]
    sources: dict[str, int]


@dataclass(slots=True)
class _Fate:
    """`text[:present]` stood before the cursor; the text up to `end` is in the document, accepted in `keys` steps."""

    text: str
    present: int
    end: int
    shown: bool = False
    accepted: bool = False
    keys: int = 0


class Recorder:
    """Counts answers, and the editor's reports by completion id. Unknown ids are ignored."""

    def __init__(self) -> None:
        self._since = datetime.now(UTC)
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._silences: Counter[Reason] = Counter()
        self._sources: Counter[str] = Counter()
        self._fates: OrderedDict[str, _Fate] = OrderedDict()
        self._offered = 0
        self._past: Counter[str] = Counter()

    def answered(self, query: Query, answer: Answer) -> None:
        self._sources[answer.source] += 1
        for completion in answer.completions:
            present = _present(query, completion)
            self._fates[completion.id] = _Fate(completion.text, present, present)
        while len(self._fates) > REMEMBERED:
            self._past.update(_counts(self._fates.popitem(last=False)[1]))
        if answer.completions:
            self._offered += 1
            self._latencies.append(answer.milliseconds)

    def silent(self, reason: Reason) -> None:
        self._silences[reason] += 1

    def shown(self, id: str) -> None:
        if fate := self._fates.get(id):
            fate.shown = True

    def accepted(self, id: str) -> None:
        """The rest of it, where a part had been accepted before."""
        if (fate := self._fates.get(id)) and not fate.accepted:
            fate.shown = fate.accepted = True
            fate.end, fate.keys = len(fate.text), fate.keys + 1

    def partially_accepted(self, id: str, length: int) -> None:
        """`length`: characters of the completion that stand in the document now."""
        if (fate := self._fates.get(id)) and fate.end < length <= len(fate.text):
            fate.shown = True
            fate.end, fate.keys = length, fate.keys + 1

    def statistics(self) -> Statistics:
        total = self._past.copy()
        for fate in self._fates.values():
            total.update(_counts(fate))
        return Statistics(
            since=self._since,
            offered=self._offered,
            shown=total["shown"],
            accepted=total["accepted"],
            partially_accepted=total["partially_accepted"],
            saved_keys=total["saved_keys"],
            latency_p50_ms=percentile(self._latencies, 0.5),
            latency_p95_ms=percentile(self._latencies, 0.95),
            silences=dict(self._silences),
            sources=dict(self._sources),
        )


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """The nearest-rank percentile, 0 < `fraction` <= 1; None of no values."""
    ordered = sorted(values)
    return ordered[math.ceil(fraction * len(ordered)) - 1] if ordered else None


def _present(query: Query, completion: Completion) -> int:
    """Characters between the start of the completion's range and the cursor."""
    return len(query.snapshot.text.data[completion.start : query.offset].decode())


def _counts(fate: _Fate) -> dict[str, int]:
    inserted = len(fate.text[fate.present : fate.end].replace("\r\n", "\n"))
    return {
        "shown": int(fate.shown),
        "accepted": int(fate.accepted),
        "partially_accepted": int(inserted > 0 and not fate.accepted),
        "saved_keys": max(0, inserted - fate.keys),
    }
