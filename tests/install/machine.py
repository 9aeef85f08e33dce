"""A machine without a compiler, as far as the environment of a process can be one."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """`programs`: all that is on PATH. `index`: a folder with our two wheels, for --find-links."""

    programs: Path
    index: Path
    home: Path
    tools: Path

    def run(self, *command: str | Path) -> str:
        """Standard output; fails with what the command said."""
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=self.home,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "HTTP"))}
        here = {"HOME": str(self.home), "PATH": str(self.programs), "CC": "no-compiler", "CXX": "no-compiler"}
        places = {
            "UV_TOOL_DIR": self.home / "uv",
            "UV_TOOL_BIN_DIR": self.home / "bin",
            "PIPX_HOME": self.home / "pipx",
        }
        places |= {"PIPX_BIN_DIR": self.home / "bin", "XDG_CACHE_HOME": self.home / "cache"}
        return {**kept, **here, **{name: str(path) for name, path in places.items()}}
