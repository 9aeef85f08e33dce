"""How many tokens are read: what a place that is new to the engine may cost."""

from __future__ import annotations

from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.local import windows
from copilot_lsp.settings import ContextSettings

WHOLE = windows.whole(ContextSettings(), 4096)


def test_a_quick_window_keeps_what_is_shown_of_other_files() -> None:
    quick = windows.quick(WHOLE, prefill_ms=5.0, cold_ms=1500)
    assert quick == Budget(prefix=224, suffix=48, chunks=WHOLE.chunks, pinned=WHOLE.pinned)


def test_a_fast_machine_reads_all_at_once() -> None:
    assert windows.quick(WHOLE, prefill_ms=0.01, cold_ms=1500) == WHOLE
