"""`copilotLsp.models.*` of a real server, with a hub on this machine: what an editor's menu asks for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hub_server import COMMIT, HubServer
from hub_server import serving as hub_serving
from process import Server, serving
from tiny_model import GGUF
from wire import inline

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWS_PROGRESS = {"window": {"workDoneProgress": True}, "textDocument": {"inlineCompletion": {}}}

ENTRY = """
[models.{name}]
description = "a small file"
licence = "MIT"
size = {size}
sha256 = "{sha256}"
sources = [{{ hub = "owner/name", file = "model.gguf", revision = "{commit}" }}]
"""

SUM = hashlib.sha256(GGUF).hexdigest()
HUGE = 10**18


def entry(name: str, size: int = len(GGUF), sha256: str = SUM) -> str:
    return ENTRY.format(name=name, size=size, sha256=sha256, commit=COMMIT)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Config and cache of a user who gave names to some models."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    names = [entry(name) for name in ("whole", "slow", "second", "third", "twice", "last")]
    names += [entry("wrong", sha256="0" * 64), entry("huge", HUGE)]
    (home / "config" / "models.toml").write_text("".join(names), "utf-8")
    return home


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with hub_serving(GGUF) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(home: Path, hub: HubServer) -> AsyncIterator[Server]:
    env = {
        "COPILOT_LSP_CONFIG_DIR": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "HF_ENDPOINT": hub.endpoint,
    }
    async with serving(env=env) as server:
        await server.initialize(SHOWS_PROGRESS)
        yield server


@pytest.fixture
def slow(hub: HubServer) -> Iterator[HubServer]:
    """16 KiB at a time, some seconds in all."""
    hub.piece, hub.pause = 1 << 14, 0.2
    yield hub
    hub.piece, hub.pause = 1 << 16, 0.0


def command(action: str, **arguments: object) -> dict[str, Any]:
    return {"command": f"copilotLsp.models.{action}", "arguments": [arguments] if arguments else []}


async def run(server: Server, action: str, **arguments: object) -> dict[str, Any]:
    answer: dict[str, Any] = await server.request("workspace/executeCommand", command(action, **arguments))
    return answer


def steps(server: Server, token: object) -> list[dict[str, Any]]:
    return [each["value"] for each in server.told("$/progress") if each["token"] == token]


async def listed(server: Server) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in (await run(server, "list"))["models"]}


async def test_the_list_has_what_a_menu_shows(server: Server, home: Path) -> None:
    answer = await run(server, "list")
    assert answer["ok"] is True
    assert answer["folder"] == str(home / "cache" / "copilot-lsp" / "models")
    first, *others = answer["models"]
    assert first["name"] == "copilot-lsp-fim"
    assert (first["active"], first["present"], first["source"]) == (True, True, "shipped")
    assert Path(first["path"]).is_file()
    models = {each["name"]: each for each in others}
    whole = models["whole"]
    assert (whole["bytes"], whole["licence"], whole["source"]) == (len(GGUF), "MIT", "user")
    assert not whole["present"]
    assert whole["fits"]
    assert "path" not in whole
    assert not models["huge"]["fits"]
    assert others[-1]["name"] == "huge"
    assert "COMMERCIAL" in models["qwen2.5-coder-3b-base"]["notice"]
    assert models["qwen2.5-coder-0.5b-instruct"]["memoryBytes"] > models["qwen2.5-coder-0.5b-instruct"]["bytes"]
    recommended = [each["name"] for each in answer["models"] if each["recommended"]]
    assert recommended == [answer["recommendation"]["name"]]
    assert "cores" in answer["recommendation"]["why"]


async def test_a_pull_tells_how_far_it_is_and_holds_nothing_up(server: Server, slow: HubServer) -> None:
    pull = server.ask("workspace/executeCommand", {**command("pull", name="slow"), "workDoneToken": "pull-1"})
    await server.until(lambda: any("MB" in step.get("message", "") for step in steps(server, "pull-1")))
    uri = "file:///project/meanwhile.py"
    server.open(uri, "pick = ")
    (item,) = (await server.request("textDocument/inlineCompletion", inline(uri, 0, 7)))["items"]
    assert item["insertText"] == "one"
    assert not pull.done()
    answer = (await asyncio.wait_for(pull, 20))["result"]
    assert answer["ok"], answer
    assert Path(answer["path"]).read_bytes() == GGUF
    first, *between, last = steps(server, "pull-1")
    assert (first["kind"], first["cancellable"], first["title"]) == ("begin", True, "Downloading slow")
    assert {each["kind"] for each in between} == {"report"}
    percentages = [each["percentage"] for each in between]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100
    assert any("MB/s" in each["message"] and "left" in each["message"] for each in between)
    assert last == {"kind": "end", "message": "slow is ready"}
    assert (await listed(server))["slow"]["path"] == answer["path"]


async def test_a_client_without_a_token_gets_one_of_ours(server: Server) -> None:
    assert (await run(server, "pull", name="whole"))["ok"]
    created = [params["token"] for method, params in server.requests if method == "window/workDoneProgress/create"]
    assert steps(server, created[-1])[0]["kind"] == "begin"
    assert steps(server, created[-1])[-1]["kind"] == "end"


@pytest.mark.parametrize("how", ["progress", "request"])
async def test_a_cancelled_pull_keeps_what_is_here_and_goes_on_there(
    server: Server, slow: HubServer, home: Path, how: str
) -> None:
    name = {"progress": "second", "request": "third"}[how]
    params = {**command("pull", name=name), "workDoneToken": how}
    pull = server.ask("workspace/executeCommand", params, id=how)
    await server.until(lambda: any(step.get("percentage", 0) > 20 for step in steps(server, how)))
    refused = await run(server, "remove", name=name)
    assert refused == {"ok": False, "message": f"{name} is being downloaded: cancel that first"}
    if how == "progress":
        server.notify("window/workDoneProgress/cancel", {"token": how})
    else:
        server.notify("$/cancelRequest", {"id": how})
    answer = (await asyncio.wait_for(pull, 5))["result"]
    assert (answer["ok"], answer["cancelled"]) == (False, True)
    assert steps(server, how)[-1]["kind"] == "end"
    part = (await listed(server))[name]["partBytes"]
    assert 0 < part < len(GGUF)
    slow.pause = 0.0
    assert (await run(server, "pull", name=name))["ok"]
    assert slow.contents[-1] == f"bytes={part}-"


async def test_two_pulls_of_one_model_download_once(server: Server, slow: HubServer) -> None:
    before = len(slow.contents)
    both = await asyncio.gather(*(run(server, "pull", name="twice") for _ in range(2)))
    assert [answer["ok"] for answer in both] == [True, True]
    assert len(slow.contents) == before + 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong", "the downloaded file is not wrong: its SHA-256 is"),
        ("huge", "MB are needed in"),
        ("nonsense", "there is no model 'nonsense'"),
        ("./x.gguf", "is a path"),
    ],
)
async def test_a_pull_that_cannot_be_is_one_line(server: Server, name: str, message: str) -> None:
    answer = await run(server, "pull", name=name)
    assert answer["ok"] is False
    assert message in answer["message"]
    assert "\n" not in answer["message"]


async def test_arguments_that_are_none(server: Server) -> None:
    arguments_that_are_none: list[list[Any]] = [[], [{}], ["whole"], [{"name": 7}], [None]]
    for name in ("pull", "use", "remove"):
        for arguments in arguments_that_are_none:
            params = {"command": f"copilotLsp.models.{name}", "arguments": arguments}
            answer = await server.request("workspace/executeCommand", params)
            assert answer["ok"] is False, (name, arguments)


async def test_remove_frees_what_was_pulled(server: Server) -> None:
    assert (await run(server, "pull", name="whole"))["ok"]
    answer = await run(server, "remove", name="whole")
    assert (answer["ok"], answer["name"], answer["freedBytes"]) == (True, "whole", len(GGUF))
    assert (await run(server, "remove", name="copilot-lsp-fim"))["ok"] is False


async def test_a_server_that_ends_takes_its_pull_along(home: Path, slow: HubServer) -> None:
    env = {
        "COPILOT_LSP_CONFIG_DIR": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "another-cache"),
        "HF_ENDPOINT": slow.endpoint,
    }
    async with serving(env=env) as server:
        await server.initialize(SHOWS_PROGRESS)
        server.ask("workspace/executeCommand", {**command("pull", name="last"), "workDoneToken": 1})
        await server.until(lambda: any(step.get("percentage", 0) > 10 for step in steps(server, 1)))
        server.process.kill()
        await server.ended()
    (part,) = (home / "another-cache").rglob("model.gguf")
    await asyncio.sleep(1)
    size = part.stat().st_size
    await asyncio.sleep(1)
    assert part.stat().st_size == size < len(GGUF)
