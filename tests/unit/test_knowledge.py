"""Other files in the server: indexed by a process of its own, chosen in a pause, gone at once when excluded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from in_process import Connection, connected, push, status
from wire import INLINE, KNOWS_STATUS, change, inline

from copilot_lsp.completion import scheduler
from copilot_lsp.engine.base import Chunk
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.server import knowledge
from copilot_lsp.settings import ContextSettings, Settings
from copilot_lsp.workspace.index import store

ON = Settings(context=ContextSettings(index=True))
CLIENT = 'class Client:\n    """Talks."""\n\n    def fetch_page(self, number: int) -> bytes:\n        return b""\n'
MAIN = "from app.client import Client\n\n\ndef main(client: Client) -> None:\n    client = Client()\n    \n"
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}, "workspaceFolders": True}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app/client.py").write_text(CLIENT)
    (root / "app/main.py").write_text(MAIN)
    monkeypatch.setattr(store, "file_of", lambda roots: tmp_path / "index.sqlite")
    monkeypatch.setattr(knowledge, "SETTLE_SECONDS", 0.02)
    monkeypatch.setattr(scheduler, "REST_SECONDS", 0.02)
    return root


@asynccontextmanager
async def indexed(
    project: Path, settings: Settings = ON, capabilities: dict[str, Any] | None = None
) -> AsyncIterator[Connection]:
    """A client that has main.py open, and an index that is up to date."""
    async with connected(ScriptedAnswer(after=r"$", text="done()"), settings=settings) as client:
        await client.initialize({**KNOWS_STATUS, **(capabilities or {})}, rootUri=project.as_uri())
        client.open((project / "app/main.py").as_uri(), MAIN)
        if settings.context.index:
            await client.until(lambda: client.session.knowledge.status.state == "ready")
        yield client


def engine(client: Connection) -> FakeEngine:
    found = client.session.engine
    assert isinstance(found, FakeEngine)
    return found


async def shown(client: Connection, project: Path, line: int = 5, character: int = 4) -> tuple[Chunk, ...]:
    """What a request shows of other files."""
    asked = len(engine(client).requests)
    await client.request(INLINE, inline((project / "app/main.py").as_uri(), line, character, invoked=True))
    sent = [each for each in engine(client).requests[asked:] if not each.background]
    return sent[0].chunks if sent else ()


async def settled(client: Connection, project: Path) -> tuple[Chunk, ...]:
    """What is shown once a list has been chosen and read in a pause."""
    uri = (project / "app/main.py").as_uri()
    held = client.session.completer._scheduler._document
    client.session.completer._cache.clear()
    await shown(client, project)
    await client.until(lambda: held(uri).shelf.names is not None)
    return held(uri).shelf.chunks


async def test_what_another_file_defines_is_shown_after_a_pause(project: Path) -> None:
    async with indexed(project) as client:
        assert await shown(client, project) == ()
        (chunk,) = await settled(client, project)
        assert (chunk.path, chunk.source) == ("app/client.py", (project / "app/client.py").as_posix())
        assert "def fetch_page(self, number: int) -> bytes:" in chunk.text
        client.session.completer._cache.clear()
        assert await shown(client, project) == (chunk,)
        told = (await status(client))["index"]
        assert (told["state"], told["files"], told["symbols"] > 2, told["bytes"] > 1000) == ("ready", 2, True, True)
        assert told["message"].startswith("2 files indexed, ")


async def test_the_list_stays_while_a_line_is_typed(project: Path) -> None:
    uri = (project / "app/main.py").as_uri()
    async with indexed(project) as client:
        before = await settled(client, project)
        typed = "other = Unknown(client.fetch_page(1), client)"
        for count, letter in enumerate(typed):
            client.notify("textDocument/didChange", change(uri, count + 2, (5, 4 + count), (5, 4 + count), letter))
            client.session.completer._cache.clear()
            assert await shown(client, project, 5, 5 + count) == before
            if count % 9 == 0:
                await asyncio.sleep(0.05)  # also over pauses


async def test_a_buffer_counts_in_place_of_its_file_and_no_longer_when_it_is_closed(project: Path) -> None:
    uri = (project / "app/client.py").as_uri()
    async with indexed(project) as client:
        client.open(uri, CLIENT.replace("fetch_page", "fetch_unsaved"))

        async def text() -> str:
            found = await client.session.knowledge.choose(*place(client, project))
            return "".join(each.chunk.text for each in found or ())

        await eventually(text, "fetch_unsaved")
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        await eventually(text, "fetch_page")


async def test_files_that_come_change_and_go(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with indexed(project, capabilities=WATCHES) as client:
        registered = await client.until(lambda: [params for name, params in client.requests if "register" in name])
        watched = [each for params in registered for each in params["registrations"]]
        assert [each["method"] for each in watched if "Watched" in each["method"]] == [
            "workspace/didChangeWatchedFiles"
        ]
        new = project / "app/new.py"

        def files() -> int:
            return client.session.knowledge.status.files

        new.write_text("def brand_new(): ...\n")
        touch(client, new)
        await client.until(lambda: files() == 3)
        new.unlink()
        touch(client, new)
        await client.until(lambda: files() == 2)
        told: list[Mapping[str, object]] = []
        with monkeypatch.context() as silenced:
            silenced.setattr(client.session.knowledge._process, "send", told.append)
            touch(client, project / ".git/index.lock", project / "node_modules/package", project / "picture.png")
            await asyncio.sleep(0.1)
        assert told == []
        (project / "app").rename(project / "package")
        touch(client, project / "app", project / "package")
        await client.until(lambda: "package/client.py" in held(project))


async def test_excluded_now_is_gone_from_prompts_cache_and_index(project: Path) -> None:
    async with indexed(project) as client:
        assert await settled(client, project)
        await push(client, {"context": {"index": True}, "exclude": ["client.py"]})
        assert engine(client).forgotten
        assert await shown(client, project) == ()
        await client.until(lambda: "fetch_page" not in held(project))


async def test_an_ignore_file_counts_as_soon_as_it_is_there(project: Path) -> None:
    async with indexed(project) as client:
        assert await settled(client, project)
        (project / ".copilotlspignore").write_text("client.py\n")
        client.session.completer._cache.clear()
        assert await shown(client, project) == ()
        assert engine(client).forgotten
        touch(client, project / ".copilotlspignore")
        await client.until(lambda: "fetch_page" not in held(project))


async def test_folders_are_added_and_removed(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "module.py").write_text("def elsewhere(): ...\n")
    folder = {"uri": other.as_uri(), "name": "other"}
    async with indexed(project) as client:
        for event, expected in (({"added": [folder], "removed": []}, 1), ({"added": [], "removed": [folder]}, 0)):
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            await client.until(partial(lambda wanted: ("elsewhere" in held(project)) == wanted, expected))


async def test_it_is_off_until_it_is_turned_on(project: Path) -> None:
    async with indexed(project, Settings()) as client:
        assert await shown(client, project) == ()
        assert (await status(client))["index"]["state"] == "off"
        assert not (project.parent / "index.sqlite").exists()
        engines = len(client.engines)
        await push(client, {"context": {"index": True}})
        await client.until(lambda: client.session.knowledge.status.state == "ready")
        assert await settled(client, project)
        await push(client, {"context": {"index": False}})
        assert (await status(client))["index"]["state"] == "off"
        assert await shown(client, project) == ()
        assert len(client.engines) == engines


async def test_a_process_that_dies_is_started_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot_lsp.server.indexing.RESTARTS", (0.01,))
    async with indexed(project) as client:
        process = client.session.knowledge._process
        killed = process._process
        assert killed is not None
        killed.kill()
        await client.until(lambda: process._process not in (None, killed))
        (project / "app/later.py").write_text("def later(): ...\n")
        touch(client, project / "app/later.py")
        await client.until(lambda: client.session.knowledge.status.files == 3)


async def test_an_index_that_cannot_be_written_says_so_and_completions_come(project: Path, tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").mkdir()
    async with connected(ScriptedAnswer(after=r"$", text="done()"), settings=ON) as client:
        await client.initialize(rootUri=project.as_uri())
        client.open((project / "app/main.py").as_uri(), MAIN)
        await client.until(lambda: client.session.knowledge.status.state == "failed")
        assert "cannot be written" in client.session.knowledge.status.message
        asked = inline((project / "app/main.py").as_uri(), 5, 4, invoked=True)
        assert len((await client.request(INLINE, asked))["items"]) == 1


def place(client: Connection, project: Path) -> tuple[Any, int]:
    return client.session.snapshot((project / "app/main.py").as_uri()), len(MAIN) - 1


def touch(client: Connection, *paths: Path) -> None:
    changes = [{"uri": path.as_uri(), "type": 2} for path in paths]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})


def held(project: Path) -> str:
    """All that the index has on the disk."""
    parts = sorted(project.parent.glob("index.sqlite*"))
    return b"".join(part.read_bytes() for part in parts if part.is_file()).decode("latin-1")


async def eventually(text: Any, wanted: str) -> None:
    async with asyncio.timeout(20):
        while wanted not in await text():
            await asyncio.sleep(0.02)
