"""The pipeline on a scripted engine: what is asked of the engine, and what is answered without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from markers import cursor

from copilot_lsp.completion.completer import OTHER_BEGINNINGS, Answer, Completer, Query, Selected
from copilot_lsp.completion.query import Completion
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import EngineState
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import CompletionSettings, Settings
from copilot_lsp.silence import Reason
from copilot_lsp.source.document import Document, Edit, Snapshot

PLAIN = Settings(completion=CompletionSettings(prefetch=False, first_ms=0))


class Editor:
    """A document with a cursor (byte offset), and queries at it."""

    def __init__(self, marked: str, language: str = "python") -> None:
        source, self.offset = cursor(marked)
        self.document = Document.open("file:///a.py", "a.py", language, 1, source, 500_000)

    def type(self, text: str) -> None:
        position = self.document.text.position_at(self.offset, "utf-8")
        self.document.apply([Edit(position, position, text, "utf-8")], self.document.version + 1)
        self.offset += len(text.encode())

    @property
    def snapshot(self) -> Snapshot:
        return self.document.snapshot()

    def query(self, trigger: Trigger = Trigger.AUTOMATIC, **fields: object) -> Query:
        return replace(Query(self.snapshot, self.offset, trigger), **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def completing(
    *rules: ScriptedAnswer, settings: Settings = PLAIN, start_ms: float = 0.0
) -> AsyncIterator[tuple[Completer, FakeEngine]]:
    engine = FakeEngine(rules, start_ms)
    await engine.start()
    completer = Completer(engine, settings)
    yield completer, engine
    await completer.close()
    await engine.close()


def texts(answer: Answer) -> list[str]:
    return [completion.text for completion in answer.completions]


def reason(answer: Answer) -> Reason | None:
    return answer.silence.reason if answer.silence else None


ADD = ScriptedAnswer(after=r"return $", text="a + b")
SLOW = replace(ADD, piece_ms=30)
BODY = ScriptedAnswer(after=r"def f\(\):\n    $", text="one = 1\n    two = 2\n    return one + two", piece_ms=30)


async def test_a_line_at_the_cursor() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD) as (completer, engine):
        answer = await completer.complete(editor.query())
    (completion,) = answer.completions
    assert (completion.text, completion.start, completion.end) == ("a + b", editor.offset, editor.offset)
    assert (completion.shape, completion.confidence, answer.source) == (Shape.LINE, 0.9, "engine")
    assert engine.requests[0].prefix == "def add(a, b):\n    return "
    assert engine.requests[0].limits.max_lines == 1


async def test_what_is_typed_through_does_not_ask_the_engine() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD) as (completer, engine):
        await completer.complete(editor.query())
        for letter, rest in (("a", " + b"), (" ", "+ b"), ("+", " b")):
            editor.type(letter)
            answer = await completer.complete(editor.query())
            assert (texts(answer), answer.source) == ([rest], "cache")
        editor.type("x")
        await completer.complete(editor.query())
    assert len(engine.requests) == 2


async def test_an_edit_nearby_makes_the_cache_worthless() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD) as (completer, engine):
        await completer.complete(editor.query())
        editor.document.apply([Edit((0, 4), (0, 7), "sum", "utf-8")], 2)
        await completer.complete(editor.query())
    assert len(engine.requests) == 2


async def test_an_edit_far_above_moves_what_is_known() -> None:
    editor = Editor("import os\n" + "x = 1\n" * 400 + "def add(a, b):\n    return ‸\n")
    async with completing(ADD) as (completer, engine):
        await completer.complete(editor.query())
        editor.document.apply([Edit((0, 0), (0, 9), "import sys, é", "utf-8")], 2)
        editor.offset += len("import sys, é".encode()) - len("import os")
        editor.type("a ")
        answer = await completer.complete(editor.query())
    assert (texts(answer), answer.source, len(engine.requests)) == (["+ b"], "cache", 1)


async def test_silence_is_cached_too() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing() as (completer, engine):
        first, again = [await completer.complete(editor.query()) for _ in range(2)]
    assert (reason(first), reason(again), again.source) == (Reason.EMPTY, Reason.EMPTY, "cache")
    assert len(engine.requests) == 1


async def test_a_newer_query_takes_over() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, delay_ms=5000)) as (completer, engine):
        older = asyncio.create_task(completer.complete(editor.query()))
        await asyncio.sleep(0.02)
        editor.document.apply([Edit((0, 4), (0, 7), "sum", "utf-8")], 2)
        newer = asyncio.create_task(completer.complete(editor.query()))
        assert reason(await asyncio.wait_for(older, 1)) is Reason.SUPERSEDED
        newer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await newer
    assert len(engine.requests) == 2


async def test_cancelling_the_query_ends_the_generation() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, delay_ms=5000)) as (completer, _):
        asked = asyncio.create_task(completer.complete(editor.query()))
        await asyncio.sleep(0.02)
        run = completer._scheduler._documents[editor.snapshot.uri].run
        assert run is not None
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await asyncio.wait({run.task}, timeout=1)
        assert run.task.cancelled()


async def test_a_query_joins_the_run_whose_text_is_being_typed() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(SLOW) as (completer, engine):
        older = asyncio.create_task(completer.complete(editor.query()))
        await asyncio.sleep(0.045)
        editor.type("a")
        answer = await completer.complete(editor.query())
        assert reason(await older) is Reason.SUPERSEDED
    assert texts(answer) == [" + b"]
    assert len(engine.requests) == 1


async def test_first_lines_come_early_and_the_rest_from_the_cache() -> None:
    editor = Editor("def f():\n    ‸\n")
    settings = Settings(completion=CompletionSettings(prefetch=False, first_ms=100))
    async with completing(BODY, settings=settings) as (completer, engine):
        (text,) = texts(await completer.complete(editor.query()))
        assert text.startswith("one = 1")
        assert len(text) < len(BODY.text)
        editor.type(text)
        while text != BODY.text:
            rest = await completer.complete(editor.query(shape=Shape.BLOCK))
            text += texts(rest)[0]
            editor.type(texts(rest)[0])
    assert len(engine.requests) == 1


async def test_a_streaming_client_sees_the_text_grow_and_gets_all_of_it() -> None:
    editor = Editor("def f():\n    ‸\n")
    seen: list[str] = []
    ids: set[str] = set()
    settings = Settings(completion=CompletionSettings(prefetch=False, first_ms=1))
    async with completing(BODY, settings=settings) as (completer, _):
        query = editor.query(wait_for_all=True)

        def see(part: Completion) -> None:
            seen.append(part.text)
            ids.add(part.id)

        answer = await completer.complete(query, see)
    assert texts(answer) == [BODY.text]
    assert ids == {answer.completions[0].id}
    assert seen == ["one = 1", "one = 1\n    two = 2"]


async def test_a_line_grows_piece_by_piece() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    seen: list[str] = []
    async with completing(replace(SLOW, text="first + second + third")) as (completer, _):
        query = editor.query(wait_for_all=True)
        answer = await completer.complete(query, lambda completion: seen.append(completion.text))
    assert texts(answer) == ["first + second + third"]
    assert len(seen) >= 2
    assert all("first + second + third".startswith(text) for text in seen)


async def test_a_block_that_was_cut_short_ends_with_a_whole_line() -> None:
    editor = Editor("def f():\n    ‸\n")
    async with completing(replace(BODY, piece_ms=0)) as (completer, _):
        answer = await completer.complete(editor.query(Trigger.INVOKED, max_tokens=9))
    assert texts(answer) == ["one = 1\n    two = 2"]


async def test_what_comes_next_is_prefetched_in_the_background() -> None:
    editor = Editor("def f():\n    ‸\n")
    first = ScriptedAnswer(after=r"def f\(\):\n    $", text="one = 1\n    return one")
    settings = Settings(completion=CompletionSettings(first_ms=0))
    async with completing(first, settings=settings) as (completer, engine):
        await completer.complete(editor.query())
        for _ in range(50):
            await asyncio.sleep(0.01)
        ahead = engine.requests[1:]
    assert [request.background for request in ahead] == [True, True]
    assert ahead[0].prefix.endswith("return one\n    ")
    assert ahead[1].limits.max_tokens == 0  # the whole window, while the user reads


async def test_the_whole_window_is_read_after_what_is_read_ahead_however_long_that_takes() -> None:
    editor = Editor("def f():\n    ‸\n")
    first = ScriptedAnswer(after=r"def f\(\):\n    $", text="one = 1\n    return one")
    slow = ScriptedAnswer(after=r"return one\n    $", text="two", delay_ms=500)
    async with completing(first, slow, settings=Settings(completion=CompletionSettings(first_ms=0))) as (
        completer,
        engine,
    ):
        await completer.complete(editor.query())
        for _ in range(150):
            await asyncio.sleep(0.01)
            if len(engine.requests) == 3:
                break
    assert [request.limits.max_tokens for request in engine.requests[2:]] == [0]


async def test_a_selection_in_the_popup_is_extended() -> None:
    editor = Editor("import os\nos.pa‸\n")
    start = editor.offset - 2
    async with completing(ScriptedAnswer(after=r"os\.path$", text=".join(a, b)")) as (completer, _):
        answer = await completer.complete(editor.query(selected=Selected(start, editor.offset, "path")))
    (completion,) = answer.completions
    assert (completion.text, completion.start, completion.end) == ("path.join(a, b)", start, editor.offset)


async def test_candidates_differ_and_the_first_is_greedy() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    rule = replace(ADD, alternatives=("a + b", "b + a", "sum((a, b))"))
    async with completing(rule) as (completer, engine):
        answer = await completer.complete(editor.query(Trigger.INVOKED, candidates=4))
        again = await completer.complete(editor.query(Trigger.INVOKED, candidates=4))
    assert texts(answer) == texts(again) == ["a + b", "b + a", "sum((a, b))"]
    assert engine.requests[0].sampling.temperature == 0
    assert len(engine.requests) == 4


async def test_the_same_seed_gives_the_same_text() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    rule = replace(ADD, alternatives=("a + b", "b + a", "sum((a, b))"))
    async with completing(rule) as (completer, engine):
        answers = [await completer.complete(editor.query(Trigger.INVOKED, seed=2)) for _ in range(2)]
    assert texts(answers[0]) == texts(answers[1]) == ["sum((a, b))"]
    assert len(engine.requests) == 2


@pytest.mark.parametrize(
    ("sure", "shown"),
    [(4, ["foo"]), (8, ["foo bar"]), (9, ["foo bar baz"]), (0, [])],
    ids=["word", "two", "all", "none"],
)
async def test_the_gate_cuts_where_the_model_is_not_sure_any_more(sure: int, shown: list[str]) -> None:
    editor = Editor("word ‸\n", "plaintext")
    rule = ScriptedAnswer(after=r"word $", text="foo bar baz", sure=sure)
    async with completing(rule) as (completer, _):
        answer = await completer.complete(editor.query())
        whole = await completer.complete(editor.query(Trigger.INVOKED))
    assert texts(answer) == shown
    assert texts(whole) == ["foo bar baz"]


@pytest.mark.parametrize("sure", range(4, 30, 4))
@pytest.mark.parametrize(
    "text", ['report("Find the drift", number)', '"Find the drift" in report', "{key: value[first + second]}"]
)
async def test_what_streams_in_is_never_taken_back(text: str, sure: int) -> None:
    """Wherever the gate cuts: a string or bracket is shown once it is closed."""
    editor = Editor("def f(number):\n    x = ‸\n")
    seen: list[str] = []
    async with completing(replace(SLOW, after=r"x = $", text=text, piece_ms=1, sure=sure)) as (completer, _):
        answer = await completer.complete(editor.query(), lambda completion: seen.append(completion.text))
    whole = texts(answer)[0] if answer.completions else ""
    assert all(whole.startswith(part) for part in seen)


async def test_a_cancelled_run_is_joined_by_the_key_that_comes_at_once() -> None:
    """Clients cancel the older request before they send the newer one."""
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(SLOW) as (completer, engine):
        older = asyncio.create_task(completer.complete(editor.query()))
        await asyncio.sleep(0.045)
        older.cancel()
        with pytest.raises(asyncio.CancelledError):
            await older
        editor.type("a")
        answer = await completer.complete(editor.query())
    assert texts(answer) == [" + b"]
    assert len(engine.requests) == 1


async def typed_fast(completer: Completer, editor: Editor, text: str) -> Answer:
    """The answer to the last of the keys, which come before the engine has said anything."""
    asked = []
    for letter in text:
        asked.append(asyncio.create_task(completer.complete(editor.query())))
        await asyncio.sleep(0.01)
        asked[-1].cancel()
        editor.type(letter)
    answer = await completer.complete(editor.query())
    await asyncio.gather(*asked, return_exceptions=True)
    return answer


async def test_an_engine_slower_than_the_keys_is_heard_out() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, delay_ms=100, piece_ms=10)) as (completer, engine):
        answer = await typed_fast(completer, editor, "a + ")
    assert texts(answer) == ["b"]
    assert len(engine.requests) == 1


async def test_an_engine_slower_than_the_keys_is_asked_again_when_it_says_something_else() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    other = ScriptedAnswer(after=r"return max\($", text="a, b)")
    async with completing(replace(ADD, delay_ms=100, piece_ms=10), other) as (completer, engine):
        answer = await typed_fast(completer, editor, "max(")
    assert texts(answer) == ["a, b)"]
    assert len(engine.requests) == 2


@pytest.mark.parametrize(("trigger", "expected"), [(Trigger.AUTOMATIC, []), (Trigger.INVOKED, ["a + b"])])
async def test_low_confidence_shows_only_when_asked_for(trigger: Trigger, expected: list[str]) -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, confidence=0.05)) as (completer, _):
        answer = await completer.complete(editor.query(trigger))
    assert texts(answer) == expected
    assert reason(answer) is (None if expected else Reason.LOW_CONFIDENCE)


async def test_a_dying_engine_is_a_silence_with_a_reason() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, dies=True)) as (completer, _):
        answer = await completer.complete(editor.query())
    assert reason(answer) is Reason.ENGINE_RESTARTING


async def test_a_stopped_engine_too() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD) as (completer, engine):
        await engine.close()
        assert engine.status.state is EngineState.STOPPED
        answer = await completer.complete(editor.query())
    assert reason(answer) is Reason.ENGINE_FAILED


async def test_nobody_waits_long_for_a_model_that_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot_lsp.completion.completer.LOADING_SECONDS", 0.05)
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD, start_ms=300) as (completer, _):
        automatic = await completer.complete(editor.query())
        invoked = await completer.complete(editor.query(Trigger.INVOKED))
    assert reason(automatic) is Reason.MODEL_LOADING
    assert texts(invoked) == ["a + b"]


async def test_lines_end_as_in_the_document() -> None:
    editor = Editor("def f():\r\n    ‸\r\n")
    async with completing(replace(BODY, piece_ms=0)) as (completer, _):
        answer = await completer.complete(editor.query())
    assert texts(answer) == [BODY.text.replace("\n", "\r\n")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (replace(PLAIN, enabled=False), Reason.DISABLED),
        (replace(PLAIN, disabled_languages=frozenset({"python"})), Reason.DISABLED_LANGUAGE),
    ],
)
async def test_turned_off(settings: Settings, expected: Reason) -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(ADD, settings=settings) as (completer, engine):
        answer = await completer.complete(editor.query())
    assert reason(answer) is expected
    assert not engine.requests


async def test_a_closed_document_is_forgotten() -> None:
    editor = Editor("def add(a, b):\n    return ‸\n")
    async with completing(replace(ADD, delay_ms=5000)) as (completer, _):
        asked = asyncio.create_task(completer.complete(editor.query()))
        await asyncio.sleep(0.02)
        completer.forget(editor.snapshot.uri)
        assert reason(await asyncio.wait_for(asked, 1)) is Reason.SUPERSEDED
        assert not completer._scheduler._documents


TWICE = ScriptedAnswer(after=r"count = 0\n    $", text="index = 0", alternatives=("index += 1", "total = 0"))
HOLE = "def f():\n    count = 0\n    ‸\n    index = 0\n    return index\n"


@pytest.mark.parametrize(
    ("trigger", "expected", "avoided"), [(Trigger.INVOKED, ["total = 0"], ["inde"]), (Trigger.AUTOMATIC, [], [])]
)
async def test_who_asks_is_given_another_line_for_one_that_stands_below(
    trigger: Trigger, expected: list[str], avoided: list[str]
) -> None:
    editor = Editor(HOLE)
    async with completing(TWICE) as (completer, engine):
        answer = await completer.complete(editor.query(trigger, shape=Shape.LINE))
        assert texts(answer) == expected
        assert [request.unwanted[-1] for request in engine.requests[1:]] == avoided
        again = await completer.complete(editor.query(trigger, shape=Shape.LINE))
        assert (texts(again), again.source) == (expected, "cache")


async def test_the_first_silence_counts_when_no_other_line_is_better() -> None:
    async with completing(replace(TWICE, alternatives=())) as (completer, engine):
        answer = await completer.complete(Editor(HOLE).query(Trigger.INVOKED, shape=Shape.LINE))
        assert (reason(answer), len(engine.requests)) == (Reason.REPEATS_SUFFIX, 1 + OTHER_BEGINNINGS)


class TestShownStays:
    """What typing would not have shown, or not so, stays as well while it is typed; see test_shown_stays.py."""

    async def test_what_was_asked_for_by_a_key_though_it_is_not_sure(self) -> None:
        editor = Editor("def add(a, b):\n    return ‸\n")
        async with completing(replace(ADD, confidence=0.1)) as (completer, engine):
            await completer.complete(editor.query(Trigger.INVOKED))
            editor.type("a")
            assert texts(await completer.complete(editor.query())) == [" + b"]
        assert len(engine.requests) == 1

    async def test_in_the_middle_of_a_word(self) -> None:
        editor = Editor("def add(a, b):\n    return ‸x\n")
        async with completing(ADD) as (completer, _):
            await completer.complete(editor.query(Trigger.INVOKED))
            editor.type("a ")
            assert texts(await completer.complete(editor.query())) == ["+ b"]

    async def test_behind_a_bracket_that_the_editor_closes_and_behind_the_closed_one(self) -> None:
        editor = Editor("total = ‸\n")
        async with completing(ScriptedAnswer(after=r"total = $", text="sum(f(a)) + 1")) as (completer, engine):
            await completer.complete(editor.query())
            for text in ("sum", "("):
                editor.type(text)
            editor.type(")")
            editor.offset -= 1
            assert texts(await completer.complete(editor.query())) == ["f(a)"]
            editor.type("f(a)")
            nothing = await completer.complete(editor.query())
            editor.offset += 1
            assert (reason(nothing), nothing.source) == (Reason.EMPTY, "cache")
            assert texts(await completer.complete(editor.query())) == [" + 1"]
        assert len(engine.requests) == 1

    async def test_a_bracket_that_the_user_writes_behind_the_cursor_is_another_text(self) -> None:
        editor = Editor("total = ‸\n")
        async with completing(ScriptedAnswer(after=r"total = $", text="sum(a)")) as (completer, engine):
            await completer.complete(editor.query())
            editor.type(")")
            editor.offset -= 1
            await completer.complete(editor.query())
        assert len(engine.requests) == 2

    async def test_a_block_though_only_a_line_would_be_asked_for_by_now(self) -> None:
        editor = Editor("def f():\n    ‸\n")
        async with completing(replace(BODY, piece_ms=0)) as (completer, engine):
            await completer.complete(editor.query())
            editor.type("one")
            assert texts(await completer.complete(editor.query())) == [" = 1\n    two = 2\n    return one + two"]
        assert len(engine.requests) == 1

    async def test_what_a_run_has_shown_before_it_was_broken_off(self) -> None:
        editor, parts = Editor("def add(a, b):\n    return ‸\n"), []
        slow = ScriptedAnswer(after=r"return $", text="add_all(a) + b + add_all(c)", piece_ms=20)
        async with completing(slow) as (completer, engine):
            asked = asyncio.create_task(
                completer.complete(editor.query(wait_for_all=True), lambda part: parts.append(part.text))
            )
            while not parts:
                await asyncio.sleep(0.005)
            asked.cancel()
            await asyncio.sleep(0.1)
            engine.rules = ()
            editor.type("add")
            assert texts(await completer.complete(editor.query())) == [parts[-1].removeprefix("add")]
