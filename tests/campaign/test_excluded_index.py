"""No byte of an excluded file reaches the index, a prompt, a completion or a log by way of the server's index.

The trees of `test_excluded_bytes`, with an index process that follows them and documents that name all there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from campaign import Campaign
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from test_excluded_bytes import NAMES, Tree

from copilot_lsp import folders
from copilot_lsp.completion import scheduler
from copilot_lsp.completion.query import Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.fake import FakeEngine
from copilot_lsp.server import knowledge
from copilot_lsp.settings import ContextSettings, Settings
from copilot_lsp.source.document import Edit, Snapshot
from copilot_lsp.workspace.index import store

SECONDS = 60


class Echo(FakeEngine):
    """Writes down what it was shown of other files, as a model might."""

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        self.requests.append(request)
        await self.ready()
        shown = "_".join(chunk.text.split("(")[0].split()[-1] for chunk in request.chunks)
        if request.limits.max_tokens:
            yield Piece(f"seen_{shown}", Done(FinishReason.CANCELLED, confidence=0.9))
        yield Done(FinishReason.EOG if request.limits.max_tokens else FinishReason.TOKENS, confidence=0.9)


class Indexed(Tree):
    settings = Settings(context=ContextSettings(index=True))

    def __init__(self) -> None:
        super().__init__()
        self.asks = 0
        self.engine: FakeEngine = Echo()
        self.session.completer.use(self.settings, self.engine)
        self.run(self.engine.start())

    @initialize(names=st.lists(NAMES, min_size=4, max_size=8))
    def open_folder(self, names: list[str]) -> None:
        for name in ("app.py", *names):
            self.put(name)

        async def begin() -> None:
            self.session.set_roots((self.root.as_uri(),))

        self.run(begin())
        assert self.shown(inform=True), "nothing is shown: this would test nothing"

    def configure_session(self, sent: dict[str, object]) -> None:
        async def configure() -> None:
            self.session.configure(sent)

        self.run(configure())

    def source(self, mark: str) -> str:
        return f"def {mark}(): ...\n\n\nshared_name(other_name, {mark})\nx = "

    @rule(inform=st.booleans())
    def ask(self, inform: bool) -> None:
        """At a place that names everything: what comes of it is in no file that is excluded."""
        self.shown(inform)

    def shown(self, inform: bool) -> str:
        """The text of other files in the prompts. `inform`: the client tells of the files that changed."""
        if inform:
            self.run(self.index_anew())
        uri = (self.root / "asking.py").as_uri()
        text = f"shared_name(other_name, {', '.join(self.marks)})\n\n\nx{self.asks // 2} = "
        self.asks += 1
        asked = len(self.engine.requests)
        texts = self.run(self.completions(uri, text))
        for request in self.engine.requests[asked:]:
            for chunk in request.chunks:
                assert not self.is_excluded(Path(chunk.source), reading=True), f"{chunk.source} was shown"
        chunks = "".join(chunk.text for request in self.engine.requests[asked:] for chunk in request.chunks)
        assert not inform or not self.of(chunks + "".join(texts)) & self.forbidden()
        assert not any(self.of(record) for record in self.records)
        return chunks

    @rule()
    def look_into_the_index(self) -> None:
        self.run(self.index_anew())
        index = store.file_of(tuple(self.session.gate.roots))
        held = b"".join(path.read_bytes() for path in index.parent.glob(f"{index.name}*")).decode("latin-1")
        assert not self.of(held) & self.forbidden()

    async def completions(self, uri: str, text: str) -> list[str]:
        """Before and after a pause in which something may be chosen."""
        found = []
        self.session.open(uri, "python", 1, text)
        for number, more in enumerate(("", "1 + ", "2 * ")):
            source = text + more
            self.session.change(uri, [Edit(None, None, source, "utf-8")], number + 2)
            snapshot = self.session.snapshot(uri)
            assert isinstance(snapshot, Snapshot)
            answer = await self.session.complete(Query(snapshot, len(source), Trigger.INVOKED))
            found += [completion.text for completion in answer.completions]
            await self.pause(uri)
        self.session.close_document(uri)
        return found

    async def pause(self, uri: str) -> None:
        """Until what is done while nobody types is done."""
        document = self.session.completer._scheduler._document(uri)
        for _ in range(SECONDS * 200):
            await asyncio.sleep(0.005)
            choosing = document.choosing is not None and not document.choosing.done()
            if document.rest is None and document.run is None and not choosing:
                return

    async def index_anew(self) -> None:
        """As after what a client tells of files that changed; twice: an answer may be on its way already."""
        process = self.session.knowledge._process
        for _ in range(2):
            process.status = replace(process.status, state="indexing")
            process.settled.clear()
            self.session.touched([(self.root / ".gitignore").as_uri()])
            await asyncio.wait_for(process.settled.wait(), SECONDS)

    def forbidden(self) -> set[str]:
        """Marks that only excluded files have."""
        texts: dict[bool, str] = {True: "", False: ""}
        for path in self.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                texts[self.is_excluded(path, reading=True)] += path.read_text()
        return self.of(texts[True]) - self.of(texts[False])


def test_excluded_files_in_the_index(campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, steps = campaign.size(60, 4), 25
    logging.getLogger("copilot_lsp").setLevel(logging.INFO)
    monkeypatch.setattr(folders, "cache", lambda: tmp_path)
    monkeypatch.setattr(knowledge, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(scheduler, "REST_SECONDS", 0.0)
    assert store.file_of(()).is_relative_to(tmp_path)
    run_state_machine_as_test(
        seed(campaign.seed)(Indexed),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate,),  # each example starts a process: shrinking would take hours
            suppress_health_check=list(HealthCheck),
        ),
    )
    campaign.report(
        "bytes of excluded files in the index, and by way of it", f"none in {examples} random trees, {steps} steps each"
    )
