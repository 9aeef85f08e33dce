"""Prompts: which template a vocabulary asks for, and which tokens come out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_lsp.engine import families, fim
from copilot_lsp.engine.base import Chunk, Cut, InfillRequest
from copilot_lsp.engine.fim import Budget, Template

BUDGET = Budget(prefix=100, suffix=100, chunks=100)


class Words:
    """A toy vocabulary: a token is a run of word characters, or any other single character; ids are made on demand."""

    def __init__(
        self, controls: tuple[str, ...] = (), fim: Mapping[str, int] | None = None, bos: int | None = None
    ) -> None:
        self.controls = {text: 1_000_000 + index for index, text in enumerate(controls)}
        self.fim: Mapping[str, int] = fim or {}
        self.bos = bos
        self.pieces: list[str] = []

    def tokenize(self, text: str) -> list[int]:
        import re

        found = []
        for piece in re.findall(r"\w+|\W", text):
            if piece not in self.pieces:
                self.pieces.append(piece)
            found.append(self.pieces.index(piece))
        return found

    def control(self, text: str) -> int | None:
        return self.controls.get(text)

    def piece(self, token: int) -> bytes:
        return self.pieces[token].encode() if token < 1_000_000 else b""

    def show(self, tokens: list[int]) -> str:
        names = {token: text for text, token in self.controls.items()}
        return "".join(names.get(token) or self.pieces[token] for token in tokens)


def prompt(vocabulary: Words, template: Template, budget: Budget = BUDGET, **fields: object) -> str:
    values: dict[str, object] = {"document": "d", "path": "a.py", "prefix": "x = ", "suffix": "\ny"} | fields
    built = fim.build(vocabulary, template, InfillRequest(**values), budget)  # type: ignore[arg-type]
    return vocabulary.show(built.tokens)


FAMILIES = [
    ("starcoder2", "starcoder2", "<fim_prefix>x = <fim_suffix>\ny<fim_middle>"),
    ("starcoder", "refact Refact", "<fim_prefix>x = <fim_suffix>\ny<fim_middle>"),
    ("qwen", "qwen2", "<|fim_prefix|>x = <|fim_suffix|>\ny<|fim_middle|>"),
    ("mellum", "llama Mellum-4b-base", "<fim_suffix>\ny<fim_prefix>x = <fim_middle>"),
    ("codestral", "llama", "[SUFFIX]\ny[PREFIX]x = "),
    ("seed-coder", "llama", "<[fim-suffix]>\ny<[fim-prefix]>x = <[fim-middle]>"),
    ("codegemma", "gemma CodeGemma 2b", "<|fim_prefix|>x = <|fim_suffix|>\ny<|fim_middle|>"),
    ("deepseek", "llama", "<｜fim▁begin｜>x = <｜fim▁hole｜>\ny<｜fim▁end｜>"),
]


@pytest.mark.parametrize(("name", "model", "expected"), FAMILIES)
def test_each_family_gets_its_own_prompt(name: str, model: str, expected: str) -> None:
    family = next(family for family in families.FAMILIES if family.name == name)
    vocabulary = Words((family.pre, family.suf, family.mid, family.repo, family.sep))
    template = fim.detect(vocabulary, model)
    assert template.name == name
    shown = prompt(vocabulary, template)
    assert shown + (" " if template.joined else "") == expected


def test_no_two_families_are_told_apart_by_nothing() -> None:
    seen: dict[object, str] = {}
    for family in families.FAMILIES:
        key = (family.names, family.pre, family.repo, family.sep)
        assert key not in seen, f"{family.name} hides behind {seen[key]}"
        seen[key] = family.name


def test_a_family_without_its_repository_tokens_still_fills() -> None:
    vocabulary = Words(("<fim_prefix>", "<fim_suffix>", "<fim_middle>"))
    template = fim.detect(vocabulary, "llama granite")
    assert (template.fills, template.repo, template.sep) == (True, None, None)


def test_ids_that_llama_cpp_found_are_enough() -> None:
    vocabulary = Words(("<a>", "<b>", "<c>"), {"PRE": 1_000_000, "SUF": 1_000_001, "MID": 1_000_002})
    template = fim.detect(vocabulary)
    assert template.name == "generic"
    assert prompt(vocabulary, template) == "<a>x = <b>\ny<c>"


def test_metadata_names_the_layout_of_our_own_models() -> None:
    vocabulary = Words(("<a>", "<b>", "<c>"), {"PRE": 1_000_000, "SUF": 1_000_001, "MID": 1_000_002})
    assert fim.detect(vocabulary, layout="spm").layout == families.SPM
    joined = fim.detect(vocabulary, layout="spm-joined")
    assert joined.joined
    assert prompt(vocabulary, joined, prefix="x = foo") == "<a><b>\ny<c>x = "


def test_a_model_without_fim_goes_left_to_right_and_does_not_see_the_suffix() -> None:
    vocabulary = Words(("<repo_name>", "<file_sep>"))
    template = fim.detect(vocabulary)
    assert not template.fills
    assert prompt(vocabulary, template, prefix="def f") == "def "


def test_control_tokens_in_the_users_text_stay_text() -> None:
    vocabulary = Words(("<fim_prefix>", "<fim_suffix>", "<fim_middle>"))
    template = fim.detect(vocabulary)
    request = InfillRequest("d", "a.py", "s = '<fim_middle>'", "<fim_suffix>")
    tokens = fim.build(vocabulary, template, request, BUDGET).tokens
    assert [token for token in tokens if token >= 1_000_000] == [1_000_000, 1_000_001, 1_000_002]


def test_begin_of_sequence_comes_first() -> None:
    vocabulary = Words(("<s>",), bos=1_000_000)
    assert prompt(vocabulary, fim.detect(vocabulary), prefix="a b") == "<s>a "


class TestChunks:
    def test_in_the_repository_format(self) -> None:
        family = next(family for family in families.FAMILIES if family.name == "qwen")
        vocabulary = Words((family.pre, family.suf, family.mid, family.repo, family.sep))
        shown = prompt(vocabulary, fim.detect(vocabulary, "qwen2"), chunks=(Chunk("b.py", "z = 1\n"),))
        head = "<|repo_name|>project\n<|file_sep|>b.py\nz = 1\n<|file_sep|>a.py\n"
        assert shown == head + "<|fim_prefix|>x = <|fim_suffix|>\ny<|fim_middle|>"

    def test_starcoder2_has_the_path_behind_the_prefix_token(self) -> None:
        family = next(family for family in families.FAMILIES if family.name == "starcoder2")
        vocabulary = Words((family.pre, family.suf, family.mid, family.repo, family.sep))
        chunks = (Chunk("b.py", "z = 1\n"),)
        shown = prompt(vocabulary, fim.detect(vocabulary, "starcoder2"), chunks=chunks)
        head = "<repo_name>project<file_sep>b.py\nz = 1\n<file_sep><fim_prefix>a.py\n"
        assert shown == head + "x = <fim_suffix>\ny<fim_middle>"
        ours = prompt(vocabulary, fim.detect(vocabulary, "starcoder2", "psm"), chunks=chunks)
        assert ours.startswith("<repo_name>project\n<file_sep>b.py\nz = 1\n<file_sep>a.py\n<fim_prefix>x = ")

    def test_starcoder_has_no_line_end_behind_the_repository(self) -> None:
        family = next(family for family in families.FAMILIES if family.name == "starcoder")
        vocabulary = Words((family.pre, family.suf, family.mid, family.repo, family.sep))
        shown = prompt(vocabulary, fim.detect(vocabulary, "starcoder"), chunks=(Chunk("b.py", "z = 1\n"),))
        assert shown.startswith("<reponame>project<filename>b.py\nz = 1\n<filename>a.py\n<fim_prefix>x = ")

    def test_codestral_has_plain_marks_in_the_prefix(self) -> None:
        family = next(family for family in families.FAMILIES if family.name == "codestral")
        vocabulary = Words((family.pre, family.suf))
        chunks = (Chunk("b.py", "z = 1\n"),)
        shown = prompt(vocabulary, fim.detect(vocabulary, "codestral"), chunks=chunks)
        assert shown == "[SUFFIX]\ny[PREFIX]+++++ b.py\nz = 1\n\n+++++ a.py\nx ="

    def test_comments_are_part_of_the_prefix_wherever_the_hole_begins(self) -> None:
        family = next(family for family in families.FAMILIES if family.name == "deepseek")
        vocabulary = Words((family.pre, family.suf, family.mid))
        template = fim.detect(vocabulary, "deepseek")
        shown = prompt(vocabulary, template, prefix="x = y", anchor=0, chunks=(Chunk("b.py", "z"),))
        assert shown == f"{family.pre}# Path: b.py\n# z\n{family.suf}\ny{family.mid}x = "

    def test_as_comments_of_the_files_language(self) -> None:
        vocabulary = Words()
        shown = prompt(
            vocabulary, fim.detect(vocabulary), path="a.go", comment="//", prefix="x = y", chunks=(Chunk("b.go", "z"),)
        )
        assert shown == "// Path: b.go\n// z\nx = "

    def test_those_that_do_not_fit_are_left_out_whole(self) -> None:
        vocabulary = Words()
        chunks = (Chunk("b.py", "one"), Chunk("c.py", "two " * 100))
        shown = prompt(vocabulary, fim.detect(vocabulary), prefix="x = y", chunks=chunks)
        assert shown == "# Path: b.py\n# one\nx = "

    def test_the_last_is_the_most_relevant_and_stays(self) -> None:
        vocabulary = Words()
        chunks = tuple(Chunk(f"{name}.py", "word " * 40) for name in "abc")
        shown = prompt(vocabulary, fim.detect(vocabulary), prefix="x = y", chunks=chunks)
        assert "c.py" in shown
        assert "a.py" not in shown

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(families.FAMILIES),
        st.lists(st.integers(0, 60), max_size=6),
        st.integers(0, 200),
    )
    def test_the_budget_is_the_number_of_their_tokens(
        self, family: families.Family, sizes: list[int], tokens: int
    ) -> None:
        controls = tuple(text for text in (family.pre, family.suf, family.mid, family.repo, family.sep) if text)
        vocabulary = Words(controls)
        template = fim.detect(vocabulary, family.names)
        chunks = tuple(Chunk(f"{number}", f"alien{number} " * size) for number, size in enumerate(sizes))
        request = InfillRequest(document="d", path="a.py", prefix="x = ", suffix="\ny", chunks=chunks)
        without = fim.build(vocabulary, template, replace(request, chunks=()), BUDGET)
        built = fim.build(vocabulary, template, request, replace(BUDGET, chunks=tokens))
        frame = len(vocabulary.tokenize(f"{fim.REPOSITORY}\n{template.mark}a.py\n")) + 2
        assert len(built.tokens) - len(without.tokens) <= tokens + frame
        shown = vocabulary.show(built.tokens)
        for number, size in enumerate(sizes):
            assert shown.count(f"alien{number}") in (0, size), "a chunk is whole or not there"


PSM_TEMPLATE = Template("x", families.PSM, {"PRE": 1, "SUF": 2, "MID": 3})


class TestAnchor:
    """The hole begins above the cursor: what was typed since is the beginning of the middle."""

    def shown(self, name: str, model: str, anchor: int | None, cuts: tuple[Cut, ...] = ()) -> str:
        family = next(family for family in families.FAMILIES if family.name == name)
        vocabulary = Words((family.pre, family.suf, family.mid))
        template = fim.detect(vocabulary, model)
        return prompt(vocabulary, template, prefix="a = 1\nb = foo", anchor=anchor, cuts=cuts)

    @pytest.mark.parametrize(
        ("anchor", "expected"),
        [
            (None, "<|fim_prefix|>a = 1\nb = foo<|fim_suffix|>\ny<|fim_middle|>"),
            (6, "<|fim_prefix|>a = 1\n<|fim_suffix|>\ny<|fim_middle|>b = "),
            (0, "<|fim_prefix|><|fim_suffix|>\ny<|fim_middle|>a = 1\nb = "),
        ],
    )
    def test_the_text_from_the_anchor_on_stands_last_and_is_healed(self, anchor: int | None, expected: str) -> None:
        assert self.shown("qwen", "qwen2", anchor) == expected

    def test_without_a_middle_token_it_follows_the_prefix(self) -> None:
        assert self.shown("codestral", "llama", 6) == "[SUFFIX]\ny[PREFIX]a = 1\nb = "

    def test_an_anchor_before_the_window_is_its_beginning(self) -> None:
        cuts = (Cut(6, "import os\n"),)
        shown = self.shown("qwen", "qwen2", 0, cuts=cuts)
        assert shown == "<|fim_prefix|><|fim_suffix|>\ny<|fim_middle|>import os\nb = "

    def test_typing_only_appends(self) -> None:
        vocabulary = Words(("<a>", "<b>", "<c>"), {"PRE": 1_000_000, "SUF": 1_000_001, "MID": 1_000_002})
        template, text = fim.detect(vocabulary), "x = 1\ndef f(a):\n    return a + foo(a)"
        before: list[int] = []
        for end in range(6, len(text) + 1):
            request = InfillRequest("d", "a.py", text[:end], "\nend", anchor=6)
            tokens = fim.build(vocabulary, template, request, BUDGET).tokens
            assert not before or tokens[: len(before) - 1] == before[:-1]
            before = tokens

    def test_a_pinned_window_may_grow(self) -> None:
        cuts = (Cut(0), Cut(6))
        request = InfillRequest("d", "a.py", "a = 1\nb = foo", "", cuts, anchor=6, pinned=True)
        vocabulary = Words()
        assert fim.window(vocabulary, PSM_TEMPLATE, request, Budget(7, 0, 0, pinned=20))[0] == 0
        assert fim.window(vocabulary, PSM_TEMPLATE, request, Budget(7, 0, 0, pinned=8))[0] == 1


class TestWindow:
    LINES = "".join(f"line{number} = {number}\n" for number in range(40))

    def cuts(self) -> tuple[Cut, ...]:
        starts = [index + 1 for index, char in enumerate(self.LINES) if char == "\n"]
        return (Cut(0), *(Cut(start, "import os\n") for start in starts[3::4]))

    def window(self, prefix: str, budget: int) -> str:
        vocabulary = Words()
        request = InfillRequest("d", "a.py", prefix, "", self.cuts())
        _, far, near = fim.window(vocabulary, PSM_TEMPLATE, request, Budget(budget, 0, 0))
        return vocabulary.show(far + near)

    def test_whole_prefix_when_it_fits(self) -> None:
        assert self.window(self.LINES, 1000) == self.LINES

    def test_begins_at_the_first_cut_that_fits_with_its_header(self) -> None:
        window = self.window(self.LINES, 100)
        assert window.startswith("import os\nline")
        assert window.endswith(self.LINES[-20:])

    def test_stays_where_it_is_while_the_user_types(self) -> None:
        windows = [self.window(self.LINES + "value = compute"[:typed], 110) for typed in range(15)]
        for before, after in itertools.pairwise(windows):
            assert after.startswith(before)

    def test_one_endless_line_is_cut_by_tokens(self) -> None:
        vocabulary = Words()
        request = InfillRequest("d", "a.py", "a b " * 500, "", (Cut(0),))
        cut, far, near = fim.window(vocabulary, PSM_TEMPLATE, request, Budget(100, 0, 0))
        assert cut == -1
        assert 0 < len(far + near) <= 100


class TestHealing:
    @pytest.mark.parametrize(
        ("text", "kept", "healed"),
        [
            ("return", "", b"return"),
            ("foo(", "foo", b"("),
            ("def f():\n    ", "def f():", b"\n    "),
            ("a  ", "a", b"  "),
            ("", "", b""),
        ],
    )
    def test_last_token_and_all_white_space_before_it(self, text: str, kept: str, healed: bytes) -> None:
        vocabulary = Words()
        tokens, removed = fim.heal_word(vocabulary, vocabulary.tokenize(text))
        assert (vocabulary.show(tokens), removed) == (kept, healed)
