"""What holds for every completion, whatever the model says. The rules one by one: test_shape_goldens.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markers import cursor

import copilot_lsp.postprocess
from copilot_lsp.completion.steps import in_file
from copilot_lsp.evaluation.cases.holes import Hole, insides
from copilot_lsp.postprocess import pipeline as shape
from copilot_lsp.postprocess import rules_end
from copilot_lsp.postprocess.pipeline import RawCompletion, finish, stop_at, unified
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.blocks import CLOSER
from copilot_lsp.source.brackets import scan
from copilot_lsp.source.document import Document, Snapshot, snapshot_with
from copilot_lsp.source.enclosing import closed_by, frames_at
from copilot_lsp.source.site import Site


def snapshot_of(source: str, language: str) -> Snapshot:
    return Document.open("file:///x", "x", language, 1, source, 500_000).snapshot()


def raw(marked: str, text: str, kind: Shape = Shape.LINE, language: str = "python") -> RawCompletion:
    source, offset = cursor(marked)
    return RawCompletion(snapshot_of(source, language), offset, kind, text)


@pytest.mark.parametrize(
    ("marked", "text", "reason"),
    [
        ("x = ‸", "", Reason.EMPTY),
        ("x = ‸", "\t ", Reason.WHITESPACE_ONLY),
        ("x = 1‸", "\ny = 2", Reason.EMPTY),
        ("print(‸)", ")", Reason.REPEATS_SUFFIX),
        ("x = 1\n‸", "x = 1", Reason.REPETITION),
        ("x = ‸", "= = )", Reason.BREAKS_SYNTAX),
    ],
)
def test_every_silence_has_its_reason(marked: str, text: str, reason: Reason) -> None:
    assert finish(raw(marked, text)) == Silence(reason)


def test_the_stream_goes_on_until_it_is_known_to_be_over() -> None:
    marked = "def f(x):\n    ‸\n\ndef g():\n    pass\n"
    text = "if x:\n        return 1\n    return 2\n\ndef g():\n"
    stops = [stop_at(raw(marked, text[:end], Shape.BLOCK)) for end in range(len(text) + 1)]
    end = text.index("\n\ndef")
    known = text.index("def g") + len("def ")
    assert stops == [None] * known + [end] * (len(text) - known + 1)


def test_a_line_stops_at_its_end() -> None:
    assert stop_at(raw("x = ‸", "compute(")) is None
    assert stop_at(raw("x = ‸", "compute(1)\n")) == len("compute(1)")
    assert stop_at(raw("x = 1‸", "\n")) == 0


def test_a_line_may_begin_below_an_empty_one() -> None:
    assert stop_at(raw("def f():\n    ‸", "\n    return 1")) is None
    assert finish(raw("def f():\n    ‸", "\n    return 1\n")) == "return 1"


def test_the_stream_stops_at_what_stands_right_of_the_cursor() -> None:
    assert stop_at(raw("print(‸)", "a, b)")) == len("a, b")


def test_windows_line_ends_change_nothing() -> None:
    marked = "class A:\n    def f(self):\n        ‸\n\n    def g(self):\n        pass\n"
    text = "x = 1\n        return x\n\n    def g(self):\n"
    expected = finish(raw(marked, text, Shape.BLOCK))
    assert expected == "x = 1\n        return x"
    assert finish(raw(marked.replace("\n", "\r\n"), text, Shape.BLOCK)) == expected


def test_spaces_from_the_model_do_not_end_a_block_of_tabs() -> None:
    marked = "class A {\n\tf() {\n\t\tif (a) {\n\t\t\t‸\n\t\t}\n\t}\n}\n"
    text = "b();\n      c();\n    }\n    d();\n"
    stops = [stop_at(raw(marked, text[:end], Shape.BLOCK, "javascript")) for end in range(len(text) + 1)]
    assert stops[text.index("c()") + 4] is None
    assert stops[-1] == text.index("\n    }")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("a\nb\n", "1\n2"),
        ("a\r\nb\r\n", "1\r\n2"),
        ("a\rb\r", "1\r2"),
        ("a\nb\r\nc\r\n", "1\r\n2"),
        ("a\r\nb\nc\n", "1\n2"),
        ("", "1\n2"),
    ],
)
def test_what_is_inserted_has_the_line_ends_of_most_lines(document: str, expected: str) -> None:
    assert in_file("1\n2", snapshot_of(document, "python")) == expected


@pytest.mark.parametrize("pieces", [["a\r\nb"], ["a\r", "\nb"], ["a\rb"], ["a", "\r", "b"]])
def test_line_ends_are_unified_while_the_text_grows(pieces: list[str]) -> None:
    text = ""
    for piece in pieces:
        text = unified(text + piece)
    assert text == "a\nb"


LANGUAGES = st.sampled_from(["python", "typescriptreact", "html", "go", "kotlin", "rust", "ruby", "plaintext"])
TEXTS = st.text(alphabet="ab1é😀 \t\n\n\r(){}[]:;,<>/#\"'`=\\-", max_size=80)
WORDS = [
    "x = 1",
    "f(",
    ")",
    "}",
    "{",
    "    ",
    "\n",
    "\n\n",
    "return",
    " ",
    "\t",
    "def f():",
    "if x:",
    "</p>",
    "</",
    '"',
    'f"',
    "`",
    "${",
    "#{",
    "'",
    "#",
    "<p>",
]
PIECES = st.lists(st.sampled_from(WORDS), max_size=14).map("".join)
ANY = st.one_of(TEXTS, PIECES)
DRAFTS = st.builds(
    lambda before, after, text, language, kind: RawCompletion(
        snapshot_of(before + after, language), len(before.encode()), kind, text
    ),
    ANY,
    ANY,
    ANY,
    LANGUAGES,
    st.sampled_from(Shape),
)
EVERY = settings(deadline=None, max_examples=150)


@EVERY
@given(DRAFTS)
@example(RawCompletion(snapshot_of(":\r1;;1", "python"), 3, Shape.LINE, "{x = 1"))
def test_finished_text_is_finished(any_draft: RawCompletion) -> None:
    text = finish(any_draft)
    if isinstance(text, str):
        assert text.strip()
        assert finish(RawCompletion(any_draft.snapshot, any_draft.offset, any_draft.shape, text)) == text
        assert any_draft.shape is Shape.BLOCK or "\n" not in text


@EVERY
@given(DRAFTS)
def test_a_stop_is_inside_the_text(any_draft: RawCompletion) -> None:
    stop = stop_at(any_draft)
    assert stop is None or 0 <= stop < len(any_draft.text)


@EVERY
@given(DRAFTS)
def test_the_next_line_is_never_written_twice(any_draft: RawCompletion) -> None:
    text = finish(any_draft)
    site = Site.of(any_draft.snapshot, any_draft.offset)
    if isinstance(text, str) and not site.right.strip() and site.next_line:
        last = (site.left + text).rpartition("\n")[2]
        assert last.rstrip() != site.next_line.rstrip() or CLOSER.match(last)


@EVERY
@given(DRAFTS)
def test_a_block_leaves_a_clean_tree_clean(any_draft: RawCompletion) -> None:
    before, text = any_draft.snapshot, finish(any_draft)
    if isinstance(text, Silence) or before.tree is None or before.tree.root_node.has_error:
        return
    after = snapshot_with(before, any_draft.offset, any_draft.offset, text.encode())
    # A line, and a block of which only the first line could be kept, may be the beginning of something.
    if "\n" in text.strip("\n"):
        assert after.tree is not None
        assert not after.tree.root_node.has_error


@EVERY
@given(DRAFTS)
def test_what_stands_right_of_the_cursor_closes_no_less(any_draft: RawCompletion) -> None:
    text = finish(any_draft)
    site = Site.of(any_draft.snapshot, any_draft.offset)
    if isinstance(text, str) and "\n" not in text:
        frames = frames_at(site)
        after = scan(text, site.language, frames).frames
        right = site.right.strip()
        assert len(closed_by(right, site.language, after)) >= len(closed_by(right, site.language, frames))


def pairs() -> Iterator[tuple[Snapshot, Hole]]:
    """The insides of some brackets and strings of this package."""
    for path in sorted(Path(copilot_lsp.__file__).parent.rglob("*.py")):
        snapshot = snapshot_of(path.read_text("utf-8"), "python")
        assert snapshot.tree is not None
        yield from ((snapshot, hole) for hole in insides(snapshot.tree, snapshot.text.data))


@pytest.mark.parametrize(("snapshot", "hole"), list(pairs())[::60])
def test_the_inside_of_a_pair_is_shown_as_it_is_and_stopped_at(snapshot: Snapshot, hole: Hole) -> None:
    """Taken out, and offered with all that follows it in the file."""
    data = snapshot.text.data
    inside = data[hole.start : hole.end].decode()
    masked = snapshot_with(snapshot, hole.start, hole.end, b"")
    draft = RawCompletion(masked, hole.start, Shape.LINE, data[hole.start : hole.end + 100].decode("utf-8", "ignore"))
    assert finish(draft) == inside
    assert (stop_at(draft) or 0) - len(inside) in (0, 1)  # there may be a space before the bracket


def functions() -> Iterator[tuple[str, int, int]]:
    """Some functions of this package: source, and the offsets where the body begins and ends."""
    for path in sorted(Path(copilot_lsp.postprocess.__file__).parent.glob("*.py")):
        source = path.read_text("utf-8")
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.body[0].lineno > node.lineno:
                first, last = node.body[0], node.body[-1]
                yield source, starts[first.lineno - 1] + first.col_offset, starts[last.end_lineno or 0] - 1


@pytest.mark.parametrize(("source", "begin", "end"), list(functions())[::6])
def test_what_a_person_wrote_is_shown_as_it_is(source: str, begin: int, end: int) -> None:
    """The body of a function taken out, and offered with all that follows it in the file."""
    snapshot = snapshot_of(source[:begin] + source[end:], "python")
    offset = len(source[:begin].encode())
    assert finish(RawCompletion(snapshot, offset, Shape.BLOCK, source[begin : end + 400])) == source[begin:end]


@pytest.mark.parametrize(("source", "begin", "end"), list(functions())[::6])
def test_a_line_that_a_person_wrote_is_shown_as_it_is(source: str, begin: int, end: int) -> None:
    line = source[begin:end].partition("\n")[0]
    half = begin + len(line) // 2
    snapshot = snapshot_of(source[:half] + source[begin + len(line) :], "python")
    shown = finish(RawCompletion(snapshot, len(source[:half].encode()), Shape.LINE, source[half : end + 100]))
    assert isinstance(shown, str)
    assert shown.strip() == source[half : begin + len(line)].strip()


@pytest.mark.parametrize(("source", "begin", "end"), list(functions())[::6])
def test_a_line_that_the_gate_cut_is_shown_up_to_what_it_leaves_open(source: str, begin: int, end: int) -> None:
    """The gate cuts in the middle of strings and calls: what stands before them is right all the same."""
    line = source[begin:end].partition("\n")[0]
    snapshot = snapshot_of(source[:begin] + source[begin + len(line) :], "python")
    for cut in (match.end() for match in re.finditer(r"\w+(?!\w)|[(\"'\[]", line)):
        begun = scan(line[:cut], "python").open_at
        shown = finish(RawCompletion(snapshot, len(source[:begin].encode()), Shape.LINE, line[:cut]))
        assert shown == line[:cut][:begun].rstrip() or begun == 0, line[:cut]


@pytest.mark.parametrize(
    ("marked", "text", "shown"),
    [
        ("def f():\n    re‸\n\ndef g():\n    pass\n", 'sult = drift("Find', "sult = drift"),
        ("x = [‸]\n", '1, f("a', "1, f"),
        ("class A:\n    as‸\n", "ync def", "ync def"),
    ],
)
def test_a_cut_line_keeps_its_sure_part(marked: str, text: str, shown: str) -> None:
    assert finish(raw(marked, text)) == shown


def test_rules_for_a_growing_text_come_from_one_place() -> None:
    streaming = [rule for rule in shape.RULES if rule.streams]
    assert {rule.apply.__module__.rpartition(".")[2] for rule in streaming} <= {"rules_end", "rules_right"}
    assert rules_end.ends_with_the_line in [rule.apply for rule in streaming]
