"""How many tokens are read: what a place that is new to the engine may cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.local import windows
from copilot_lsp.settings import ContextSettings

WHOLE = windows.whole(ContextSettings(), 4096)


def test_a_quick_window_keeps_what_is_shown_of_other_files() -> None:
    quick = windows.quick(WHOLE, prefill_ms=5.0, cold_ms=1500)
    assert quick == Budget(prefix=224, suffix=48, chunks=WHOLE.chunks, pinned=WHOLE.pinned)


def test_a_fast_machine_reads_all_at_once() -> None:
    assert windows.quick(WHOLE, prefill_ms=0.01, cold_ms=1500) == WHOLE


def test_what_fits_is_what_the_settings_say() -> None:
    settings = ContextSettings(prefix_tokens=768, suffix_tokens=192, chunk_tokens=256)
    assert windows.whole(settings, 768 + 192 + 256) == Budget(prefix=768, suffix=192, chunks=256, pinned=768)


def test_text_of_other_files_gives_way_first() -> None:
    settings = ContextSettings(prefix_tokens=768, suffix_tokens=192, chunk_tokens=131_072)
    assert windows.whole(settings, 1000) == Budget(prefix=768, suffix=192, chunks=40, pinned=768)
    assert windows.whole(settings, 480) == Budget(prefix=384, suffix=96, chunks=0, pinned=384)


sizes = st.integers(0, 131_072)


@given(st.integers(16, 131_072), sizes, sizes, st.integers(windows.SMALLEST_PREFIX, 40_000))
def test_no_settings_ask_for_more_than_the_model_can_hold(prefix: int, suffix: int, chunks: int, room: int) -> None:
    budget = windows.whole(ContextSettings(prefix, suffix, chunks), room)
    assert budget.prefix + budget.suffix + budget.chunks <= room
    assert budget.pinned + budget.suffix + budget.chunks <= room
    assert budget.chunks <= chunks
    assert budget.suffix <= suffix
