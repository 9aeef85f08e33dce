"""Holes and samples: nothing of the text is lost or moved by the fill-in-the-middle transform."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_lsp.engine.families import PSM, SPM, SPM_JOINED, Layout
from training.collect import Source
from training.fim import CONTROL, Window, assemble, related, sample, view
from training.holes import KINDS, MAX_HOLE, Hole, cut

PYTHON = '''"""Adds."""

import os


def add(a, b):
    total = a + b
    if total > 3:
        print("großer Wert", os.getcwd())
    return total


class Sum:
    def __init__(self, *numbers):
        self.numbers = numbers
'''
CONTROL_IDS = {id: part for part, id in CONTROL.items()}


def encode(text: str) -> list[int]:
    """One token a character, none of them a control token."""
    return [ord(character) + 100 for character in text]


def decode(tokens: list[int]) -> str:
    return "".join(chr(token - 100) for token in tokens)


def by_control(tokens: list[int]) -> list[tuple[str, str]]:
    """(control token, text after it), in order."""
    parts: list[tuple[str, str]] = []
    for token in tokens:
        if token in CONTROL_IDS:
            parts.append((CONTROL_IDS[token], ""))
        else:
            parts[-1] = (parts[-1][0], parts[-1][1] + decode([token]))
    return parts


def source(text: str, path: str = "sums/add.py") -> Source:
    return Source("pypi:sums", path, "python", text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_hole_lies_in_the_text_and_is_bounded(kind: str) -> None:
    cuts = KINDS[kind][1]
    for seed in range(200):
        span = cuts(PYTHON, "python", Random(seed))
        if span is not None:
            assert 0 <= span[0] <= span[1] <= len(PYTHON)
            assert span[1] - span[0] <= MAX_HOLE + 200


def test_holes_of_all_kinds_come_up_and_only_the_empty_one_is_empty() -> None:
    holes = [cut(PYTHON, "python", Random(seed)) for seed in range(400)]
    assert {hole.kind for hole in holes} == set(KINDS)
    assert all((hole.start == hole.end) == (hole.kind == "empty") for hole in holes if hole.kind != "lines")


def test_a_line_hole_ends_where_the_line_ends_or_before_what_closes_it() -> None:
    for seed in range(200):
        span = KINDS["line"][1](PYTHON, "python", Random(seed))
        if span is not None:
            rest = PYTHON[span[1] :].split("\n", 1)[0]
            assert "\n" not in PYTHON[span[0] : span[1]]
            assert not rest.strip(")]}>\"'`;:,")


def test_node_holes_are_syntax_nodes() -> None:
    texts = {PYTHON[slice(*span)] for seed in range(300) if (span := KINDS["node"][1](PYTHON, "python", Random(seed)))}
    assert {"a + b", "total > 3", '("großer Wert", os.getcwd())', "return total"} <= texts


def test_a_language_without_grammar_has_no_nodes_but_other_holes() -> None:
    assert KINDS["node"][1](PYTHON, "cobol", Random(1)) is None
    assert cut(PYTHON, "cobol", Random(1)).kind in KINDS


@given(st.text(min_size=1, max_size=300), st.integers(0, 2**32))
def test_any_text_can_be_cut_and_put_together_again(text: str, seed: int) -> None:
    random = Random(seed)
    hole = cut(text, "python", random)
    window = view(text, hole, 2048, random)
    assert window.prefix + window.middle + window.suffix in text
    assert window.middle == text[hole.start : hole.end]
    assert text[: hole.start].endswith(window.prefix)


@pytest.mark.parametrize("layout", [SPM, PSM])
@given(prefix=st.text(max_size=50), middle=st.text(max_size=50), suffix=st.text(max_size=50))
def test_assembled_tokens_hold_prefix_suffix_and_middle(layout: Layout, prefix: str, middle: str, suffix: str) -> None:
    made = assemble([], Window(prefix, middle, suffix), layout, 2048, encode, "line")
    given_parts = dict(by_control(made.tokens[: made.middle]))
    assert given_parts == {"PRE": prefix, "SUF": suffix, "MID": ""}
    assert decode(made.tokens[made.middle : -1]) == middle
    assert made.tokens[-1] == CONTROL["END"]


def pairs(text: str) -> list[int]:
    """Two letters are a token where two are left, so that a cut may fall into one."""
    return [int.from_bytes(text[at : at + 2].encode(), "big") + 1000 for at in range(0, len(text), 2)]


@pytest.mark.parametrize(("prefix", "middle"), [("abcd", "efg"), ("abc", "defg"), ("", "a"), ("abc", "")])
def test_a_joined_middle_takes_the_token_that_the_cut_is_in(prefix: str, middle: str) -> None:
    made = assemble([], Window(prefix, middle, "yz"), SPM_JOINED, 2048, pairs, "line")
    joined = pairs(prefix + middle)
    whole = len(prefix) // 2 if middle else len(joined)
    before = [CONTROL["PRE"], CONTROL["SUF"], *pairs("yz"), CONTROL["MID"], *joined[:whole]]
    assert made.tokens == [*before, *joined[whole:], CONTROL["END"]]
    assert made.middle == len(before)


def test_too_long_a_window_keeps_what_is_near_the_hole() -> None:
    made = assemble([], Window("p" * 500 + "P", "m", "S" + "s" * 500), SPM, 100, encode, "line")
    parts = dict(by_control(made.tokens[: made.middle]))
    assert len(made.tokens) <= 100
    assert parts["PRE"].endswith("P")
    assert parts["SUF"].startswith("S")
    assert decode(made.tokens[made.middle : -1]) == "m"


def test_samples_are_the_engines_prompts() -> None:
    """The repository format is the one that `copilot_lsp.engine.fim` builds."""
    other = source("def subtract(a, b):\n    return a - b\n" * 9, "sums/subtract.py")
    kinds = set()
    for seed in range(60):
        made = sample(source(PYTHON), [other], encode, 2048, Random(seed))
        parts = by_control(made.tokens[: made.middle])
        names = [name for name, _ in parts]
        kinds.add(tuple(names))
        assert parts[-1] == ("MID", "")
        if names[0] == "REP":
            assert parts[0] == ("REP", "project\n")
            assert parts[1][1].startswith("sums/subtract.py\n")
        if "SEP" in names:
            assert parts[len(names) - 4] == ("SEP", "sums/add.py\n")
    assert {("SUF", "PRE", "MID"), ("PRE", "SUF", "MID"), ("REP", "SEP", "SEP", "SUF", "PRE", "MID")} <= kinds


def test_the_most_related_snippet_stands_last() -> None:
    window = Window("total = subtract(first_value, second_value)", "", "")
    files = [source("unrelated = 1\n", "a.py"), source("def subtract(first_value, second_value): ...\n", "b.py")]
    orders = [[snippet.path for snippet in related(files, window, Random(seed))] for seed in range(30)]
    assert sum(order[-1] == "b.py" for order in orders) > 20


def test_views_begin_at_a_line_start() -> None:
    text = "".join(f"line {number}\n" for number in range(2000))
    window = view(text, Hole("line", 9000, 9010), 512, Random(3))
    assert window.prefix.startswith("line ")
    assert len(window.prefix) < 9000
