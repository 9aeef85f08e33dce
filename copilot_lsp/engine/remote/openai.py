"""Servers of OpenAI's completions API (vLLM, Ray Serve, llama_cpp.server, LM Studio, Ollama, ...): prompts are text.

Where the model has come to its end, the server says; how sure it was, as far as it tells.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.families import Family
from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.local import windows
from copilot_lsp.engine.remote import text
from copilot_lsp.engine.remote.connection import Connection, Refused
from copilot_lsp.engine.remote.reader import Reader, Token
from copilot_lsp.engine.remote.spelling import file_name, layout_of, spellings
from copilot_lsp.errors import RemoteFailed
from copilot_lsp.settings import Settings

MOST_STOPS = 4
"""What OpenAI's API takes."""

OPTIONAL = {"logprobs": 1, "repeat_penalty": 1.0, "repetition_penalty": 1.0}
"""Fields that a server may refuse. Code repeats itself, and the likeliest token is wanted: some servers penalize what
was written before, unless they are told not to (llama_cpp.server by 1.1; vLLM as the model's generation_config.json
says)."""


class OpenAI:
    """A server that `connect` has asked about its models."""

    def __init__(self, connection: Connection, model: str, family: Family | None, budget: Budget) -> None:
        self._connection = connection
        self._model = model
        self._family = family
        self._vocabulary = text.TextVocabulary(family)
        name = file_name(model)
        self._template = text.template_of(self._vocabulary, family, name, layout_of((name,)))
        self._budget = text.in_characters(budget)
        self._optional: dict[str, Any] = dict(OPTIONAL)

    @property
    def details(self) -> dict[str, str | int | float | bool]:
        return {
            "kind": "openai",
            "template": self._template.name if self._family else text.SUFFIX,
            "layout": " ".join(self._template.layout),
            "fills": True,
            "probabilities": "logprobs" in self._optional,
        }

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """Raises RemoteFailed."""
        prompt = fim.build(self._vocabulary, self._template, request, self._budget, text.heal_space)
        written = self._vocabulary.shown(prompt.tokens)
        reader = Reader(request, prompt.healed, prompt.cut, echo=written if request.echo else "")
        async with aclosing(self._events(self._body(request, written))) as events:
            async for event in events:
                choice = _choice(event)
                if choice is None:
                    continue
                if request.limits.max_tokens == 0:
                    break
                for item in reader.take(token_of(choice)) if choice.get("text") else ():
                    yield item
                    if isinstance(item, Done):
                        return
                if finish := choice.get("finish_reason"):
                    yield reader.done(FinishReason.TOKENS if finish == "length" else FinishReason.EOG)
                    return
        if request.limits.max_tokens:
            raise RemoteFailed("ended the answer early")
        yield reader.done(FinishReason.TOKENS)

    async def check(self) -> None:
        """Raises RemoteFailed."""
        if self._model not in _models(await self._connection.get("models")):
            raise RemoteFailed("has another model now")

    def forget(self) -> None:
        """Nothing is kept of requests."""

    async def _events(self, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Asks without an optional field from the moment on that the server has refused it."""
        while True:
            try:
                async with aclosing(self._connection.events("completions", {**body, **self._optional})) as events:
                    async for event in events:
                        yield event
                return
            except Refused as error:
                said = error.said.lower()
                if refused := [name for name in self._optional if name.removesuffix("s") in said]:
                    self._optional = {name: each for name, each in self._optional.items() if name not in refused}
                elif "suffix" in body and "suffix" in said:
                    message = "does not support infilling: set remote.template to the family of its model"
                    raise RemoteFailed(message) from None
                else:
                    raise

    def _body(self, request: InfillRequest, prompt: str) -> dict[str, Any]:
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self._model,
            "prompt": prompt,
            "stream": True,
            "max_tokens": max(1, request.limits.max_tokens),
            "temperature": sampling.temperature,
        }
        if sampling.temperature > 0:
            body |= {"top_p": sampling.top_p, "seed": sampling.seed}
        if self._family:
            body["stop"] = list(spellings(self._family))[:MOST_STOPS]
        else:
            body["suffix"] = text.suffix_of(self._vocabulary, request, self._budget)
        return body


async def connect(connection: Connection, settings: Settings) -> tuple[OpenAI, str]:
    """Asks for the models; gives the name of the one that is used as well. Raises RemoteFailed."""
    found = _models(await connection.get("models"))
    wanted = settings.remote.model
    if wanted == "auto" and not found:
        raise RemoteFailed("lists no model")
    if wanted != "auto" and wanted not in found:
        raise RemoteFailed(f"does not have the model {wanted}")
    model = next(iter(found)) if wanted == "auto" else wanted
    try:
        family = text.family_named(settings.remote.template, file_name(model))
    except ValueError as error:
        raise RemoteFailed(f"cannot be asked: {error}") from None
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    room = found[model] or 2 * windows.wanted(settings.context, longest)
    budget = windows.whole(settings.context, room - longest - windows.MARGIN)
    return OpenAI(connection, model, family, budget), file_name(model).removesuffix(".gguf")


def _models(answer: Mapping[str, Any]) -> dict[str, int]:
    """The room of each model for prompt and answer, in tokens; 0 where the server does not say (vLLM does)."""
    listed = answer.get("data")
    if not isinstance(listed, list):
        raise RemoteFailed("is not an OpenAI API: a llama-server's URL ends before /v1")
    rooms = {each["id"]: each.get("max_model_len") for each in listed if isinstance(each, dict) and "id" in each}
    return {str(id): room if isinstance(room, int) else 0 for id, room in rooms.items()}


def _choice(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """None for an event about costs. Raises RemoteFailed."""
    choices = event.get("choices")
    if not isinstance(choices, list) or (choices and not isinstance(choices[0], dict)):
        raise RemoteFailed("does not answer as an OpenAI API does")
    return choices[0] if choices else None


def token_of(choice: Mapping[str, Any]) -> Token:
    """One event's text, of several tokens perhaps. Raises RemoteFailed."""
    try:
        scores = _scores(choice.get("logprobs") or {})
        return Token(str(choice["text"]), math.exp(sum(scores)) if scores else None, steps=max(1, len(scores)))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        raise RemoteFailed("does not answer as an OpenAI API does") from None


def _scores(logprobs: Mapping[str, Any]) -> list[float]:
    """Of the tokens: OpenAI's form, or llama-server's."""
    if content := logprobs.get("content"):
        return [float(each["logprob"]) for each in content]
    return [float(each) for each in logprobs.get("token_logprobs") or () if each is not None]
