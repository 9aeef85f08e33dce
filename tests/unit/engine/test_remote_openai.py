"""Servers of OpenAI's completions API: prompts as text."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_server import LlamaServer, Script, serving
from test_remote import REQUEST, engine, local, text_of, until

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import FinishReason, InfillRequest, Limits
from copilot_lsp.engine.families import FAMILIES, Family
from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.remote.spelling import ENDS, spellings
from copilot_lsp.engine.remote.text import NAMES, TextVocabulary, family_named, heal_space, template_of
from copilot_lsp.errors import EngineError, EngineFailed

BUDGET = Budget(1000, 1000, 1000)


def sent(server: LlamaServer) -> list[dict[str, Any]]:
    return [body for path, body in server.bodies if path == "/v1/completions"]


async def test_a_prompt_is_text_and_the_text_is_streamed() -> None:
    async with serving() as server, engine(f"{server.url}/v1") as remote:
        text, done = await text_of(remote)
        assert (text, done.end, done.generated) == (" 1 + 2\n", FinishReason.EOG, 5)
        assert done.confidence == pytest.approx(0.9**5)
        (body,) = sent(server)
        assert body["prompt"] == "<|fim_prefix|><|fim_suffix|>\n    return x\n<|fim_middle|>def f():\n    x ="
        assert body["temperature"] == 0
        assert "suffix" not in body
        assert remote.status.model == f"qwen-toy at {server.host}"
        assert remote.status.details["template"] == "qwen"


async def test_a_server_that_makes_the_prompt_gets_a_suffix() -> None:
    async with serving(Script(models=("mystery",))) as server, engine(f"{server.url}/v1") as remote:
        await text_of(remote, replace(REQUEST, prefix="</s> [SUFFIX]x ="))
        (body,) = sent(server)
        assert (body["prompt"], body["suffix"]) == ("< /s> [ SUFFIX]x =", REQUEST.suffix)
        assert "stop" not in body


async def test_a_server_that_cannot_says_what_to_do() -> None:
    script = Script(models=("mystery",), refuses="suffix")
    async with serving(script) as server, engine(f"{server.url}/v1") as remote:
        with pytest.raises(EngineError, match=r"remote\.template"):
            await text_of(remote)


async def test_a_server_without_probabilities_is_asked_without() -> None:
    async with serving(Script(refuses="logprobs")) as server, engine(f"{server.url}/v1") as remote:
        for _ in range(2):
            text, done = await text_of(remote)
            assert (text, done.confidence) == (" 1 + 2\n", None)
        assert ["logprobs" in body for body in sent(server)] == [True, False, False]
        assert remote.status.remote == server.host


async def test_no_server_is_to_penalize_what_repeats() -> None:
    """The servers' own default is not always 1, and code repeats itself."""
    async with serving() as server, engine(f"{server.url}/v1") as remote:
        await text_of(remote)
        (body,) = sent(server)
        assert (body["repeat_penalty"], body["repetition_penalty"]) == (1.0, 1.0)


@pytest.mark.parametrize("refuses", ["logprobs", "repeat_penalty", "repetition_penalty"])
async def test_a_field_that_is_refused_is_left_out_from_then_on(refuses: str) -> None:
    async with serving(Script(refuses=refuses)) as server, engine(f"{server.url}/v1") as remote:
        for _ in range(2):
            text, _ = await text_of(remote)
            assert text == " 1 + 2\n"
        first, *others = sent(server)
        assert refuses in first
        assert [refuses in body for body in others] == [False, False]
        assert set(first) - set(others[0]) == {refuses}


def recorded(*choices: str, usage: str = "") -> bytes:
    """A stream whose events have the head that every server sends."""
    head = '"id":"cmpl-1","object":"text_completion","created":1795631339,"model":"m"'
    events = [f'{{{head},"choices":[{choice}]}}' for choice in choices]
    return "".join(f"data: {event}\n\n" for event in [*events, *([usage] if usage else []), "[DONE]"]).encode()


LLAMA_CPP_SERVER = recorded(
    '{"text": " 1", "index": 0, "logprobs": {"tokens": [" 1"], "text_offset": [25], "token_logprobs": [-0.25],'
    ' "top_logprobs": [{" 1": -0.25}]}, "finish_reason": null}',
    '{"text": " +", "index": 0, "logprobs": {"tokens": [" +"], "text_offset": [27], "token_logprobs": [-0.5],'
    ' "top_logprobs": [{" +": -0.5}]}, "finish_reason": null}',
    '{"text": "", "index": 0, "logprobs": null, "finish_reason": "length"}',
)
"""As llama_cpp.server of llama-cpp-python 0.3.36 streams; recorded, with other texts and numbers."""

