"""The prompts that the benchmark of orders compares, what a key costs with each, and what its table says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks import orders_table, prompts
from benchmarks.orders_table import Row
from benchmarks.prompts import Variant
from copilot_lsp.engine import fim
from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.ends import infill_rule_ends, more_likely_ends
from copilot_lsp.engine.families import LEFT_TO_RIGHT, NO_MID, PSM, SPM, SPM_JOINED, Layout
from copilot_lsp.engine.fim import Budget, Template
from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.report.statistics import wilson

IDS = {"PRE": 1, "SUF": 2, "MID": 3}
QWEN = Template("qwen", PSM, IDS)
OURS = Template("starcoder2", SPM_JOINED, IDS, unsure_ends=False)

PREFIX = "import a\n\n\ndef f(x):\n    one = 1\n    two = 2\n    three = 3\n    four = 4\n    return "
FOUR = PREFIX.index("    four")
SUFFIX = "\n\n\nend = 1\nlast = 2\n"


class Letters:
    """A token is a character; the letters before a line end are never healed, because no two of them stand together."""

    fim: Mapping[str, int] = IDS
    bos: int | None = None

    def tokenize(self, text: str) -> list[int]:
        return [ord(letter) + 10 for letter in text]

    def control(self, text: str) -> int | None:
        return None

    def piece(self, token: int) -> bytes:
        return chr(token - 10).encode() if token > 9 else b""

    def show(self, tokens: list[int]) -> str:
        return "".join({1: "<P>", 2: "<S>", 3: "<M>"}.get(token) or chr(token - 10) for token in tokens)


def built(variant: Variant, template: Template = QWEN) -> str:
    request = prompts.request_of(InfillRequest("d", "a.py", PREFIX, SUFFIX), variant)
    found = fim.build(Letters(), prompts.template_of(template, variant), request, prompts.budget_of(variant))
    return Letters().show(found.tokens) + "|" + found.healed.decode()


def key_costs(layout: Layout, anchor: prompts.Anchor, typed: str) -> list[int]:
    request = InfillRequest("d", "a.py", "a\nb = 1 +", "\nc\n", anchor=prompts.ANCHORS[anchor]("a\nb = 1 +"))
    return prompts.costs(Letters(), Template("t", layout, IDS), request, Budget(100, 100, 0, 200), typed)


def test_what_is_shipped_is_compared_with_every_other_order() -> None:
    assert prompts.shipped(QWEN) == Variant("psm", "definition", "infill")
    assert prompts.shipped(OURS) == Variant("spm-joined", "definition", "likelier")
    assert {each.order for each in prompts.variants(prompts.shipped(QWEN))} == {
        "psm, cursor",
        "psm, 1 line",
        "psm, 4 lines",
        "psm, definition",
        "spm-joined",
        "left-to-right",
    }


@pytest.mark.parametrize("layout", ["psm", "spm", "spm-joined"])
def test_variants_have_names_of_their_own_and_differ_from_the_base_in_one_thing(layout: str) -> None:
    base = Variant(layout, "definition", "infill")
    found = prompts.variants(base)
    assert base in found
    assert len({each.name for each in found}) == len(found)
    for each in found:
        changed = [each.order != base.order, each.ending != base.ending, each.lines != base.lines]
        assert sum(changed) == (each != base)


def test_a_model_without_another_order_is_not_measured() -> None:
    for layout in (NO_MID, LEFT_TO_RIGHT):
        with pytest.raises(UsageError, match="no other order"):
            prompts.shipped(Template("codestral", layout, IDS))


@pytest.mark.parametrize(
    ("layout", "anchor", "expected"),
    [
        ("psm", "cursor", f"<P>{PREFIX}<S>{SUFFIX}<M>|"),
        ("psm", "1 line", f"<P>{PREFIX[:FOUR]}<S>{SUFFIX}<M>{PREFIX[FOUR:-1]}| "),
        ("psm", "definition", f"<P>{PREFIX[:11]}<S>{SUFFIX}<M>{PREFIX[11:-1]}| "),
        ("spm-joined", "definition", f"<P><S>{SUFFIX}<M>{PREFIX[:-1]}| "),
        ("spm", "definition", f"<S>{SUFFIX}<P>{PREFIX[:11]}<M>{PREFIX[11:-1]}| "),
        ("left-to-right", "definition", f"{PREFIX[:-1]}| "),
    ],
)
def test_orders(layout: str, anchor: prompts.Anchor, expected: str) -> None:
    assert built(Variant(layout, anchor, "infill")) == expected


def test_lines_of_suffix_are_those_below_the_cursors() -> None:
    assert prompts.first_lines(SUFFIX, None) == SUFFIX
    assert prompts.first_lines(SUFFIX, 0) == ""
    assert prompts.first_lines(")" + SUFFIX, 3) == ")\n\n\nend = 1\n"
    assert prompts.first_lines(SUFFIX, 60) == SUFFIX
    assert prompts.first_lines("\none", 4) == "\none"


def test_typing_evaluates_the_suffix_again_only_where_the_hole_begins_at_the_cursor() -> None:
    # The text before the cursor and three control tokens; then a key, two control tokens; each with the suffix.
    assert key_costs(PSM, "cursor", "+-") == [9 + 3 + 3, 1 + 2 + 3, 1 + 2 + 3]
    for layout in (PSM, SPM, SPM_JOINED, LEFT_TO_RIGHT):
        assert max(key_costs(layout, "1 line", "+-+-")[1:]) == 1


def test_ends() -> None:
    def rule(template: Template, variant: Variant) -> object:
        return prompts.rule_of(template, variant)

    assert rule(QWEN, Variant("psm", "cursor", "infill")) is infill_rule_ends
    assert rule(QWEN, Variant("psm", "cursor", "likelier")) is more_likely_ends
    assert rule(QWEN, Variant("psm", "cursor", "greedy")) is None
    assert rule(Template("t", LEFT_TO_RIGHT), Variant("left-to-right", "cursor", "infill")) is None


@pytest.mark.parametrize(
    ("text", "prefix", "expected"),
    [
        ("a + b\n", "x = ", True),
        ("a + b  \nmore", "x = ", True),
        ("a + b", "x = ", None),
        ("a ", "x = ", None),
        ("a - ", "x = ", False),
        ("a + bc", "x = ", False),
        ("a\n", "x = ", False),
        ("\n    a + b\n", "f(\n    ", True),
        ("\n", "x = ", False),
        ("\n", "x = 1\n", None),
    ],
)
def test_a_text_is_judged_as_soon_as_it_can_be(text: str, prefix: str, expected: bool | None) -> None:
    assert prompts.agrees(text, prefix, "a + b ") is expected


def test_table() -> None:
    base = Variant("psm", "definition", "infill")
    other = Variant("psm", "cursor", "infill")
    rows = [Row("m", "p", str(n), base.name, n < 20, 100, [1, 1]) for n in range(40)]
    rows += [Row("m", "p", str(n), other.name, n < 10, 200, [50, 70]) for n in range(30)]
    head, _, first, second = orders_table.markdown(rows, base, [base, other]).split("\n")
    assert head.count("|") == first.count("|") == second.count("|") == 8
    assert first == f"| **{base.name}** | 40 | 50.0 % (35.2 to 64.8) |  |  | 1.0 | 100 |"
    assert second.startswith(
        f"| {other.name} | 30 | 33.3 % (19.2 to 51.2) | -33.3 (-50.0 to -16.7) | 0, 10 | 60.0 | 200"
    )


def test_an_interval_of_a_share() -> None:
    # Agresti and Coull, 1998, The American Statistician 52: 0 of 10 has an upper limit of z^2 / (n + z^2).
    low, high = wilson(0, 10)
    assert low == 0
    assert high == pytest.approx(1.96**2 / (10 + 1.96**2))
    assert wilson(10, 10) == pytest.approx((1 - high, 1))
