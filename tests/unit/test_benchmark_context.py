"""benchmarks/context.py: which places it finds, and the table of their scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import context_places
from benchmarks.context_places import Placed, draw
from benchmarks.context_table import Row, markdown
from copilot_lsp import folders

SHAPES = '''
def perimeter_of(sides):
    """The length around."""
    return sum(sides)


def surface_of(width, height):
    return width * height
'''

USES = """
import shapes


def fence(garden):
    length = shapes.perimeter_of(garden)
    return length


def grass(garden):
    area = shapes.surface_of(garden.width, garden.height)
    again = shapes.surface_of(garden.height, garden.width)
    return area + again
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("projects")
    folder = base / "all" / "garden"
    folder.mkdir(parents=True)
    (folder / "shapes.py").write_text(SHAPES)
    (folder / "uses.py").write_text(USES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "cache", lambda: base / "cache")
        patch.setattr(context_places, "TRIES", 4)
        yield base / "all"


@pytest.fixture(scope="module")
def placed(project: Path) -> list[Placed]:
    return draw(project, "python", 12, 0, 256)


def test_places_are_grouped_by_what_they_name(placed: list[Placed]) -> None:
    found = {(each.group, name) for each in placed for name in each.names}
    assert ("new", "perimeter_of") in found
    assert ("known", "surface_of") in found
    assert ("new", "surface_of") not in found
    assert all(each.case.path.endswith("uses.py") for each in placed if each.group != "none")


def test_the_context_comes_from_the_other_file(placed: list[Placed]) -> None:
    for each in placed:
        assert all(not chunk.path.endswith(Path(each.case.file).name) for chunk in each.chunks)
    assert any(each.is_named for each in placed if each.group != "none")


def test_the_same_seed_draws_the_same(project: Path, placed: list[Placed]) -> None:
    assert [each.case.id for each in draw(project, "python", 12, 0, 256)] == [each.case.id for each in placed]


def test_a_language_that_is_not_there_has_no_places(project: Path) -> None:
    assert draw(project, "rust", 5, 0, 256) == []


def test_the_table_has_both_sides_and_their_difference() -> None:
    def row(group: str, random: bool, before: bool, after: bool) -> Row:
        return Row("m", f"{group}{random}{before}{after}", "go", group, random, True, True, before, after, 9.0, 8.0, 7)

    table = markdown([row("new", False, False, True), row("new", True, True, True), row("none", True, True, False)])
    lines = {line.split("|")[1].strip(): line for line in table.splitlines()}
    assert (
        "| 2 | 2; 2 | 50.0 % (9.5 to 90.5) | 100.0 % (34.2 to 100.0) | +50.0"
        in lines["names something of another file, new to this one"]
    )
    assert "| 1, 0 | +1.00 (+1.00 to +1.00) |" in lines["go, names something of another file"]
    assert "| 0, 1 |" in lines["drawn at random"]
    assert "names something of another file, known to this one" not in lines
