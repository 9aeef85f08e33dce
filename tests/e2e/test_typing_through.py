"""No suggestion of the real model vanishes while it is typed: every key is answered, or comes before the answer."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from copilot_lsp.evaluation.typing.assistant import Offer, Scene
from copilot_lsp.evaluation.typing.language_server import LanguageServer, Served, serve_command
from copilot_lsp.evaluation.typing.page import Page
from copilot_lsp.evaluation.typing.places import Place, Size, places_of
from copilot_lsp.evaluation.typing.screen import Fate, Screen, Seen
from copilot_lsp.evaluation.typing.session import closed, inserted
from copilot_lsp.evaluation.typing.workspace import Workspace

SOURCE = '''"""Rectangles."""


def area(width, height):
    """Of a rectangle whose sides are given in the same unit."""
    product = width * height
    return abs(product)


SMALLEST = min(area(1, 1), area(2, 2))
'''

ANSWER_SECONDS = 60.0
IMPATIENT = 5
"""Each so-manieth key does not wait for the answer to the one before."""


async def typed(place: Place, server: LanguageServer) -> list[Seen]:
    screen, page, answered = Screen(), Page(place), asyncio.Event()
    change = 0

    def hear(offer: Offer) -> None:
        if offer.change == change:
            screen.offered(offer, page, 0.0, 0.0)
            if offer.final:
                answered.set()

    server.listen(hear)
    await server.enter(Scene(place, page.left, page.right, change))
    while not page.is_done:
        if change % IMPATIENT:
            async with asyncio.timeout(ANSWER_SECONDS):
                await answered.wait()
        old, page = page, page.typed()
        screen.typed(inserted(old, page), closed(old, page))
        change += 1
        answered.clear()
        server.changed(Scene(place, page.left, page.right, change))
    screen.leave()
    await server.leave()
    return screen.seen


async def test_what_is_shown_stays_while_it_is_typed(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "shapes.py").write_text(SOURCE, "utf-8")
    server = LanguageServer(
        Served("ours", serve_command(sys.executable, "default"), {"completion": {"confidence": 0.2}}),
        Workspace(folder, tmp_path / "typed"),
    )
    seen: list[Seen] = []
    try:
        await server.start()
        assert server._status["notShared"] == "engine.shared is off"
        for place in places_of("shapes.py", "python", SOURCE, Size(30, 500)):
            seen += await typed(place, server)
    finally:
        await server.close()
    assert any(each.fate is Fate.TYPED for each in seen)
    assert [each for each in seen if each.fate in (Fate.VANISHED, Fate.FLICKERED)] == []
