"""What a menu of models shows, and which one is recommended before anything was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_model import put

from copilot_lsp import models
from copilot_lsp.models import fit, own, partial, recommend, registry
from copilot_lsp.models.registry import Entry, Hub, Package, Shipped

GB = 10**9


def entry(name: str, size: int = GB // 2, rank: int = 1, **more: Any) -> Entry:
    fields = {"parameters": "0.5B", "quality": "measured", "sources": (Hub("a/b", name),), **more}
    return Entry(name, name, "MIT", size=size, rank=rank, **fields)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 GB and four cores."""
    monkeypatch.setattr(fit, "memory", lambda: 16 * GB)
    monkeypatch.setattr(recommend, "memory", lambda: 16 * GB)
    monkeypatch.setattr(recommend, "cores", lambda: 4)


def best(*entries: Entry, here: str = "") -> str | None:
    found = recommend.recommend(entries, lambda entry: entry.name == here)
    return found.name if found else None


def test_the_best_that_fits() -> None:
    small, large = entry("small", rank=1), entry("large", GB, rank=2, parameters="1.5B")
    assert best(small, large) == "large"
    assert best(small, replace(large, size=15 * GB)) == "small"
    assert best(small, replace(large, size=2 * GB)) == "small", "too slow on four cores"
    assert best(replace(small, size=15 * GB)) is None


@pytest.mark.parametrize("fault", [{"commercial": False}, {"quality": ""}, {"use": "text"}])
def test_what_is_never_recommended(fault: dict[str, Any]) -> None:
    assert best(entry("plain", rank=1), entry("other", rank=2, **fault)) == "plain"


def test_of_one_size_the_one_that_can_be_had_for_sure() -> None:
    base = entry("base", rank=3)
    instruct = entry("instruct", rank=2, sources=(Hub("a/b", "c"), Package("p", "1", "*")))
    assert best(base, instruct) == "instruct"
    found = recommend.recommend([base, instruct], lambda entry: False)
    assert found is not None
    assert "base fills in better, but it is also available without a model hub" in found.why
    assert best(base, instruct, here="base") == "base"
    assert best(base, replace(instruct, sources=base.sources)) == "base"


def test_what_is_shipped_is_always_quick_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommend, "cores", lambda: 0)
    assert best(entry("shipped", sources=(Shipped("x"),)), entry("other", rank=9)) == "shipped"


def test_the_real_registry_recommends_something_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, memory in ((1, 4), (2, 8), (4, 16), (16, 64)):
        monkeypatch.setattr(recommend, "cores", lambda count=count: count)
        monkeypatch.setattr(fit, "memory", lambda memory=memory: memory * GB)
        found = recommend.recommend(registry.load().models.values(), lambda entry: False)
        assert found is not None
        assert "\n" not in found.why


def test_the_menu_is_sorted_and_says_what_is_here(cache: Path) -> None:
    put(registry.load().get("shipped").path)
    put(registry.load().get("pieces").path)
    hubbed = registry.load().get("hubbed")
    put(partial.of(hubbed, hubbed.remote[0]).file, b"x" * 1000)
    items, _ = models.items("pieces")
    assert [item.entry.name for item in items][:2] == ["pieces", "shipped"]
    found = {item.entry.name: item for item in items}
    assert (found["pieces"].active, found["pieces"].origin) == (True, "registry")
    assert (found["shipped"].present, found["shipped"].origin) == (True, "shipped")
    assert (found["hubbed"].present, found["hubbed"].part) == (False, 1000)


def test_a_file_without_a_name_is_shown_while_it_is_active(cache: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "own.gguf")
    items, _ = models.items(str(path))
    assert (items[0].entry.name, items[0].active, items[0].origin) == (str(path), True, "user")
    own.add(str(path), "mine")
    items, _ = models.items(str(path))
    assert (items[0].entry.name, items[0].active, items[0].origin) == ("mine", True, "user")


def test_what_was_measured_wins(cache: Path) -> None:
    items, best = models.items("default", "hubbed")
    assert best is not None
    assert (best.name, "copilot-lsp tune" in best.why) == ("hubbed", True)
    assert [item.entry.name for item in items if item.recommended] == ["hubbed"]
