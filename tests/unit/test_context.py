"""The windows of a prompt: what is in them, and that typing does not move where they begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from goldens import all_of, name_of, read
from hypothesis import given, settings
from hypothesis import strategies as st
from markers import cursor

from copilot_lsp.completion import context, cuts
from copilot_lsp.completion.context import Context
from copilot_lsp.completion.cuts import GRID
from copilot_lsp.source.document import Document


def built(source: str, offset: int, language: str = "python") -> Context:
    snapshot = Document.open("file:///x", "x", language, 1, source, 500_000).snapshot()
    return context.build(snapshot, offset)


def at_cursor(marked: str, language: str = "python") -> Context:
    return built(*cursor(marked), language)


def described(found: Context) -> str:
    """Each cut: its header, then the line where the window would begin."""
    lines: list[str] = []
    for cut in found.cuts:
        first = found.prefix[cut.start :].partition("\n")[0]
        lines += [*(f"  | {line}" for line in cut.header.splitlines()), f"{cut.start:5} {first}"]
    return "\n".join(lines)


@pytest.mark.parametrize("path", all_of("context"), ids=name_of)
def test_cuts(path: Path) -> None:
    golden = read(path)
    golden.check("cuts", described(at_cursor(golden.sections["source"], golden.head[0])))


def test_prefix_and_suffix_meet_at_the_cursor() -> None:
    found = at_cursor("a = 1\nb = ‸2\nc = 3\n")
    assert (found.prefix, found.suffix) == ("a = 1\nb = ", "2\nc = 3\n")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_model_sees_one_kind_of_line_end(end: str) -> None:
    source = "".join(f"def f{n}(x):\n    return x + {n}\n\n" for n in range(20)) + "x = ‸1\ny = 2\n"
    assert at_cursor(source.replace("\n", end)) == at_cursor(source)


def test_windows_are_bounded() -> None:
    found = at_cursor("x = 1\n" * 20_000 + "‸" + "y = 2\n" * 20_000)
    assert 8_000 < len(found.prefix) <= context.PREFIX_BYTES
    assert len(found.suffix) <= context.SUFFIX_BYTES


def test_a_window_begins_on_the_grid() -> None:
    found = at_cursor("".join(f"x{n} = {n}\n" for n in range(10_000)) + "‸")
    assert int(found.prefix[1 : found.prefix.index(" ")]) % GRID == 0


def test_a_file_of_one_long_line_has_windows_too() -> None:
    found = at_cursor("ä" * 100_000 + "‸" + "b" * 100_000)
    assert 8_000 < len(found.prefix.encode()) <= context.PREFIX_BYTES
    assert set(found.prefix) == {"ä"}
    assert [cut.start for cut in found.cuts] == [0]


def test_imports_are_bounded() -> None:
    imports = "".join(f"import module_{n}\n" for n in range(100))
    header = at_cursor(imports + "\ndef f():\n" + "    x = 1\n" * 40 + "    ‸").cuts[-1].header
    assert header.startswith("import module_0\n")
    assert len(header) < cuts.IMPORT_CHARS + 100


LINES = (
    "import os",
    "from a import (",
    "    b,",
    ")",
    "@decorated",
    "class A:",
    "    def f(self,",
    "          x):",
    "        if x:",
    "            return (1,",
    "        else:",
    '        """doc',
    '    end"""',
    "    # comment",
    "} else {",
    "fn main() {",
    "\treturn 1;",
    "}",
    "",
    "  ",
)
TYPED = st.text(alphabet="ab (){}[]:\"'#/*\n\t", max_size=12)


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=70), TYPED, st.lists(st.sampled_from(LINES), max_size=4))
def test_typing_changes_no_cut(above: list[str], typed: str, below: list[str]) -> None:
    before, after = "\n".join([*above, ""]), "\n".join(["", *below])
    for language in ("python", "rust"):
        old = built(before + after, len(before.encode()), language)
        new = built(before + typed + after, len((before + typed).encode()), language)
        assert new.prefix == old.prefix + typed
        assert new.suffix == old.suffix
        assert [cut for cut in new.cuts if cut.start < len(before) or cut in old.cuts] == list(old.cuts)


@settings(deadline=None, max_examples=25)
@given(st.integers(300, 600), TYPED)
def test_typing_in_a_long_file_slides_no_window(lines: int, typed: str) -> None:
    before = "".join(f"def f{n}(a, b):\n    return a + {n}\n\n" for n in range(lines))
    old = built(before, len(before))
    new = built(before + typed, len(before + typed))
    # The window may move on, in steps of whole grids; what is still in it begins as before.
    begins = {old.prefix[cut.start :]: cut.header for cut in old.cuts}
    kept = [cut for cut in new.cuts if new.prefix[cut.start : len(new.prefix) - len(typed)] in begins]
    assert len(kept) >= len(old.cuts) - 12
    assert all(begins[new.prefix[cut.start : len(new.prefix) - len(typed)]] == cut.header for cut in kept)


@settings(deadline=None)
@given(st.text(alphabet="aé‘😀 \t\r\n(){}:#", max_size=200), st.data())
def test_never_raises_and_keeps_its_promises(source: str, data: st.DataObject) -> None:
    offset = len(source[: data.draw(st.integers(0, len(source)))].encode())
    found = built(source, offset)
    starts = [cut.start for cut in found.cuts]
    assert starts == sorted(set(starts))
    assert all(start == 0 or found.prefix[start - 1] == "\n" for start in starts)
    assert "\r" not in found.prefix + found.suffix + "".join(cut.header for cut in found.cuts)
