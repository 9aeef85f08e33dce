"""Healing on the vocabularies that llama.cpp brings for its own tests: its source package is fetched for them, once."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
from campaign import Campaign

import copilot_lsp
from copilot_lsp.folders import cache

LOSING = ("bert",)
"""Families whose vocabularies do not keep a text as it is: no model that writes code has such a one."""


def folder() -> Path:
    """With the vocabularies in it; fetches the 80 MB around them if there are none."""
    target = cache() / f"vocabularies-{version('llama-cpp-python')}"
    if not target.exists():
        with tempfile.TemporaryDirectory() as work:
            package = f"llama-cpp-python=={version('llama-cpp-python')}"
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", work]
            done = subprocess.run([*command, package], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"the source of llama.cpp cannot be had: {done.stderr.strip()[-200:]}")
            _extract(next(Path(work).glob("llama_cpp_python-*.tar.gz")), target)
    return target


def _extract(archive: Path, target: Path) -> None:
    new = target.with_suffix(".new")
    new.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        for member in opened:
            name = Path(member.name).name
            if name.startswith("ggml-vocab-") and name.endswith(".gguf") and (file := opened.extractfile(member)):
                (new / name).write_bytes(file.read())
    new.rename(target)


def test_a_model_that_knows_the_file_writes_it_with_any_vocabulary(campaign: Campaign) -> None:
    from oracle import vocabulary_of, written

    draw = campaign.random("healing")
    sources = [path.read_text("utf-8") for path in sorted(Path(copilot_lsp.__file__).parent.rglob("rules_*.py"))]
    count, wrong = 0, []
    paths = [path for path in sorted(folder().glob("*.gguf")) if not any(word in path.name for word in LOSING)]
    assert paths
    for path in paths:
        vocabulary = vocabulary_of(path)
        for _ in range(campaign.size(300, 20)):
            source = draw.choice(sources)[:4000]
            cursor = draw.randrange(len(source))
            text, count = written(vocabulary, source[:cursor], source[cursor:]), count + 1
            if not source[cursor:].startswith(text):
                wrong.append((path.name, source[cursor - 20 : cursor], text))
    campaign.report(f"healing, {len(paths)} vocabularies", f"{count} places, {len(wrong)} written wrong")
    assert wrong == []
