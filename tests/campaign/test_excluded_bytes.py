"""No byte of an excluded file reaches a prompt, a cache, another reader or a log, whatever happens to the tree.

Hypothesis moves, links, ignores and excludes files at random while documents are open in a server and the gate reads
the others. Each file holds a mark of its own; what is excluded is told by a second, simpler set of rules.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from campaign import Campaign
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from llama_server import serving

from copilot_lsp import endpoints
from copilot_lsp.completion.query import Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.engine.remote.engine import RemoteEngine
from copilot_lsp.server.session import Session
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot
from copilot_lsp.workspace.files import walk
from copilot_lsp.workspace.ignore import Exclusion

FOLDERS = ("", "src/", "src/deep/", "private/", ".ssh/", "node_modules/")
SECRET = (".env", "prod.env", "id_rsa", "secrets.json", ".env~", "server.key")
PLAIN = ("app.py", "notes.txt", "credentials.go", ".env.example", "x.gen.py", "data.sql", "model.py", "view.js")
NAMES = st.builds(lambda folder, name: folder + name, st.sampled_from(FOLDERS), st.sampled_from(SECRET + PLAIN))


T = TypeVar("T")


class Tree(RuleBasedStateMachine):
    files = Bundle("files")
    settings = Settings()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.root = Path(tempfile.mkdtemp(prefix="campaign-"))
        self.engine = self.make_engine()
        self.session = Session(self.engine, lambda _: self.engine, self.settings)
        self.session.roots = (self.root.as_uri(),)
        self.marks: dict[str, str] = {}
        self.records: list[str] = []
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.records.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(self.handler)
        self.run(self.engine.start())

    def make_engine(self) -> Engine:
        return FakeEngine([ScriptedAnswer(after=r"= $", text="1")])

    def asked(self) -> str:
        """All text that the engine was ever asked with."""
        assert isinstance(self.engine, FakeEngine)
        return "".join(request.prefix + request.suffix for request in self.engine.requests)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.session.close())
        self.loop.close()
        logging.getLogger().removeHandler(self.handler)
        shutil.rmtree(self.root)

    @initialize()
    def repository(self) -> None:
        (self.root / ".git/info").mkdir(parents=True)

    @rule(target=files, name=NAMES)
    def write(self, name: str) -> str:
        return self.put(name)

    def put(self, name: str) -> str:
        path = self.root / name
        if path.is_symlink():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        mark = f"MARK{len(self.marks)}END"
        self.marks[mark] = name
        path.write_text(self.source(mark))
        return name

    def source(self, mark: str) -> str:
        """What a file has that an editor completes at its end."""
        return f"{mark} = "

    @rule(target=files, name=files, to=NAMES)
    def rename(self, name: str, to: str) -> str:
        source, target = self.root / name, self.root / to
        if source.exists() and name != to:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        return to

    @rule(target=files, name=files, link=NAMES)
    def link(self, name: str, link: str) -> str:
        path = self.root / link
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(self.root / name)
        return link

    @rule(lines=st.sets(st.sampled_from(["*.sql", "private/", "src/deep/", "!*.sql"])), ours=st.booleans())
    def ignore(self, lines: set[str], ours: bool) -> None:
        (self.root / (".copilotlspignore" if ours else ".gitignore")).write_text("\n".join(sorted(lines)))

    @rule(
        exclude=st.lists(st.sampled_from(["*.gen.py", "/src/", "[z-a]", "!"]), max_size=2),
        include=st.lists(st.sampled_from([".env", "/private/", "src/deep/*.py"]), max_size=1),
    )
    def configure(self, exclude: list[str], include: list[str]) -> None:
        self.configure_session({"exclude": exclude, "include": include})

    def configure_session(self, sent: dict[str, object]) -> None:
        self.session.configure(sent)

    @rule(name=files)
    def complete(self, name: str) -> None:
        """What an editor does that has this file open."""
        path = self.root / name
        if not path.is_file():
            return
        text = path.read_text()
        uri = path.as_uri()
        asked = len(self.asked())
        snapshot = self.run(self.opened(uri, text))
        if isinstance(snapshot, Silence):
            assert "pattern" in snapshot.message or "`" in snapshot.message
        else:
            assert not self.is_excluded(path), f"{path} was completed"
            self.run(self.session.complete(Query(snapshot, len(text), Trigger.INVOKED)))
        self.loop.call_soon(self.session.close_document, uri)
        self.run(asyncio.sleep(0))
        assert self.of(self.asked()[asked:]) <= self.of(text)
        assert not any(self.of(record) for record in self.records)

    @rule(name=files)
    def read(self, name: str) -> None:
        path = self.root / name
        data = self.session.gate.read(path) if path.is_file() else b""
        if isinstance(data, bytes) and data:
            assert not self.is_excluded(path, reading=True), f"{path} was read"

    @rule()
    def index(self) -> None:
        gate = self.session.gate
        for path, _ in walk(gate):
            assert not self.is_excluded(path, reading=True), f"{path} was found"
            assert not isinstance(gate.read(path), Exclusion), f"{path} is found but not read"

    async def opened(self, uri: str, text: str) -> Snapshot | Silence:
        self.session.open(uri, "python", 1, text)
        return self.session.snapshot(uri)

    def of(self, text: str) -> set[str]:
        return {mark for mark in self.marks if mark in text}

    def is_excluded(self, path: Path, reading: bool = False) -> bool:
        names = {os.path.relpath(path, self.root), os.path.relpath(path.resolve(), self.root.resolve())}
        return any(self.is_excluded_name(name, reading) for name in names)

    def is_excluded_name(self, name: str, reading: bool) -> bool:
        """Written out for the names above, without the code under test."""
        settings, base = self.session.settings, name.rpartition("/")[2]
        included = {".env": base == ".env", "/private/": name.startswith("private/")}
        included["src/deep/*.py"] = name.startswith("src/deep/") and name.endswith(".py")
        if any(included[pattern] for pattern in settings.include):
            return False
        if base in SECRET or name.startswith(".ssh/"):
            return True
        excluded = {"*.gen.py": base.endswith(".gen.py"), "/src/": name.startswith("src/")}
        if any(excluded[pattern] for pattern in settings.exclude):
            return True
        files = [".copilotlspignore", *([".gitignore"] if reading else [])]
        if any(self.is_ignored(name, self.root / file) for file in files):
            return True
        return reading and name.startswith("node_modules/")

    def is_ignored(self, name: str, file: Path) -> bool:
        lines = file.read_text().split("\n") if file.is_file() else []
        folders = {"private/", "src/deep/"} & set(lines)
        if any(name.startswith(folder) for folder in folders):
            return True
        # "!*.sql" sorts before "*.sql", so it never has the last word.
        return "*.sql" in lines and name.endswith(".sql")


class SentTree(Tree):
    """The same with an engine on another machine: what counts is what its server was sent."""

    prompts = 0
    """Of all trees: the property would be empty if nothing was sent."""

    def make_engine(self) -> Engine:
        self.context = serving()
        self.server = self.run(self.context.__aenter__())
        return RemoteEngine([endpoints.parse(self.server.url)], Settings(), None)

    def asked(self) -> str:
        return self.server.raw

    def teardown(self) -> None:
        SentTree.prompts += len(self.server.prompts())
        self.run(self.session.close())
        self.run(self.context.__aexit__(None, None, None))
        super().teardown()


@pytest.mark.parametrize(
    ("tree", "where"), [(Tree, "prompts, reads, logs"), (SentTree, "what a remote engine is sent")]
)
def test_excluded_bytes(campaign: Campaign, tree: type[Tree], where: str) -> None:
    examples, steps = campaign.size(300, 15), 50
    logging.getLogger("copilot_lsp").setLevel(logging.INFO)
    run_state_machine_as_test(
        seed(campaign.seed)(tree),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    campaign.report(f"bytes of excluded files in {where}", f"none in {examples} random trees, {steps} steps each")
