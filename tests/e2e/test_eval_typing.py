"""`copilot-lsp eval --typing` against the real server with a scripted engine: what is right is taken and saves keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SOURCE = '''"""Rectangles."""


def area(width, height):
    """Of a rectangle whose sides are given in the same unit."""
    product = width * height
    return abs(product)


SMALLEST = 1
'''

RULES = [
    {"after": "    product = $", "text": "width * height"},
    {"after": "\\n    return $", "text": "abs(product)"},
    {"after": "def $", "text": "perimeter(self):"},
]


def simulate(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    script = folder.parent / "rules.json"
    script.write_text(json.dumps(RULES), "utf-8")
    command = [sys.executable, "-m", "copilot_lsp", "eval", "--typing", str(folder), "--cases", "1"]
    command += ["--engine", "fake", "--fake-script", str(script), "--words", "200", "--reading", "20"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)


def test_right_suggestions_save_keys_and_every_format_says_so(tmp_path: Path) -> None:
    folder, page, data = tmp_path / "code", tmp_path / "typing.html", tmp_path / "typing.json"
    folder.mkdir()
    (folder / "shapes.py").write_text(SOURCE, "utf-8")
    done = simulate(folder, "--html", page, "--json", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "keystrokes saved" in done.stdout
    assert "Expected calibration error: default " in page.read_text("utf-8")
    (found,) = json.loads(data.read_text("utf-8"))["assistants"].values()
    (place,) = found["places"]
    seen = {each["text"]: each["verdict"] for each in place["seen"]}
    assert seen["width * height"] == "fully right"
    assert seen["abs(product)"] == "fully right"
    assert all(0 < each["probability"] <= 1 for each in place["seen"])
    assert found["measures"]["python"]["keystrokes_saved"]["value"] > 0
    assert found["measures"]["python"]["flicker"]["value"] == 0
    assert (folder / "shapes.py").read_text("utf-8") == SOURCE


def test_a_folder_without_code_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    done = simulate(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "has no function, class or statement" in done.stderr