VLLM = recorded(
    '{"index":0,"text":" 1 +","logprobs":{"text_offset":[0,2],"token_logprobs":[-0.25,-0.5],"tokens":[" 1"," +"],'
    '"top_logprobs":[{" 1":-0.25},{" +":-0.5}]},"finish_reason":null,"stop_reason":null}',
    '{"index":0,"text":"","logprobs":{"text_offset":[],"token_logprobs":[],"tokens":[],"top_logprobs":[]},'
    '"finish_reason":"stop","stop_reason":"<|fim_pad|>"}',
    usage='{"id":"cmpl-1","object":"text_completion","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3}}',
)
"""As vLLM's protocol has it (CompletionStreamResponse); not recorded: it was not run."""


@pytest.mark.parametrize(
    ("stream", "end"),
    [(LLAMA_CPP_SERVER, FinishReason.TOKENS), (VLLM, FinishReason.EOG)],
    ids=["llama_cpp.server", "vLLM"],
)
async def test_streams_of_other_servers(stream: bytes, end: FinishReason) -> None:
    async with serving(Script(recorded=stream)) as server, engine(f"{server.url}/v1") as remote:
        text, done = await text_of(remote)
        assert (text, done.end, done.generated) == (" 1 +", end, 2)
        assert done.confidence == pytest.approx(math.exp(-0.75))


async def test_the_model_is_the_one_that_was_named() -> None:
    async with serving(Script(models=("a", "qwen-b"))) as server:
        async with engine(f"{server.url}/v1", model="qwen-b") as remote:
            await text_of(remote)
            assert sent(server)[0]["model"] == "qwen-b"
        async with engine(f"{server.url}/v1", model="c") as remote:
            with pytest.raises(EngineFailed, match="does not have the model c"):
                await remote.ready()
        async with engine(f"{server.url}/v1", template="nonsense") as remote:
            with pytest.raises(EngineFailed, match="there is no template nonsense"):
                await remote.ready()


async def test_a_llama_server_url_and_an_openai_url_are_told_apart() -> None:
    async with serving() as server:
        async with engine(server) as remote:
            await until(lambda: remote.status.details.get("kind") == "llama-server")
        async with engine(f"{server.url}/v1") as remote:
            await until(lambda: remote.status.details.get("kind") == "openai")


async def test_reading_ahead_generates_one_token_that_nobody_sees() -> None:
    async with serving() as server, engine(f"{server.url}/v1") as remote:
        text, done = await text_of(remote, replace(REQUEST, limits=Limits(max_tokens=0)))
        assert (text, done.end, done.generated) == ("", FinishReason.TOKENS, 0)
        assert sent(server)[0]["max_tokens"] == 1


@pytest.mark.parametrize("fault", ["garbage", "half-utf8", "array", "deep", "error", "silent", "dies"])
async def test_whatever_goes_wrong_the_local_engine_takes_over(fault: str) -> None:
    own = local(" 1 + 2 from here")
    limit = 1000 if fault == "silent" else 20_000
    async with (
        serving(Script(fault=fault, after=1)) as server,
        engine(f"{server.url}/v1", local=lambda: own, timeout_ms=limit) as remote,
    ):
        assert (await text_of(remote))[0] == " 1 + 2 from here"


TEXTS = st.lists(
    st.sampled_from([text for family in FAMILIES for text in spellings(family)] + list(ENDS))
    | st.sampled_from(["<", "|", ">", "<|", "|>", "[", "x = 1\n", " ", "fim_prefix", "▁"]),
    max_size=6,
).map("".join)


@pytest.mark.parametrize("family", [*FAMILIES, None], ids=lambda family: family.name if family else "suffix")
@given(before=TEXTS, after=TEXTS)
def test_no_control_token_of_the_users_acts(family: Family | None, before: str, after: str) -> None:
    """Each family's own tokens occur in a prompt as often as in that of an empty file, whatever the text says."""
    vocabulary = TextVocabulary(family)
    template = template_of(vocabulary, family, family.names if family else "", "")

    def prompt(prefix: str, suffix: str) -> str:
        request = InfillRequest("d", "a.py", prefix, suffix, anchor=0)
        return vocabulary.shown(fim.build(vocabulary, template, request, BUDGET, heal_space).tokens)

    own = list(spellings(family)) if family else [text for each in FAMILIES for text in spellings(each)]
    found, plain = prompt(before, after), prompt("x", "y")
    for control in [*own, *ENDS]:
        assert found.count(control) == plain.count(control), control
    if family is None:
        assert not any(control in vocabulary.neutral(after) for control in [*own, *ENDS])


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen2.5-Coder-7B", "qwen"),
        ("bigcode/starcoder2-3b", "starcoder2"),
        ("deepseek-coder:1.3b-base", "deepseek"),
        ("google/codegemma-2b", "codegemma"),
        ("JetBrains/Mellum-4b-base", "mellum"),
        ("codestral-latest", None),
        ("gpt-x", None),
    ],
)
def test_a_model_is_known_by_its_name(model: str, family: str | None) -> None:
    found = family_named("auto", model)
    assert (found.name if found else None) == family
    assert {name for name, _ in NAMES} <= {each.name for each in FAMILIES}
