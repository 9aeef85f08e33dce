"""What tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_lsp.cli import main


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Callable[..., SimpleNamespace]]:
    """Makes a function that runs a command with the fake engine and `rules`; it gives exit code, stdout and stderr."""

    def make(name: str, rules: list[dict[str, Any]]) -> Callable[..., SimpleNamespace]:
        script = tmp_path / "script.json"
        script.write_text(json.dumps(rules), "utf-8")

        def run(*arguments: object) -> SimpleNamespace:
            try:
                code = main([name, *map(str, arguments), "--engine", "fake", "--fake-script", str(script)])
            except SystemExit as error:  # argparse
                code = error.code
            captured = capsys.readouterr()
            return SimpleNamespace(code=code, out=captured.out, err=captured.err)

        return run

    return make
