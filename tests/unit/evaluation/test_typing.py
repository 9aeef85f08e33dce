"""The person of `eval --typing`, to the key, with suggestions made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typed_places import ALL, SOURCES

from copilot_lsp.evaluation.typing import measures
from copilot_lsp.evaluation.typing.assistant import Offer, Scene, Usage
from copilot_lsp.evaluation.typing.language_server import change_between
from copilot_lsp.evaluation.typing.page import TAKING, Key, Page, keys_by_hand
from copilot_lsp.evaluation.typing.places import Place, Size, places_of
from copilot_lsp.evaluation.typing.screen import Fate, Screen
from copilot_lsp.evaluation.typing.session import Typed, play
from copilot_lsp.evaluation.typing.typist import Person, Take, Verdict, judge, take


def place(text: str, before: str = "", after: str = "\n", language: str = "python") -> Place:
    found = {each.text: each for each in places_of("a.py", language, before + text + after, Size(1, 10_000))}
    return found[text]


F = place('def f(a):\n    return g(a, "b")')


def typed(page: Page, count: int) -> Page:
    for _ in range(count):
        page = page.typed()
    return page


class TestPage:
    def test_every_language_has_places(self) -> None:
        assert {each.language for each in ALL} == set(SOURCES)

    @pytest.mark.parametrize("closes", [True, False])
    @pytest.mark.parametrize("each", ALL, ids=lambda each: each.id)
    def test_typing_writes_the_text(self, each: Place, closes: bool) -> None:
        page = Page(each, closes)
        while not page.is_done:
            page = page.typed()
        assert (page.left, page.right) == (each.text, "")

    def test_enter_indents(self) -> None:
        page = typed(Page(F, closes=False), len("def f(a):"))
        assert page.key is Key.ENTER
        assert page.typed().left == "def f(a):\n    "

    def test_closed_brackets_stand_right_of_the_cursor_and_are_passed(self) -> None:
        page = typed(Page(F), len("def f("))
        assert (page.left, page.right) == ("def f(", ")")
        page = page.typed()
        assert page.key is Key.OVER
        assert (page.typed().left, page.typed().right) == ("def f(a)", "")

    def test_enter_between_brackets_puts_the_second_on_its_own_line(self) -> None:
        function = next(each for each in ALL if each.language == "cpp" and each.text.startswith("int f"))
        page = Page(function)
        while not page.left.endswith("\n  "):
            page = page.typed()
        assert page.right == "\n}"

    def test_an_apostrophe_in_a_comment_is_not_closed(self) -> None:
        method = next(each for each in ALL if each.text.startswith("int f(int a) {\n        //"))
        page = Page(method)
        while "it's (" not in page.left:
            page = page.typed()
        assert page.right == "\n    }"

    def test_too_much_indentation_is_taken_back(self) -> None:
        each = place("if a:\n    b()\nelse:\n    c()")
        page = Page(each, closes=False)
        while page.left != "if a:\n    b()\n    ":
            page = page.typed()
        assert (page.excess, page.key) == ("    ", Key.BACKSPACE)
        assert page.typed().left == "if a:\n    b()\n"

    def test_a_blank_line_is_left_empty(self) -> None:
        each = place("def f():\n    a()\n\n    b()")
        page = Page(each, closes=False)
        while page.left != "def f():\n    a()\n    ":
            page = page.typed()
        assert page.key is Key.ENTER
        assert page.typed().left == "def f():\n    a()\n\n    "

    def test_keys_by_hand(self) -> None:
        # 9 characters, Enter with its indentation, 16 characters; the editor's brackets save nothing.
        assert keys_by_hand(F, closes=False) == 9 + 1 + 16
        assert keys_by_hand(F, closes=True) == 9 + 1 + 16


class TestTake:
    @pytest.mark.parametrize(
        ("text", "verdict", "taken"),
        [
            ('return g(a, "b")', Verdict.FULL, Take(Key.ALL, 16)),
            ('return g(a, "b")\n', Verdict.FULL, Take(Key.ALL, 16)),
            ("return g(a", Verdict.FULL, Take(Key.ALL, 10)),
            ('return g(a, "b")\n\n\ndef h():', Verdict.LINE, Take(Key.LINE, 16)),
            ("return h(a)", Verdict.WORDS, Take(Key.WORD, 6)),
            ("returned", Verdict.WRONG, None),
            ("raise", Verdict.WRONG, None),
            ("r", Verdict.FULL, None),
        ],
    )
    def test_what_is_right_is_taken(self, text: str, verdict: Verdict, taken: Take | None) -> None:
        page = typed(Page(F, closes=False), 10)
        assert page.left == "def f(a):\n    "
        assert judge(page, text) is verdict
        assert take(page, text, len(text)) == taken

    def test_only_what_was_read(self) -> None:
        page = typed(Page(F, closes=False), 10)
        text = 'return g(a, "b")\nwrong'
        assert take(page, text, 0) is None
        assert take(page, text, 7) == Take(Key.WORD, 6)
        assert take(page, text, 16) == Take(Key.LINE, 16)

    def test_what_stands_right_of_the_cursor_is_not_to_be_written_again(self) -> None:
        page = typed(Page(F), 6)
        assert judge(page, "a") is Verdict.FULL
        assert judge(page, "a):") is Verdict.WORDS
        assert judge(replace(page, closes=False, closers=()), "a):") is Verdict.FULL


class TestScreen:
    def screen(self, text: str = "return g(a)") -> tuple[Screen, Page]:
        screen, page = Screen(), typed(Page(F, closes=False), 10)
        assert screen.offered(Offer(1, text), page, 1.0, 0.1)
        return screen, page

    def test_typing_through_keeps_it_and_its_age(self) -> None:
        screen, page = self.screen()
        screen.typed("ret")
        assert not screen.offered(Offer(2, "urn g(a)"), typed(page, 3), 2.0, 0.1)
        assert screen.ghost is not None
        assert (screen.ghost.rest, screen.ghost.read(1.0), screen.ghost.read(0.9)) == ("urn g(a)", 8, 0)
        assert screen.seen == []

    def test_growth_is_no_other_one_but_is_to_be_read(self) -> None:
        screen, page = self.screen()
        assert screen.offered(Offer(1, "return g(a)\n    more"), page, 2.0, 0.1)
        assert screen.ghost is not None
        assert (screen.ghost.read(1.5), screen.ghost.read(2.0)) == (11, 20)

    def test_flicker_and_vanishing_and_refutation(self) -> None:
        for offer, fate in ((Offer(2, "raise"), Fate.FLICKERED), (Offer(2, ""), Fate.VANISHED)):
            screen, page = self.screen()
            screen.offered(offer, page, 2.0, 0.1)
            assert [seen.fate for seen in screen.seen] == [fate]
        screen, page = self.screen()
        screen.typed("x")
        assert [seen.fate for seen in screen.seen] == [Fate.REFUTED]
        screen.offered(Offer(2, "raise"), page, 2.0, 0.1)
        assert len(screen.seen) == 1

    def test_the_probability_is_that_of_the_text_as_it_changed_last(self) -> None:
        screen, page = Screen(), typed(Page(F, closes=False), 10)
        for text, said in (("return", 0.9), ("return g", 0.8)):
            screen.offered(Offer(1, text, probability=said), page, 1.0, 0.1)
        screen.typed("ret")
        screen.offered(Offer(2, "urn g", probability=0.99), typed(page, 3), 2.0, 0.1)
        assert screen.ghost is not None
        assert screen.ghost.probability == 0.8, "typing on changes nothing"
        screen.offered(Offer(2, "urn g(a)", probability=0.7), typed(page, 3), 2.0, 0.1)
        screen.leave()
        assert [seen.probability for seen in screen.seen] == [0.7]

    def test_a_bracket_closed_by_the_editor_makes_it_another_text_to_ask_about(self) -> None:
        screen, page = Screen(), typed(Page(F), 5)
        screen.offered(Offer(1, "(b):", probability=0.3), page, 1.0, 0.1)
        screen.typed("(", ")")
        assert screen.ghost is not None
        assert (screen.ghost.rest, screen.ghost.probability) == ("b", None)
        screen.offered(Offer(2, "b", probability=0.6), typed(page, 1), 2.0, 0.1)
        screen.typed("a")
        assert [(seen.text, seen.probability) for seen in screen.seen] == [("(b", 0.6)]

    def test_a_stream_that_begins_anew_does_not_shorten_what_is_shown(self) -> None:
        screen, page = self.screen()
        screen.typed("r")
        assert not screen.offered(Offer(2, "etu", final=False), typed(page, 1), 2.0, 0.1)
        assert screen.ghost is not None
        assert screen.ghost.rest == "eturn g(a)"

    def test_wrong_characters_are_those_that_were_not_written(self) -> None:
        screen, _ = self.screen("return g(b)!")
        screen.leave()
        (seen,) = screen.seen
        assert (seen.wrong, seen.verdict, seen.fate) == (3, Verdict.WORDS, Fate.LEFT)

    def test_the_next_one_after_an_accept_is_marked_once(self) -> None:
        screen, page = self.screen()
        screen.took(len("return g(a)"))
        for text in ("one", "two"):
            screen.offered(Offer(3, text), page, 3.0, 0.1)
            screen.typed("x")
        assert [seen.after_accept for seen in screen.seen] == [False, True, False]
        assert screen.seen[0].fate is Fate.TAKEN


class Scripted:
    """Answers every change at once with so many characters of the text as `lengths` says by turns, some with an end
    that is wrong.
    """

    name = "scripted"

    def __init__(self, lengths: tuple[int, ...] = (200,)) -> None:
        self.lengths = lengths
        self.scenes: list[Scene] = []
        self.hear: Callable[[Offer], None] = lambda _: None

    def listen(self, hear: Callable[[Offer], None]) -> None:
        self.hear = hear

    async def start(self) -> None: ...

    async def enter(self, scene: Scene) -> None:
        self.changed(scene)

    def changed(self, scene: Scene) -> None:
        self.scenes.append(scene)
        length = self.lengths[len(self.scenes) % len(self.lengths)]
        rest = scene.place.text[len(scene.left) :]
        wrong = "?!" if length % 3 == 0 else ""
        self.hear(Offer(scene.change, rest[:length] + wrong))

    def shown(self, offer: Offer) -> None: ...

    def taken(self, offer: Offer, length: int) -> None:
        scene = self.scenes[-1]
        assert scene.place.text[: len(scene.left) + length].endswith(offer.text[:length])

    async def evaluated(self) -> int | None: ...

    async def leave(self) -> Usage:
        return Usage()

    async def close(self) -> None: ...


FAST = Person(words=1e9, reading=0.0, pause=0.0)


def play_all(each: Place, assistant: Scripted, person: Person) -> Typed:
    return asyncio.run(play(each, assistant, person))


class TestPlay:
    @given(st.sampled_from(ALL), st.lists(st.integers(0, 40), min_size=1, max_size=8), st.booleans())
    def test_keys_typed_and_keys_that_take_write_exactly_the_text(
        self, each: Place, lengths: list[int], closes: bool
    ) -> None:
        assistant = Scripted(lengths=tuple(lengths))
        found = play_all(each, assistant, replace(FAST, closes=closes))
        last = assistant.scenes[-1]
        assert (last.left, last.right) == (each.text, "")
        assert found.pressed <= found.by_hand == keys_by_hand(each, closes)
        assert len(assistant.scenes) == found.pressed + 1

    @given(st.sampled_from(ALL), st.lists(st.integers(0, 40), min_size=1, max_size=8))
    def test_changes_as_a_client_sends_them_keep_the_file_in_step(self, each: Place, lengths: list[int]) -> None:
        assistant = Scripted(lengths=tuple(lengths))
        play_all(each, assistant, FAST)
        text = each.masked
        for old, new in zip(assistant.scenes, assistant.scenes[1:], strict=False):
            text = applied(text, change_between(old, new))
            assert text == each.before + new.left + new.right + each.after

    def test_all_by_one_key(self) -> None:
        found = play_all(F, Scripted(), replace(FAST, closes=False))
        # The first offer, of the whole place, is there before the first key.
        assert found.keys == {"all": 1}
        saved = measures.value(measures.BY_NAME["keystrokes_saved"], [found])
        assert saved is not None
        assert saved.value == pytest.approx(25 / 26)

    def test_nothing_offered_saves_nothing(self) -> None:
        found = play_all(F, Scripted(lengths=(1,)), FAST)
        assert found.pressed == found.by_hand
        assert not any(found.keys.get(key) for key in TAKING)


def applied(text: str, change: dict[str, object] | None) -> str:
    if change is None:
        return text
    edges = change["range"]
    lines = text.split("\n")

    def offset(at: dict[str, int]) -> int:
        line = lines[at["line"]].encode("utf-16-le")[: 2 * at["character"]].decode("utf-16-le")
        return sum(len(each) + 1 for each in lines[: at["line"]]) + len(line)

    return text[: offset(edges["start"])] + str(change["text"]) + text[offset(edges["end"]) :]  # type: ignore[index]


class TestPerson:
    def test_the_rhythm_is_the_seed_s_and_100_words_a_minute(self) -> None:
        text = "x = " + "a" * 2000
        page = Page(place(text), closes=False, at=4)
        times = [Person(seed=1).seconds(replace(page, at=at)) for at in range(4, 2000)]
        assert sum(times) / len(times) == pytest.approx(0.12, rel=0.05)
        assert times[:5] == [Person(seed=1).seconds(replace(page, at=at)) for at in range(4, 9)]
        assert times[0] != Person(seed=2).seconds(page)
