"""What a user may write of a remote engine, and what of it counts without their consent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from in_process import URI, connected, push
from llama_server import serving
from wire import INLINE, inline

from copilot_lsp import config, endpoints
from copilot_lsp.cli import engines
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.settings import Settings

QUESTION = "window/showMessageRequest"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", ("http://127.0.0.1:8080", "127.0.0.1:8080", "llama-server", False, True)),
        ("http://localhost/", ("http://localhost", "localhost", "llama-server", False, True)),
        ("http://[::1]:80/v1/", ("http://[::1]/v1", "[::1]", "openai", False, True)),
        ("https://GPU.Example.com:443/", ("https://gpu.example.com", "gpu.example.com", "llama-server", True, False)),
        ("https://gpu.example.com:8443/a/v1", ("https://gpu.example.com:8443/a/v1", "gpu.example.com:8443", "openai")),
        ("http://localhost.example.com", ("http://localhost.example.com", "localhost.example.com", "llama-server")),
    ],
)
def test_a_url_says_host_and_kind(url: str, expected: tuple[object, ...]) -> None:
    found = endpoints.parse(url)
    facts = (found.url, found.host, found.kind, found.encrypted, found.loopback)
    assert facts[: len(expected)] == expected
    assert found.loopback is (len(expected) == 5 and expected[4])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gpu",
        "ftp://gpu",
        "https://",
        "https://user:word@gpu",
        "https://gpu?key=1",
        "https://gpu#x",
        "http://g:x/",
        "https://a b",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_url_of_an_endpoint(url: str) -> None:
    assert not endpoints.is_url(url)


def test_plain_http_is_for_this_machine_and_for_hosts_named() -> None:
    assert "plain HTTP" in endpoints.refusal(endpoints.parse("http://10.0.0.1:80"), ())
    assert endpoints.refusal(endpoints.parse("http://10.0.0.1:80"), ("10.0.0.1",)) == ""
    assert endpoints.refusal(endpoints.parse("http://127.0.0.9:80"), ()) == ""
    assert endpoints.refusal(endpoints.parse("https://gpu.example"), ()) == ""


@pytest.mark.parametrize("text", ["", "gpu", "gpu sk-123", "gpu env:", "env:NAME", "gpu key:NAME"])
def test_a_key_itself_is_not_accepted(text: str) -> None:
    assert not endpoints.is_key(text)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COPILOT_LSP_CONFIG_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("kind", ["project", "editor"])
@pytest.mark.parametrize("option", ["allowed", "plainHttp", "keys"])
def test_only_the_user_allows(kind: config.layers.Kind, option: str) -> None:
    """An editor passes on what a project's own settings file says."""
    layer = config.Layer(kind, "somebody", {"remote": {option: ["gpu.example env:KEY"]}})
    found = config.merge([layer])
    assert found.settings == Settings()
    assert len(found.problems) == 1


def test_a_project_names_no_endpoint() -> None:
    layer = config.Layer("project", "p", {"remote": {"endpoints": ["https://gpu.example"]}})
    assert config.merge([layer]).settings.remote == Settings().remote


def test_an_endpoint_that_is_not_allowed_is_not_asked() -> None:
    settings = config.merge([config.Layer("user", "u", {"remote.endpoints": ["https://gpu.example"]})]).settings
    assert isinstance(engines.create(engines.Choice("fake"), settings), FakeEngine)


def make(settings: Settings) -> Engine:
    return engines.create(engines.Choice("fake"), settings)


async def test_the_first_use_asks_names_the_host_and_is_remembered(home: Path) -> None:
    async with serving() as server, connected(make_engine=make) as client:
        client.session.options.files = config.layers_of
        client.replies[QUESTION] = lambda params: params["actions"][0]
        await client.initialize(initializationOptions={"remote": {"endpoints": [server.url]}})
        await client.until(lambda: client.session.engine.status.remote == server.host)
        (asked,) = [params for method, params in client.requests if method == QUESTION]
        assert server.host in asked["message"]
        assert server.host in asked["actions"][0]["title"]
        assert f'allowed = ["{server.host}"]' in config.user_file().read_text()
        client.open(URI, "x =")
        (item,) = (await client.request(INLINE, inline(URI, 0, 3)))["items"]
        assert item["insertText"].endswith("1 + 2")


@pytest.mark.parametrize("reply", [None, {"title": "Not now"}, {"title": "something else"}])
async def test_without_a_yes_nothing_is_sent_and_nobody_is_asked_again(home: Path, reply: object) -> None:
    async with serving() as server, connected(make_engine=make) as client:
        client.session.options.files = config.layers_of
        client.replies[QUESTION] = lambda _: reply
        await client.initialize(initializationOptions={"remote": {"endpoints": [server.url]}})
        await client.until(lambda: client.requests)
        await push(client, {"remote": {"endpoints": [server.url]}, "completion": {"candidates": 2}})
        client.open(URI, "x =")
        await client.request(INLINE, inline(URI, 0, 3))
        await asyncio.sleep(0.2)
        assert len([method for method, _ in client.requests if method == QUESTION]) == 1
        assert server.connections == 0
        assert not config.user_file().exists()


async def test_what_is_allowed_already_is_not_asked_for(home: Path) -> None:
    async with serving() as server:
        (home / "copilot-lsp.toml").write_text(
            f'[remote]\nendpoints = ["{server.url}"]\nallowed = ["{server.host}"]\n', "utf-8"
        )
        async with connected(ScriptedAnswer(after="x =$", text=" 1"), make_engine=make) as client:
            client.session.options.files = config.layers_of
            await client.initialize()
            await client.until(lambda: client.session.engine.status.remote == server.host)
            assert QUESTION not in [method for method, _ in client.requests]
