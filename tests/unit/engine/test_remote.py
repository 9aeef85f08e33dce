"""The remote engine against a server that answers like llama-server, and one that goes wrong in every way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from llama_server import CONTROLS, LlamaServer, Script, serving

from copilot_lsp import endpoints
from copilot_lsp.engine.base import Done, EngineState, FinishReason, InfillRequest, Limits, Piece
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.engine.remote.engine import MakeLocal, RemoteEngine
from copilot_lsp.errors import EngineError, EngineFailed
from copilot_lsp.settings import RemoteSettings, Settings

REQUEST = InfillRequest("d", "a.py", "def f():\n    x =", "\n    return x\n", limits=Limits(max_tokens=16), anchor=0)


@asynccontextmanager
async def engine(
    *servers: LlamaServer | str, local: MakeLocal | None = None, timeout_ms: int = 2000, **remote: object
) -> AsyncIterator[RemoteEngine]:
    urls = [each if isinstance(each, str) else each.url for each in servers]
    settings = Settings(remote=RemoteSettings(timeout_ms=timeout_ms, **remote))  # type: ignore[arg-type]
    made = RemoteEngine([endpoints.parse(url) for url in urls], settings, local)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def text_of(engine: RemoteEngine, request: InfillRequest = REQUEST) -> tuple[str, Done]:
    text = ""
    async with aclosing(engine.infill(request)) as stream:
        async for item in stream:
            if isinstance(item, Done):
                return text, item
            text += item.text
    raise AssertionError("no end")


def local(text: str = " local") -> FakeEngine:
    return FakeEngine([ScriptedAnswer(after="x =$", text=text)])


async def test_a_prompt_is_token_ids_and_the_text_is_streamed() -> None:
    async with serving() as server, engine(server) as remote:
        text, done = await text_of(remote)
        assert text == " 1 + 2\n"
        assert (done.end, done.generated, done.evaluated, done.reused) == (FinishReason.TOKENS, 6, 5, 7)
        assert done.confidence == pytest.approx(0.9**5)  # a healed token is sure
        (prompt,) = server.prompts()
        assert prompt == "<|fim_prefix|><|fim_suffix|>\n    return x\n<|fim_middle|>def f():\n    x "
        assert remote.status.state is EngineState.READY
        assert remote.status.remote == server.host
        assert remote.status.model == f"qwen-toy at {server.host}"
        assert remote.spent.generated == 6


@pytest.mark.parametrize("control", CONTROLS)
async def test_control_tokens_in_the_text_are_letters(control: str) -> None:
    """The server parses control tokens in strings, so none is sent but to be tokenized as plain text."""
    request = replace(REQUEST, prefix=f'x = "{control}"\ny =', suffix=f"\n# {control}")
    async with serving() as server, engine(server) as remote:
        await text_of(remote, request)
        (body,) = [body for path, body in server.bodies if path == "/completion"]
        own = [token for token in body["prompt"] if token >= 1_000_000]
        assert [server.spelled([token]) for token in own] == ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
        assert server.spelled(body["prompt"]).count(control) == 2 + (control in CONTROLS[:3])
        asked = [body for path, body in server.bodies if path == "/tokenize" and "x =" in str(body)]
        assert asked
        assert not any(body["parse_special"] for body in asked)


async def test_the_end_is_where_the_local_engine_would_end() -> None:
    """The infill rule, from the probabilities that come along; the server itself never ends."""
    async with serving(Script(text=" 1 + 2 + 3 + 4", end={5: 0.5})) as server, engine(server) as remote:
        text, done = await text_of(remote)
        assert (text, done.end) == (" 1 + 2", FinishReason.EOG)
        (body,) = [body for path, body in server.bodies if path == "/completion"]
        assert body["ignore_eos"] is True
        assert [1_000_005, False] in body["logit_bias"]


async def test_typing_asks_to_tokenize_only_what_is_new() -> None:
    async with serving() as server, engine(server) as remote:
        await text_of(remote)
        server.bodies.clear()
        await text_of(remote)
        assert [path for path, _ in server.bodies] == ["/completion"]
        server.bodies.clear()
        await text_of(remote, replace(REQUEST, prefix=REQUEST.prefix + " 1"))
        assert [path for path, _ in server.bodies] == ["/tokenize", "/completion"]
        assert "return x" not in str(server.bodies[0])


async def test_what_was_left_out_for_healing_must_come_first() -> None:
    async with serving(Script(text="urn 1")) as server, engine(server) as remote:
        text, _ = await text_of(remote, replace(REQUEST, prefix="def f():\n    ret"))
        assert text == "urn 1"
        (body,) = [body for path, body in server.bodies if path == "/completion"]
        assert body["grammar"].startswith('root ::= "ret" tail')


async def test_nothing_is_decoded_to_read_ahead() -> None:
    request = replace(REQUEST, limits=Limits(max_tokens=0))
    async with serving() as server, engine(server) as remote:
        text, done = await text_of(remote, request)
        assert (text, done.end) == ("", FinishReason.TOKENS)
        assert server.prompts()


async def test_closing_the_stream_tells_the_server() -> None:
    async with serving(Script(text=" a" * 1000, pause=0.01)) as server, engine(server) as remote:
        async with aclosing(remote.infill(replace(REQUEST, limits=Limits(max_tokens=1000)))) as stream:
            assert isinstance(await anext(stream), Piece)
        async with asyncio.timeout(5):
            while not server.cancelled:
                await asyncio.sleep(0.01)


WAITED_FOR = ("silent", "pings")
"""Only the time limit ends these."""

FAULTS = ["garbage", "half-utf8", "array", "deep", "error", "no-fields", "endless-line", "dies", *WAITED_FOR]


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_the_local_engine_takes_over(fault: str, after: int) -> None:
    """In the middle of an answer too: the local engine continues behind the text that was shown."""
    own = local(" 1 + 2 from here")
    script = Script(fault=fault, after=after + 1)
    limit = 1000 if fault in WAITED_FOR else 20_000
    async with serving(script) as server, engine(server, local=lambda: own, timeout_ms=limit) as remote:
        text, _ = await text_of(remote)
        assert text == " 1 + 2 from here"
        assert own.requests[0].prefix == REQUEST.prefix + (" 1 " if after else "")
        assert remote.status.remote == ""
        assert server.host in remote.status.message


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_an_error_is_told_by_its_number_alone(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(Script(fault="status", status=status)) as server, engine(server, local=local) as remote:
        text, _ = await text_of(remote)
        assert text == " local"
        assert f"HTTP {status}" in remote.status.message
    assert "SECRET" not in caplog.text


async def test_a_request_that_the_server_cannot_take_costs_only_itself() -> None:
    async with serving(Script(fault="status", status=400)) as server, engine(server) as remote:
        with pytest.raises(EngineError):
            await text_of(remote)
        assert remote.status.remote == server.host


async def test_a_redirect_is_not_followed() -> None:
    async with serving(Script(fault="redirect")) as server, engine(server, local=local) as remote:
        assert (await text_of(remote))[0] == " local"


async def test_a_hanging_server_costs_one_timeout() -> None:
    async with serving(Script(fault="hang")) as server, engine(server, local=local, timeout_ms=200) as remote:
        for _ in range(3):
            assert (await text_of(remote))[0] == " local"
        assert len(server.prompts()) == 1


async def test_the_next_endpoint_answers_and_the_first_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot_lsp.engine.remote.endpoint.FIRST_PAUSE_SECONDS", 0.2)
    servers = serving(), serving(Script(text=" two"))
    async with servers[0] as first, servers[1] as second, engine(first, second, local=local) as remote:
        await until(lambda: all(each.answers for each in remote._remotes))
        first.script = Script(fault="down")
        assert (await text_of(remote))[0] == " two"
        assert remote.status.remote == second.host
        assert first.host in remote.status.message
        first.script = Script(text=" one")
        await until(lambda: remote.status.remote == first.host)
        assert (await text_of(remote))[0] == " one"


async def test_an_answer_that_is_ended_here_is_an_answer() -> None:
    """Most are, where their line is complete; the pause before the next attempt must not grow for ever."""
    async with serving(Script(fault="status", status=500)) as server, engine(server, local=local) as remote:
        assert (await text_of(remote))[0] == " local"
        server.script = Script(text=" a" * 100)
        await until(lambda: remote.status.remote == server.host)
        (endpoint,) = remote._remotes
        assert endpoint._failures == 1
        async with aclosing(remote.infill(REQUEST)) as stream:
            await anext(stream)
        assert endpoint._failures == 0


async def test_no_server_and_no_name_for_it() -> None:
    for url in ("http://127.0.0.1:1", "https://no-such-host.invalid"):
        async with engine(url, local=local) as remote:
            assert (await text_of(remote))[0] == " local"
        async with engine(url) as remote:
            with pytest.raises(EngineFailed, match="cannot be reached"):
                await remote.ready()


async def test_a_key_goes_only_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEAM_KEY", "sk-canary")
    (tmp_path / "key").write_text("sk-canary\n")
    async with serving(Script(key="sk-canary")) as server, serving() as other:
        for source in ("env:TEAM_KEY", f"file:{tmp_path / 'key'}", "command:echo sk-canary"):
            async with engine(server, other, keys=(f"{server.host} {source}",)) as remote:
                await until(lambda: remote.status.remote == server.host)
                await text_of(remote)
        await until(lambda: other.headers)
        assert not any("authorization" in headers for headers in other.headers)
        async with engine(server) as remote:
            with pytest.raises(EngineFailed, match="refuses the key"):
                await remote.ready()
    assert "sk-canary" not in caplog.text


@pytest.mark.parametrize("source", ["env:NO_SUCH_KEY", "file:/no/such/key", "command:false", "command:echo"])
async def test_a_key_that_cannot_be_had_is_one_line(source: str) -> None:
    async with serving() as server, engine(server, keys=(f"{server.host} {source}",)) as remote:
        with pytest.raises(EngineFailed, match="key"):
            await remote.ready()
        assert not server.bodies


async def test_plain_http_goes_only_to_this_machine() -> None:
    async with engine("http://gpu.example") as remote:
        with pytest.raises(EngineFailed, match=r"gpu\.example would be contacted over plain HTTP"):
            await remote.ready()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
