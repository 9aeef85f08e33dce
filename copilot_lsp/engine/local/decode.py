"""The decode loop: from the logits after the prompt to text, one token or one verified draft at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.fim import Prompt, Template
from copilot_lsp.engine.local import kv
from copilot_lsp.engine.local.llama import Llama, Logits
from copilot_lsp.engine.local.lookup import PromptLookup
from copilot_lsp.engine.local.output import Output
from copilot_lsp.engine.local.sampler import Sampler
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary


@dataclass(slots=True)
class Work:
    """One request on its way through the engine, with what it has cost so far; `echo` is `Done.prompt`."""

    request: InfillRequest
    prompt: Prompt
    slot: kv.Slot
    batch: int
    echo: str = ""
    started: float = field(default_factory=time.perf_counter)
    reused: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
    prefill_ms: float = 0.0
    first_ms: float = 0.0
    logprob: float = 0.0

    @property
    def milliseconds(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def done(self, end: FinishReason) -> Done:
        return Done(
            end,
            # A cancelled one may not have come to its prompt's end.
            evaluated=max(0, min(len(self.prompt.tokens), len(self.slot.tokens)) - self.reused),
            reused=self.reused,
            generated=self.generated,
            drafted=self.drafted,
            accepted=self.accepted,
            prefill_ms=self.prefill_ms,
            first_ms=self.first_ms,
            total_ms=self.milliseconds,
            confidence=math.exp(self.logprob) if self.generated else None,
            cut=self.prompt.cut,
            prompt=self.echo,
        )


def generate(
    llama: Llama, vocabulary: LlamaVocabulary, template: Template, work: Work, drafts: int
) -> Iterator[Piece | Done]:
    """Streams the text of `work`, then its end. Raises Aborted."""
    work.reused = kv.reuse(llama, work.slot, work.prompt.tokens)
    logits = kv.evaluate(llama, work.slot, work.prompt.tokens, work.batch)
    work.prefill_ms = work.milliseconds
    limits = work.request.limits
    output = Output(work.prompt.healed, limits.max_lines)
    sampler = Sampler(vocabulary, template, work.request)
    most = min(limits.max_tokens, llama.context_size - len(work.prompt.tokens) - drafts - 1)
    if most <= 0:
        yield work.done(FinishReason.TOKENS)
        return
    for token, score in tokens(llama, sampler, work, output, logits, drafts):
        end = FinishReason.EOG if token in sampler.ends else output.add(vocabulary.piece(token))
        if end is not FinishReason.EOG:
            work.generated += 1
            work.logprob += score
        end = end or limit_reached(work, most)
        if text := output.take():
            work.first_ms = work.first_ms or work.milliseconds
            yield Piece(text, work.done(FinishReason.CANCELLED))
        if end is not None:
            yield work.done(end)
            return


def limit_reached(work: Work, most: int) -> FinishReason | None:
    if work.generated >= most:
        return FinishReason.TOKENS
    max_ms = work.request.limits.max_ms
    return FinishReason.TIME if max_ms and work.milliseconds > max_ms else None


def tokens(
    llama: Llama, sampler: Sampler, work: Work, output: Output, logits: Logits, drafts: int
) -> Iterator[tuple[int, float]]:
    """What greedy or seeded sampling gives, with log-probabilities, without end.

    Drafts, of at most `drafts` tokens, only make it come faster: a draft token counts when it is what would have been
    chosen anyway. A batch of 8 tokens costs 1 to 4 times one token, depending on the CPU (`copilot-lsp tune` measures).
    """
    slot = work.slot
    drafting = llama.rewinds and work.request.sampling.temperature <= 0
    lookup = PromptLookup(work.prompt.tokens, drafts if drafting else 0)
    token, score = sampler.choose(logits[0], output)
    while True:
        yield token, score
        lookup.add(token)
        draft = [] if output.must or (output.blank and sampler.minds_the_beginning) else lookup.guess()
        start = len(slot.tokens) + 1
        logits = llama.evaluate([token, *draft], start - 1, slot.sequence, 1 + len(draft))
        slot.tokens += [token, *draft]
        work.drafted += len(draft)
        right = 0
        token, score = sampler.choose(logits[0], output)
        while right < len(draft) and token == draft[right]:
            work.accepted += 1
            right += 1
            yield token, score
            lookup.add(token)
            token, score = sampler.choose(logits[right], output)
        lookup.learn(len(draft), right)
        if right < len(draft):
            llama.forget(slot.sequence, start + right)
            del slot.tokens[start + right :]
