"""`copilot-lsp models` as a command: what is said on which stream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gguf import GGUFWriter
from hub_server import HubServer
from tiny_model import GGUF, put

from copilot_lsp.cli import main
from copilot_lsp.engine.families import PSM
from copilot_lsp.models import registry


def test_the_licence_is_said_before_the_download(hub: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "hubbed"]) == 0
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "hubbed: licence Research; its licence forbids COMMERCIAL USE (Ctrl-C stops the download)"
    assert last.startswith("hubbed is ready: ")


def test_pull_as_json_is_for_editors(hub: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "hubbed", "--json"]) == 0
    *steps, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert steps[-1] == {"step": "verifying", "done": len(GGUF), "total": len(GGUF)}
    assert end == {"name": "hubbed", "path": str(registry.load().get("hubbed").path)}


def test_a_path_cannot_be_pulled(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "./x.gguf"]) == 2
    assert "is a path" in capsys.readouterr().err


def test_list_says_what_is_here(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(registry.load().get("tiny").path)
    put(registry.folder() / "shipped.gguf", b"GGUF")
    assert main(["models", "list", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert listed["tiny"]["present"]
    assert listed["tiny"]["default"]
    assert not listed["pieces"]["present"]
    assert main(["models", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["tiny"].rstrip().endswith("yes")
    assert "damaged" in lines["shipped"]
    assert "not for" in lines["hubbed"]


def test_add_path_and_rm(cache: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = put(tmp_path / "Mine.gguf")
    assert main(["models", "add", str(path)]) == 0
    assert main(["models", "path", "mine"]) == 0
    assert main(["models", "rm", "mine"]) == 0
    assert capsys.readouterr().out == f"mine: {path}\n{path}\nmine is gone: 0 MB free\n"


def test_info_reads_a_file_without_llama_cpp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "qwen2")
    writer.add_name("Toy Coder")
    writer.add_context_length(4096)
    writer.add_block_count(24)
    writer.add_embedding_length(896)
    writer.add_head_count(14)
    writer.add_head_count_kv(2)
    writer.add_token_list(["a", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert main(["models", "info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["family"], facts["layout"]) == ("qwen", " ".join(PSM))
    assert facts["cache_per_token"] == 2 * 24 * 2 * 64 * 2
    assert facts["context"] == 4096
    assert list(facts["memory"]) == ["2048", "4096"]
    assert main(["models", "info", str(path)]) == 0
    assert "tokens spelled in the vocabulary" in " ".join(capsys.readouterr().out.split())


def test_a_longer_token_is_not_taken_for_a_shorter_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "qwen2")
    writer.add_token_list(["x<|fim_prefix|>", "<|fim_suffix|>x", "<|fim_middle|>"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert main(["models", "info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["found_by"] == "no infilling tokens in the vocabulary"


def test_info_of_a_damaged_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(tmp_path / "m.gguf", b"GGUF\x03\0\0\0" + b"\xff" * 16)
    assert main(["models", "info", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
