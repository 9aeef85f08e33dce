"""The state of one client's connection: its documents, its settings, its completer. Knows no LSP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_lsp import config
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Answer, Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine, EngineState, EngineStatus
from copilot_lsp.server import cells, power
from copilot_lsp.server.knowledge import Knowledge
from copilot_lsp.server.sources import Files, Profile, Sources
from copilot_lsp.server.statistics import Recorder
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Document, Edit, Snapshot
from copilot_lsp.source.languages import UNKNOWN, is_listed, language_of, language_of_path
from copilot_lsp.source.text import PositionEncoding
from copilot_lsp.workspace.ignore import Exclusion, Gate
from copilot_lsp.workspace.uris import file_of, name_of, path_of

logger = logging.getLogger(__name__)

LOADING = (EngineState.STARTING, EngineState.RESTARTING)


@dataclass(frozen=True, slots=True)
class Last:
    """The outcome of the last request; `silence` None: something was shown."""

    uri: str = ""
    silence: Silence | None = None
    milliseconds: float | None = None


class Session:
    """`base` holds the settings that `engine` was made for, `model` the one the command line insists on, if any;
    `files` as `Sources` says. `make_engine` never raises. `changed` is called, on the event loop, when the status may
    be different. `declined`: hosts to which the user wants nothing sent.
    """

    def __init__(
        self,
        engine: Engine,
        make_engine: Callable[[Settings], Engine],
        base: Settings,
        model: str | None = None,
        files: Files | None = None,
    ) -> None:
        self.options = Sources(base, files, model)
        self.settings = base
        self.encoding: PositionEncoding = "utf-16"
        self.roots: tuple[str, ...] = ()
        self.focused = ""
        self.last = Last()
        self.profile = Profile()
        self.recorder = Recorder()
        self.on_battery = power.battery()
        self.waiting = 0
        self.declined: set[str] = set()
        self.loaded = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None
        self.completer = Completer(engine, base)
        self.notebooks = cells.Notebooks()
        self._documents: dict[str, Document] = {}
        self._read: set[str] = set()
        self.knowledge = Knowledge(lambda: self.gate, self._documents.values, lambda: self.changed())
        self._make_engine = make_engine
        self.updating = asyncio.Lock()
        self._closed = False
        self._made_for = _engine_part(base)
        self._gate: tuple[object, Gate] | None = None
        self._watch(engine)

    @property
    def engine(self) -> Engine:
        return self.completer.engine

    def open(self, uri: str, language: str, version: int, source: str) -> None:
        path = name_of(uri, self.roots)
        known = language if language_of(language) is not UNKNOWN else language_of_path(path) or language
        document = Document.open(uri, path, known, version, source, self.settings.max_parse_bytes)
        document.called = language
        self._documents[uri] = document
        self.knowledge.edited(uri)

    def change(self, uri: str, edits: Sequence[Edit], version: int) -> None:
        if (document := self._documents.get(uri)) is not None:
            document.apply(edits, version)
            self.knowledge.edited(uri)

    def close_document(self, uri: str) -> None:
        self._documents.pop(uri, None)
        self.completer.forget(uri)
        self.knowledge.edited(uri)

    def close_notebook(self, uri: str) -> None:
        """Close the notebook; its cells are closed as documents."""
        self.notebooks.close(uri)
        self.completer.forget(uri)

    def set_roots(self, roots: tuple[str, ...]) -> None:
        """Set the workspace folders (URIs). They determine the paths of documents, and so which are excluded."""
        self.roots = roots
        for uri, document in self._documents.items():
            document.path = name_of(uri, roots)
        self._forget_refused()
        self.changed()

    def _forget_refused(self) -> None:
        """Drop and stop everything generated for or with documents that are now excluded."""
        excluded = {uri for uri in self._read if self.exclusion(uri)}
        for uri in self._documents:
            if excluded or self.refusal(uri):
                self.completer.forget(uri)
                if notebook := self.notebooks.around(uri).notebook:
                    self.completer.forget(notebook)
        if excluded:  # Another document's prompt may hold text of this one: the engine forgets them all.
            self._read -= excluded
            self.engine.forget()
            self.completer.clear()
        self.index()

    def index(self) -> None:
        """Update the index for the current folders and settings."""
        self.completer.show(self.knowledge if self.knowledge.use(self.settings) else None)

    def touched(self, uris: Sequence[str]) -> None:
        """Handle changed files and folders on disk; newly excluded files are dropped at once."""
        if self.knowledge.touched(uris):
            self._forget_refused()

    def focus(self, uri: str) -> None:
        self.focused = uri
        self.changed()

    def refusal(self, uri: str) -> Silence | None:
        """Why this document is never completed, or None."""
        settings = self.settings
        if not settings.enabled:
            return Silence(Reason.DISABLED)
        if (document := self._documents.get(uri)) is None:
            return Silence(Reason.NOT_OPEN)
        if exclusion := self.exclusion(uri):
            return Silence(Reason.EXCLUDED_FILE, str(exclusion))
        if is_listed(settings.disabled_languages, document.called, document.language):
            return Silence(Reason.DISABLED_LANGUAGE, document.called or document.language)
        return None

    @property
    def gate(self) -> Gate:
        """The gate for the current folders and settings."""
        made_for = (self.roots, self.settings.exclude, self.settings.include)
        if self._gate is None or self._gate[0] != made_for:
            folders = [folder for root in self.roots if (folder := file_of(root))]
            self._gate = made_for, Gate(folders, self.settings.exclude, self.settings.include)
        return self._gate[1]

    def exclusion(self, uri: str) -> Exclusion | None:
        """Why this document is excluded: by its own name, or by the target of a symbolic link.

        Cells are excluded with their notebook.
        """
        notebook = self.notebooks.around(uri).notebook
        if notebook and path_of(notebook) != path_of(uri) and (exclusion := self.exclusion(notebook)):
            return exclusion
        file = file_of(uri)
        return self.gate.refuses_completion(file) if file else self.gate.refuses_name(name_of(uri, self.roots))

    def snapshot(self, uri: str) -> Snapshot | Silence:
        """The current document, with the cells around it. Excluded documents are not even parsed."""
        if refusal := self.refusal(uri):
            if uri in self._read:
                self._forget_refused()
            return refusal
        self._read.add(uri)
        found, around = self._documents[uri].snapshot(), self.notebooks.around(uri)
        above, below = self._sources(uri, around.above), self._sources(uri, around.below)
        return replace(found, notebook=around.notebook, above=cells.above(above), below=cells.below(below))

    def _sources(self, uri: str, neighbours: Sequence[str]) -> list[bytes]:
        """The text of those cells that are in the same language as the cell `uri` and may be read."""
        language, path = self._documents[uri].language, path_of(uri)
        open = [(cell, self._documents[cell]) for cell in neighbours if cell in self._documents]
        return [
            document.text.data
            for cell, document in open
            if document.language == language and (path_of(cell) == path or not self.exclusion(cell))
        ]

    async def complete(self, query: Query, emit: Callable[[Completion], None] | None = None) -> Answer:
        """As `Completer.complete`; also updates the status."""
        if query.trigger is Trigger.AUTOMATIC and self.settings.completion.on_battery == "manual" and self.on_battery():
            answer = Answer(silence=Silence(Reason.ON_BATTERY))
            self.note(query.snapshot.uri, answer)
            return answer
        self.waiting += 1
        self.changed()
        try:
            answer = await self.completer.complete(query, emit)
        finally:
            self.waiting -= 1
            self.changed()
        self.recorder.answered(query, answer)
        self.note(query.snapshot.uri, answer)
        return answer

    def note(self, uri: str, answer: Answer) -> None:
        """Record the outcome of a request for the status."""
        if answer.silence is not None:
            self.recorder.silent(answer.silence.reason)
        if answer.silence is not None and answer.silence.reason is Reason.SUPERSEDED:
            return
        latency = answer.milliseconds if answer.completions else self.last.milliseconds
        self.last = Last(uri, answer.silence, latency)
        reason = answer.silence.reason if answer.silence else f"{len(answer.completions)} of {answer.source}"
        logger.info("completion: %s, %.0f ms", reason, answer.milliseconds)
        self.changed()

    def configure(self, sent: object, initial: bool = False) -> config.Effective:
        """Apply the options sent by the editor, over the `initial` ones. Call `update_engine` afterwards."""
        self.options.sent[0 if initial else 1] = sent
        return self.reconfigure()

    def reconfigure(self) -> config.Effective:
        """Read the files again and apply the editor's last options over them."""
        resolved, new = self.options.read(self.folders)
        self.profile = Profile(*config.profile.summary()) if self.options.files else Profile()
        old, self.settings = self.settings, new
        self.completer.use(new)
        if old.max_parse_bytes != new.max_parse_bytes:
            self._reopen()
        self._forget_refused()
        self.changed()
        return resolved

    @property
    def folders(self) -> list[Path]:
        """The workspace's, on this machine."""
        return [Path(path_of(uri)) for uri in self.roots if uri.startswith("file:")]

    async def update_engine(self, restart: bool = False) -> None:
        """Replace the engine if the settings require it, or always with `restart`."""
        async with self.updating:
            if not self._closed and (restart or not self.fits()):
                await self.replace_engine(restart)

    def fits(self) -> bool:
        """Whether the engine matches the settings."""
        return self._made_for == _engine_part(self.settings)

    async def replace_engine(self, discard: bool = False) -> None:
        """The caller must hold `updating`."""
        old, self._made_for = self.engine, _engine_part(self.settings)
        engine = self._make_engine(self.settings)
        self.completer.use(self.settings, engine)
        self._watch(engine)
        await engine.start()
        await old.close(discard)
        self._engine_changed(engine, engine.status)

    async def close(self) -> None:
        """End all processes; does nothing the second time."""
        async with self.updating:
            if not self._closed:
                self._closed = True
                await self.knowledge.close()
                await self.completer.close()
                await self.engine.close()

    def _reopen(self) -> None:
        for document in self._documents.values():
            document.limit(self.settings.max_parse_bytes)

    def _watch(self, engine: Engine) -> None:
        engine.subscribe(lambda status: self._engine_changed(engine, status))
        self._engine_changed(engine, engine.status)

    def _engine_changed(self, engine: Engine, status: EngineStatus) -> None:
        if engine is not self.engine:
            return
        if status.state in LOADING:
            self.loaded.clear()
        else:
            self.loaded.set()
        self.changed()


def _engine_part(settings: Settings) -> tuple[object, ...]:
    """What an engine is made for: its budgets are those of the context."""
    return settings.model, settings.engine, replace(settings.context, index=False), settings.remote
