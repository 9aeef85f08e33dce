"""A registry of three models, two of which are here, and nothing else running on the machine."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import tiny_gguf
from scripted import Benches

from copilot_lsp import folders
from copilot_lsp.models import registry
from copilot_lsp.tuning import bench

ENTRY = """
[models.{name}]
description = "{name}"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
rank = {rank}
shape = {{ layers = 1, width = 32, feed_forward = 64, heads = 2, kv_heads = 1, vocabulary = 260 }}
sources = [{source}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`small` and `good` are here, `great` could be pulled."""
    data = tiny_gguf.make().data
    facts = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    text = 'default = "small"\n'
    for rank, name in enumerate(("small", "good", "great"), 1):
        source = '{ url = "http://127.0.0.1:9/x" }' if name == "great" else f'{{ shipped = "{name}.gguf" }}'
        text += ENTRY.format(name=name, rank=rank, source=source, **facts)
        if name != "great":
            (tmp_path / f"{name}.gguf").write_bytes(data)
    (tmp_path / "registry.toml").write_text(text, "utf-8")
    monkeypatch.setattr(registry, "folder", lambda: tmp_path)
    monkeypatch.setattr(folders, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.setattr(psutil, "cpu_percent", lambda _seconds: 0.0)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    monkeypatch.chdir(tmp_path)
    registry.load.cache_clear()
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)
    registry.load.cache_clear()


@pytest.fixture
def benches(here: Path, monkeypatch: pytest.MonkeyPatch) -> Benches:
    """In the place of engine processes; the quantizer writes the same file again."""
    made = Benches()
    monkeypatch.setattr(bench, "opened", made.open)
    monkeypatch.setattr(
        bench, "quantize", lambda source, target, _kind, _threads: target.write_bytes(source.read_bytes())
    )
    return made
