"""The list of other files' text in a document's prompts: it changes seldom, a piece at a time, the new one last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot_lsp.completion.chunks import CHARS, Picked, cost
from copilot_lsp.completion.shelf import EMPTY, Shelf, next_shelf
from copilot_lsp.completion.wanted import steady
from copilot_lsp.engine.base import Chunk
from copilot_lsp.source.document import Document

WORDS = st.sampled_from(["client", "fetch_page", "Unknown", "x", "(", ")", ".", " ", '"', "# ", "é", "\t", "def f"])
LINES = st.lists(st.lists(WORDS, max_size=6).map("".join), min_size=1, max_size=30)


@given(lines=LINES, at=st.integers(0, 29), typed=st.lists(WORDS, max_size=10))
def test_typing_inside_a_line_never_asks_for_another_list(lines: list[str], at: int, typed: list[str]) -> None:
    at %= len(lines)
    above, below = "".join(line + "\n" for line in lines[:at]), "".join("\n" + line for line in lines[at + 1 :])
    seen = set()
    for end in range(len(typed) + 1):
        left = above + lines[at] + "".join(typed[:end])
        document = Document.open("file:///a.py", "a.py", "python", 1, left + below, 100_000)
        seen.add(steady(document.snapshot(), len(left.encode())))
    assert len(seen) == 1


def piece(name: str, size: int = 40) -> Picked:
    return Picked(Chunk(f"{name}.py", f"class {name}:\n".ljust(size, "."), f"/{name}.py"), "")


LISTS = st.lists(st.sampled_from("ABCDEFGH"), unique=True, max_size=5).map(lambda names: tuple(map(piece, names)))


@given(wanted=st.lists(LISTS, max_size=12), tokens=st.integers(30, 100))
def test_a_piece_at_a_time_the_new_one_last_within_the_budget(wanted: list[tuple[Picked, ...]], tokens: int) -> None:
    shelf = EMPTY
    for number, fresh in enumerate(wanted):
        fits = tuple(each for index, each in enumerate(fresh) if sum(map(cost, fresh[index:])) <= tokens * CHARS)
        new = next_shelf(shelf, frozenset({str(number)}), fits, tokens)
        assert sum(map(cost, new.picked)) <= tokens * CHARS
        if shelf.picked:
            added = [each for each in new.picked if each not in shelf.picked]
            stayed = [each for each in new.picked if each in shelf.picked]
            assert len(added) <= 1
            assert list(new.picked) == stayed + added
            assert stayed == [each for each in shelf.picked if each in stayed]
        else:
            assert new.picked == fits
        shelf = new


@given(first=LISTS, fresh=LISTS)
def test_the_list_comes_to_rest_and_has_all_that_is_wanted(
    first: tuple[Picked, ...], fresh: tuple[Picked, ...]
) -> None:
    shelf, names, changes = Shelf(frozenset(), first), frozenset({"x"}), 0
    while shelf.names != names:
        shelf, changes = next_shelf(shelf, names, fresh, 10_000), changes + 1
    assert set(fresh) <= set(shelf.picked)
    assert changes <= len(fresh) + 1
    assert next_shelf(shelf, names, fresh, 10_000) == shelf


def test_a_newer_version_takes_the_place_of_the_older_one() -> None:
    old = Shelf(frozenset(), (piece("A", 40), piece("B")))
    new = next_shelf(old, frozenset({"x"}), (piece("A", 50),), 1000)
    assert new.picked == (piece("B"), piece("A", 50))
