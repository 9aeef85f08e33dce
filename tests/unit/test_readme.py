"""What the README says that can be checked."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")

sys.path.insert(0, str(ROOT / "scripts"))
options_table = importlib.import_module("options_table")
sys.path.remove(str(ROOT / "scripts"))


def test_the_table_of_options_is_that_of_the_code():
    assert options_table.updated(README) == README, "run `make docs`"


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets


def test_the_places_in_the_examples_exist():
    text = (ROOT / "Makefile").read_text("utf-8") + (ROOT / "examples" / "README.md").read_text("utf-8")
    places = re.findall(r"(examples/[\w.]+):(\d+):(\d+)", text)
    assert places
    for path, line, column in places:
        assert int(column) == len((ROOT / path).read_text("utf-8").split("\n")[int(line) - 1]) + 1
