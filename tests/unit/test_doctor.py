"""What the doctor decides by itself; tests/e2e/test_planted_faults.py plants faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_lsp.doctor.engine import _build, leaks
from copilot_lsp.doctor.surroundings import OLDEST, Client, _editor

ROOT = Path(__file__).parents[2]


def test_a_build_for_an_older_processor() -> None:
    found = _build("CPU : SSE3 = 1 | LLAMAFILE = 1", "sse sse2 avx avx2")
    assert (found.state, found.remedy != "") == ("warning", True)
    assert _build("CPU : SSE3 = 1 | AVX2 = 1 | LLAMAFILE = 1", "sse sse2 avx avx2").remedy == ""
    assert _build("CPU : SSE3 = 1", "sse sse2").remedy == ""


def test_an_editor_that_is_too_old() -> None:
    assert _editor(Client("Neovim", "0.10.4", False)).state == "failed"
    assert _editor(Client("Neovim", "0.11.4", False)).state == "ok"
    assert _editor(Client("Visual Studio Code", "1.90.2", True)).state == "failed"
    assert _editor(Client("Visual Studio Code", "1.106.1", True)).state == "ok"
    assert _editor(Client("another", "", True)).state == "ok"


def test_the_oldest_editors_are_those_of_our_clients() -> None:
    package = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text("utf-8"))
    assert package["engines"]["vscode"] == f"^{OLDEST['Visual Studio Code']}.0"
    assert f"Neovim {OLDEST['Neovim']} or later" in (ROOT / "editors" / "nvim" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("text", ["a + b<|fim_middle|>", "a<|im_end|>", "<fim_suffix>", "x</s>", "<｜fim▁end｜>"])
def test_a_control_token_in_the_text_is_a_leak(text: str) -> None:
    assert leaks(text)


@pytest.mark.parametrize("text", ["a + b", "a < b | c > d", "List<String>", "<div></div>", "x[PREFIX_LENGTH]"])
def test_code_is_no_leak(text: str) -> None:
    assert not leaks(text)
