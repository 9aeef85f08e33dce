"""`complete --show-prompt` prints what was chosen and why; an index that cannot be kept is one line, exit code 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Command

from copilot_lsp.workspace.index import store

CLIENT = 'class Client:\n    """Talks."""\n\n    def fetch_page(self, number: int) -> bytes:\n        return b""\n'
MAIN = "from app.client import Client\n\n\ndef main() -> None:\n    client = Client()\n    client.\n"


@pytest.fixture
def main_py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "app/client.py").write_text(CLIENT)
    (root / "app/main.py").write_text(MAIN)
    monkeypatch.setattr(store, "file_of", lambda roots: tmp_path / "index/index.sqlite")
    return root / "app/main.py"


def test_each_piece_with_its_origin_and_its_reason(main_py: Path, command: Command) -> None:
    run = command("complete", [{"after": r"client\.$", "text": "fetch_page(1)"}])
    done = run(f"{main_py}:6:12", "--context", "--show-prompt")
    assert (done.code, done.out) == (0, "fetch_page(1)")
    assert "--- app/client.py: defines Client (imported)\nclass Client:" in done.err
    assert "main.py: before the cursor" in done.err


def test_an_index_that_cannot_be_kept_is_a_failure_and_no_wrong_usage(
    main_py: Path, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")
    done = command("complete", [{"after": "", "text": "x"}])(f"{main_py}:6:12", "--context")
    assert (done.code, done.out) == (1, "")
    assert "cannot be written" in done.err
    assert "leave --context out" in done.err
    assert "Traceback" not in done.err
