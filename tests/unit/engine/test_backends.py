"""Which backends llama.cpp gets to know, on a stand-in for its library."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from copilot_lsp.engine.local.devices import load_backends


@pytest.fixture(name="library")
def make_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    loaded: list[bytes] = []

    def registered() -> int:
        inside: int = library.inside
        return inside + len(loaded)

    library = SimpleNamespace(
        inside=0,
        loaded=loaded,
        ggml_backend_reg_count=registered,
        ggml_backend_load_all_from_path=loaded.append,
    )
    monkeypatch.setattr("copilot_lsp.engine.local.llama.api._lib", library)
    monkeypatch.setattr("copilot_lsp.engine.local.devices.load_shared_library", lambda _name, _path: library)
    monkeypatch.setattr("copilot_lsp.engine.local.llama.api._base_path", tmp_path / "lib")
    return library


def test_backends_come_from_the_folder_of_the_library_and_once(library: SimpleNamespace, tmp_path: Path) -> None:
    load_backends()
    load_backends()
    assert library.loaded == [os.fsencode(tmp_path / "lib")]


def test_a_build_with_its_backend_inside_loads_none(library: SimpleNamespace) -> None:
    library.inside = 1
    load_backends()
    assert library.loaded == []
