"""The plugin's own specs (spec/*.lua), in both Neovims."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_specs(program: Path) -> None:
    command = [str(program), "--clean", "-l", str(HERE / "run.lua")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
