"""llama-server: prompts as token ids, so that anchored prompts work, and the local engine's rules for the end.

The server picks the likeliest token and never ends by itself (`ignore_eos`); it sends the likeliest tokens with their
probabilities (`n_probs`), from which `Reader` tells where the local engine would have ended.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece, SamplingParams
from copilot_lsp.engine.ends import TOP_K, rule_of
from copilot_lsp.engine.fim import Budget, Prompt, Template
from copilot_lsp.engine.local import windows
from copilot_lsp.engine.remote.connection import Connection
from copilot_lsp.engine.remote.grammar import grammar
from copilot_lsp.engine.remote.reader import Likely, Reader, Token
from copilot_lsp.engine.remote.slots import Slots
from copilot_lsp.engine.remote.speed import Speed, number, whole
from copilot_lsp.engine.remote.spelling import file_name, layout_of
from copilot_lsp.engine.remote.vocabulary import RemoteVocabulary
from copilot_lsp.errors import RemoteFailed
from copilot_lsp.settings import Settings

FIELDS = ("content", "stop", "stop_type", "tokens_predicted", "timings", "id_slot")
"""Fields of the last event; without this, the server repeats the prompt."""

Props = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Room:
    """For a prompt: in tokens, and in time at a new place (0: as long as it takes)."""

    budget: Budget
    cold_ms: int


class LlamaServer:
    """A server that `connect` has asked about itself."""

    def __init__(
        self, connection: Connection, props: Props, vocabulary: RemoteVocabulary, template: Template, room: Room
    ) -> None:
        self._connection = connection
        self._props = props
        self._vocabulary = vocabulary
        self._template = template
        self._budget = room.budget
        self._cold_ms = room.cold_ms
        self._speed = Speed()
        self._slots = Slots(connection, whole(props.get("total_slots")), self._speed)

    @property
    def details(self) -> dict[str, str | int | float | bool]:
        return {
            "kind": "llama-server",
            "template": self._template.name,
            "layout": " ".join(self._template.layout),
            "fills": self._template.fills,
            "window": f"{self._budget.prefix} + {self._budget.suffix} tokens",
        }

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """Raises RemoteFailed."""
        prompt = await self._prompt(request)
        ends = self._vocabulary.ends | self._template.ends
        echo = self._vocabulary.shown(prompt.tokens) if request.echo else ""
        reader = Reader(request, prompt.healed, prompt.cut, rule_of(self._template), ends, echo)
        slot, spent = await self._slots.find(prompt.tokens, read=request.limits.max_tokens > 0)
        self._measure(reader, spent)
        body = {**self._body(request, prompt), "id_slot": slot}
        async with aclosing(self._connection.events("completion", body)) as events:
            with self._slots.used(slot, prompt.tokens):
                async for event in events:
                    self._measure(reader, event)
                    if not spent:
                        self._slots.check(slot, prompt.tokens, reader.reused)
                    if event.get("stop") or request.limits.max_tokens == 0:
                        self._slots.learn(event.get("id_slot"), prompt.tokens)
                        yield reader.done(FinishReason.EOG if event.get("stop_type") == "eos" else FinishReason.TOKENS)
                        return
                    for item in reader.take(token_of(event)):
                        yield item
                        if isinstance(item, Done):
                            return
        raise RemoteFailed("ended the answer early")

    async def check(self) -> None:
        """Raises RemoteFailed."""
        if await self._connection.get("props") != self._props:
            raise RemoteFailed("has another model now")

    def forget(self) -> None:
        self._vocabulary.forget()
        self._slots.forget()

    async def _prompt(self, request: InfillRequest) -> Prompt:
        budget = self._budget
        if request.quick:
            budget = windows.quick(budget, self._speed.prefill_ms, self._cold_ms)
        build = partial(fim.build, self._vocabulary, self._template, request, budget)
        return await self._vocabulary.with_texts(_texts(request, self._template, budget), build)

    def _body(self, request: InfillRequest, prompt: Prompt) -> dict[str, Any]:
        held = [[token, False] for token in sorted(self._vocabulary.ends | self._template.ends)]
        body = {
            "prompt": prompt.tokens,
            "stream": True,
            "cache_prompt": True,
            "n_predict": request.limits.max_tokens,
            "n_probs": TOP_K,
            "ignore_eos": self._template.fills,
            "logit_bias": held if self._template.fills else [],
            "timings_per_token": True,
            "response_fields": FIELDS,
            **_sampling(request.sampling),
        }
        if rules := grammar(prompt.healed.decode("utf-8", "replace"), request.unwanted):
            body["grammar"] = rules
        return body

    def _measure(self, reader: Reader, event: Mapping[str, Any]) -> None:
        """What reading the prompt took is what is said first: to find the slot, it was read before."""
        timings = event.get("timings")
        if not isinstance(timings, Mapping) or reader.evaluated:
            return
        reader.evaluated = whole(timings.get("prompt_n"))
        reader.reused = whole(timings.get("cache_n"))
        reader.prefill_ms = number(timings.get("prompt_ms"))
        self._speed.learn(timings)


async def connect(connection: Connection, settings: Settings) -> tuple[LlamaServer, str]:
    """Asks for the vocabulary and the room for a prompt; gives the model's name as well. Raises RemoteFailed."""
    props = await connection.get("props")
    given = props.get("default_generation_settings")
    room = whole(given.get("n_ctx")) if isinstance(given, Mapping) else 0
    if not room:
        raise RemoteFailed("is not a llama-server: an OpenAI API's URL ends in /v1")
    alias = str(props.get("model_alias") or "")
    name = file_name(str(props.get("model_path") or "") or alias)
    vocabulary = RemoteVocabulary(connection)
    await vocabulary.learn(str(props.get("eos_token") or ""))
    template = fim.detect(vocabulary, f"{name} {alias}", layout_of((name, alias)))
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    budget = windows.whole(settings.context, room - longest - windows.MARGIN)
    server = LlamaServer(connection, props, vocabulary, template, Room(budget, settings.context.cold_ms))
    return server, name.removesuffix(".gguf")


def token_of(event: Mapping[str, Any]) -> Token:
    """Raises RemoteFailed for an event that is none of llama-server's."""
    try:
        text = str(event["content"])
        found = event.get("completion_probabilities") or []
        if not found:
            return Token(text)
        chosen = found[-1]
        return Token(text, math.exp(chosen["logprob"]), tuple(map(_likely, chosen["top_logprobs"])))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RemoteFailed("does not answer as llama-server does") from None


def _likely(found: Mapping[str, Any]) -> Likely:
    return Likely(int(found["id"]), bytes(found["bytes"]), math.exp(found["logprob"]))


def _sampling(sampling: SamplingParams) -> dict[str, Any]:
    if sampling.temperature <= 0:
        return {"samplers": ["top_k"], "top_k": 1, "temperature": 0}
    return {
        "samplers": ["temperature", "top_k", "top_p"],
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
    }


def _texts(request: InfillRequest, template: Template, budget: Budget) -> Iterable[str]:
    """The texts that `fim.build` will probably tokenize."""
    start, header = (request.cuts[0].start, request.cuts[0].header) if request.cuts else (0, "")
    anchor = len(request.prefix) if request.anchor is None else request.anchor
    if template.joined or anchor <= start:
        yield header + request.prefix[start:]
    else:
        yield header + request.prefix[start:anchor]
        yield request.prefix[anchor:]
    yield request.suffix[: budget.suffix * fim.CHARACTERS]
