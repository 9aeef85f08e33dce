"""KV reuse and the decode loop, on a toy model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from toy import VOCABULARY, ToyLlama, ToyVocabulary

from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Limits, Piece, SamplingParams
from copilot_lsp.engine.ends import infill_rule_ends, more_likely_ends, nucleus
from copilot_lsp.engine.families import LEFT_TO_RIGHT, PSM
from copilot_lsp.engine.fim import Prompt, Template
from copilot_lsp.engine.local import decode, kv
from copilot_lsp.engine.local.decode import Work
from copilot_lsp.engine.local.llama import Aborted, Llama
from copilot_lsp.engine.local.lookup import PromptLookup
from copilot_lsp.engine.local.sampler import Sampler, softmax

PLAIN = Template("left-to-right", LEFT_TO_RIGHT)
PROMPT = [5, 9, 3, 5, 9, 3, 7, 1, 2, 5, 9, 3]


def take(slots: kv.Slots, llama: ToyLlama, document: str, prompt: list[int], client: int = 0) -> kv.Slot:
    return slots.take(cast(Llama, llama), document, prompt, client)


def run(
    llama: ToyLlama,
    tokens: list[int],
    slot: kv.Slot | None = None,
    speculative: bool = True,
    vocabulary: ToyVocabulary | None = None,
    healed: bytes = b"",
    unwanted: tuple[str, ...] = (),
    **limits: int,
) -> tuple[str, Done]:
    request = InfillRequest("d", "a.py", "", "", limits=Limits(**({"max_tokens": 20} | limits)), unwanted=unwanted)
    work = Work(request, Prompt(tokens, healed), slot or kv.Slot(0), 8)
    items = list(decode.generate(llama, vocabulary or ToyVocabulary(), PLAIN, work, 7 if speculative else 0))  # type: ignore[arg-type]
    assert isinstance(items[-1], Done)
    return "".join(item.text for item in items if isinstance(item, Piece)), items[-1]


class TestReuse:
    def test_only_what_is_new_is_evaluated(self) -> None:
        llama, slot = ToyLlama(), kv.Slot(0)
        run(llama, PROMPT, slot)
        _, done = run(llama, [*PROMPT, 4], slot)
        assert done.reused >= len(PROMPT)
        assert done.evaluated == len(PROMPT) + 1 - done.reused

    def test_the_same_prompt_evaluates_its_last_token_again(self) -> None:
        llama, slot = ToyLlama(), kv.Slot(0)
        run(llama, PROMPT, slot)
        _, done = run(llama, PROMPT, slot)
        assert (done.reused, done.evaluated) == (len(PROMPT) - 1, 1)

    def test_text_does_not_depend_on_what_the_cache_held(self) -> None:
        fresh, _ = run(ToyLlama(), PROMPT)
        llama, slot = ToyLlama(), kv.Slot(0)
        for other in ([5, 9, 3, 8, 8], PROMPT[:4], [*PROMPT, 11, 12], [1]):
            run(llama, other, slot)
            assert run(llama, PROMPT, slot)[0] == fresh

    def test_memory_that_cannot_rewind_starts_over(self) -> None:
        llama, slot = ToyLlama(rewinds=False), kv.Slot(0)
        fresh, _ = run(llama, PROMPT, slot)
        again, done = run(llama, PROMPT, slot)
        assert (again, done.reused) == (fresh, 0)

    def test_documents_have_slots_of_their_own_and_the_oldest_gives_way(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(2)
        first, second = self.fill(slots, llama, "a", 20), self.fill(slots, llama, "b", 20)
        assert first is not second
        assert self.fill(slots, llama, "a", 30) is first
        assert self.fill(slots, llama, "c", 20) is second
        assert self.fill(slots, llama, "a", 40) is first

    def test_a_place_that_is_left_stays_in_the_cache(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(2)
        here = [*range(1, 61), *[5] * 100]
        there = [*range(1, 61), *[6] * 100]
        run(llama, here, take(slots, llama, "a", here), max_tokens=1)
        other = take(slots, llama, "a", there)
        run(llama, there, other, max_tokens=1)
        back = take(slots, llama, "a", here)
        assert back is not other
        assert run(llama, here, back, max_tokens=1)[1].evaluated == 1

    def test_what_two_places_have_in_common_is_copied(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(2)
        here = [*[1, 2, 3] * 30, *[5] * 100]
        there = [*[1, 2, 3] * 30, *[6] * 100]
        run(llama, here, take(slots, llama, "a", here), max_tokens=1)
        assert run(llama, there, take(slots, llama, "a", there), max_tokens=1)[1].reused == 90

    def test_a_cancelled_prompt_keeps_the_batch_it_was_in(self) -> None:
        llama, slot = ToyLlama(stopping=True), kv.Slot(0)
        with pytest.raises(Aborted):
            run(llama, list(range(20)), slot)
        assert slot.tokens == list(range(8))
        llama.stopping = False
        assert run(llama, list(range(20)), slot)[1].reused == 8

    def test_forgets_one_client_and_no_other(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(3)
        for document, client in (("a", 1), ("b", 1), ("a", 2)):
            self.fill(slots, llama, document, 20, client)
        slots.forget(llama, 1)  # type: ignore[arg-type]
        assert [len(cells) > 0 for cells in llama.cells.values()] == [False, False, True]
        prompt = [ord("a") % VOCABULARY] * 20
        assert run(llama, prompt, take(slots, llama, "a", prompt, 2))[1].reused == 19
        assert run(llama, prompt, take(slots, llama, "a", prompt, 1))[1].reused == 0

    def test_two_clients_never_share_a_slot(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(2)
        assert self.fill(slots, llama, "a", 20, 1) is not self.fill(slots, llama, "a", 20, 2)

    def test_a_client_keeps_its_last_slot_when_another_opens_many_documents(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(3)
        idle = self.fill(slots, llama, "z", 20, 1)
        for document in "abcdef":
            assert self.fill(slots, llama, document, 20, 2) is not idle
        assert self.fill(slots, llama, "z", 20, 1) is idle
        assert self.fill(slots, llama, "y", 20, 3) is not idle, "the oldest of those that have more than one"

    def test_more_clients_than_slots_take_the_oldest(self) -> None:
        llama, slots = ToyLlama(), kv.Slots(2)
        first = self.fill(slots, llama, "a", 20, 1)
        self.fill(slots, llama, "a", 20, 2)
        assert self.fill(slots, llama, "a", 20, 3) is first

    def fill(self, slots: kv.Slots, llama: ToyLlama, document: str, length: int, client: int = 0) -> kv.Slot:
        prompt = [ord(document) % VOCABULARY] * length
        slot = take(slots, llama, document, prompt, client)
        run(llama, prompt, slot, max_tokens=1)
        return slot

    def test_prompt_is_evaluated_in_batches(self) -> None:
        llama = ToyLlama()
        run(llama, list(range(20)), max_tokens=1)
        assert llama.calls[:3] == [8, 8, 4]


class TestSpeculation:
    @pytest.mark.parametrize("period", [0, 3, 6])
    def test_never_changes_the_text(self, period: int) -> None:
        plain, _ = run(ToyLlama(period=period), PROMPT, speculative=False)
        fast, done = run(ToyLlama(period=period), PROMPT)
        assert fast == plain
        assert (done.accepted > 0) is (period > 0)

    def test_takes_fewer_evaluations_where_text_repeats(self) -> None:
        slow, fast = ToyLlama(period=3), ToyLlama(period=3)
        run(slow, PROMPT, speculative=False)
        run(fast, PROMPT)
        assert len(fast.calls) < len(slow.calls) / 2

    def test_cache_holds_exactly_what_the_slot_says_wherever_the_reader_stops(self) -> None:
        for most in range(1, 15):
            llama, slot = ToyLlama(period=6), kv.Slot(0)
            run(llama, PROMPT, slot, max_tokens=most)
            assert llama.cells[0] == slot.tokens

    def test_guesses_what_followed_the_last_time_and_more_while_right(self) -> None:
        lookup = PromptLookup([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3], 7)
        assert lookup.guess() == [4, 5]
        lookup.learn(2, 2)
        assert lookup.guess() == [4, 5, 6, 7]
        lookup.learn(4, 0)
        lookup.learn(2, 0)
        assert lookup.guess() == [4]

    def test_guesses_nothing_for_what_was_never_seen(self) -> None:
        assert PromptLookup([1, 2, 3, 4], 7).guess() == []


class TestEnds:
    def test_end_of_generation_is_not_text(self) -> None:
        llama = ToyLlama(period=3)
        text, done = run(llama, [1, 5, 7, 9], vocabulary=ToyVocabulary(frozenset({9})))
        assert (text, done.end, done.generated) == ("%'", FinishReason.EOG, 2)

    @pytest.mark.parametrize("limit", [4, 0])
    def test_token_limit(self, limit: int) -> None:
        _, done = run(ToyLlama(), PROMPT, max_tokens=limit)
        assert (done.end, done.generated) == (FinishReason.TOKENS, limit)

    def test_prefill_only_warms_the_cache(self) -> None:
        llama, slot = ToyLlama(), kv.Slot(0)
        run(llama, PROMPT, slot, max_tokens=0)
        assert slot.tokens == PROMPT

    def test_context_is_never_overrun(self) -> None:
        llama = ToyLlama(context_size=40)
        _, done = run(llama, PROMPT, max_tokens=500)
        assert done.end is FinishReason.TOKENS
        assert max(len(cells) for cells in llama.cells.values()) <= 40

    @pytest.mark.parametrize("speculative", [False, True])
    def test_what_is_not_wanted_comes_later_only(self, speculative: bool) -> None:
        free, _ = run(ToyLlama(), PROMPT, max_tokens=300)
        text, _ = run(ToyLlama(), PROMPT, unwanted=(free[0],), max_tokens=300, speculative=speculative)
        assert not text.lstrip().startswith(free[0])
        assert free[0] in text

    def test_what_is_written_instead_has_its_own_low_probability(self) -> None:
        free, sure = run(ToyLlama(period=3), PROMPT, max_tokens=1)
        text, unsure = run(ToyLlama(period=3), PROMPT, unwanted=(free,), max_tokens=1)
        assert text != free
        assert unsure.confidence == pytest.approx(sure.confidence * np.exp(-5), rel=1e-4)

    def test_what_is_not_wanted_may_not_be_healed_either(self) -> None:
        text, _ = run(ToyLlama(), PROMPT, healed=b" ", unwanted=("!",), max_tokens=3)
        assert not text.lstrip().startswith("!")

    def test_healed_bytes_come_first_and_are_not_shown(self) -> None:
        text, _ = run(ToyLlama(), PROMPT, healed=b"!", max_tokens=3)
        free, _ = run(ToyLlama(), [*PROMPT, 1], max_tokens=2)
        assert text == free

    def test_confidence_is_the_joint_probability(self) -> None:
        _, done = run(ToyLlama(period=3), PROMPT, max_tokens=5)
        each = np.exp(5.0) / (np.exp(5.0) + VOCABULARY - 1)
        assert done.confidence == pytest.approx(each**5, rel=1e-4)


class TestChoice:
    def test_seeds_repeat(self) -> None:
        def sampled(seed: int) -> str:
            request = InfillRequest("d", "a", "", "", sampling=SamplingParams(1.0, seed=seed), limits=Limits(20))
            work = Work(request, Prompt(PROMPT), kv.Slot(0), 8)
            items: Iterator[Piece | Done] = decode.generate(ToyLlama(), ToyVocabulary(), PLAIN, work, True)  # type: ignore[arg-type]
            return "".join(item.text for item in items if isinstance(item, Piece))

        assert sampled(1) == sampled(1)
        assert len({sampled(seed) for seed in range(5)}) > 1

    def test_nucleus_keeps_the_fewest_tokens_that_reach_top_p(self) -> None:
        tokens, chances = nucleus(np.array([0.1, 0.5, 0.05, 0.35], np.float32), 4, 0.8)
        assert tokens.tolist() == [1, 3]
        assert chances.sum() == pytest.approx(1.0)

    @pytest.mark.parametrize(("p_end", "ends"), [(0.04, False), (0.3, True)])
    def test_infill_rule(self, p_end: float, ends: bool) -> None:
        rest = (1 - p_end) * np.array([0.9, 0.06, 0.04])
        assert infill_rule_ends(np.array([p_end, *rest], np.float32), np.array([0])) is ends

    def test_fim_tokens_end_the_text(self) -> None:
        template = Template("x", PSM, {"PRE": 1, "SUF": 2, "MID": 3}, repo=4, sep=6)
        assert Sampler(ToyVocabulary(), template, InfillRequest("d", "a.py", "", "")).ends == {1, 2, 3, 4, 6}  # type: ignore[arg-type]


@pytest.mark.parametrize(("end", "ends"), [(0.3, False), (0.49, False), (0.51, True), (0.9, True)])
def test_a_model_that_is_unsure_everywhere_ends_when_that_is_likelier_than_to_go_on(end: float, ends: bool) -> None:
    others = np.full(40, (1 - end) / 40)
    chances = np.array([end, *others], dtype=np.float32)
    assert more_likely_ends(chances, np.array([0])) is ends
    assert infill_rule_ends(chances, np.array([0]))  # where the infill rule has long ended


def test_the_infill_rule_without_sorting_says_the_same() -> None:
    rng = np.random.default_rng(1)
    for sharp in (0.5, 2.0, 5.0):
        for _ in range(200):
            chances = softmax(rng.normal(size=300).astype(np.float32) * sharp)
            tokens, kept = nucleus(chances, 40, 0.9)
            p_end = float(kept[tokens == 0].sum())
            assert infill_rule_ends(chances, np.array([0])) is (3 * p_end * len(tokens) > 1 - p_end)
