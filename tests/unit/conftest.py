"""What tests of the command line share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Command, Result, Run

from copilot_lsp.cli import main


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Makes a function that runs a command with the fake engine and `rules`; it gives exit code, stdout and stderr."""

    def make(name: str, rules: list[dict[str, Any]]) -> Run:
        script = tmp_path / "script.json"
        script.write_text(json.dumps(rules), "utf-8")

        def run(*arguments: object) -> Result:
            code: int | str | None
            try:
                code = main([name, *map(str, arguments), "--engine", "fake", "--fake-script", str(script)])
            except SystemExit as error:  # argparse
                code = error.code
            captured = capsys.readouterr()
            return Result(code, captured.out, captured.err)

        return run

    return make
