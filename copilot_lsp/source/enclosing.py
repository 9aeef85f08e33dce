"""What is open at the cursor: brackets, strings and interpolations."""

from __future__ import annotations

from copilot_lsp.source.brackets import Frame, Frames, Kind, scan, text_frame
from copilot_lsp.source.regions import literal_start
from copilot_lsp.source.site import Site, normalised
from copilot_lsp.source.strings import text_of


def frames_at(site: Site) -> Frames:
    """What the cursor's line leaves open left of the cursor, with the strings and comments that began above it."""
    tree = site.snapshot.tree
    line = site.offset - len(site.left.encode())
    start = literal_start(tree, site.language, line) if tree is not None else None
    if start is None:
        return scan(site.left, site.language).frames
    above = normalised(site.snapshot.text.data[start:line])
    around = scan(above, site.language).frames
    if not around:  # a here-document: nothing on its own lines says that it is one
        around = (Frame(Kind.STRING, "", 0, text_of(site.language)),)
    return scan(site.left, site.language, around).frames


def closed_by(right: str, language: str, frames: Frames) -> Frames:
    """Those of `frames` that the rest of the line closes.

    A quote that leaves the line in a string begins that one: `"a| + "b"`. Where the string at the cursor is not closed
    on its line, what follows is no text of it: `f("(a|))`.
    """
    found = scan(right, language, frames)
    begins = any(frame.kind is Kind.STRING for frame in found.own)
    around = text_frame(found.frames[: found.kept])
    open_string = around is not None and around.quote is not None and not around.quote.spans
    left_out = {Kind.STRING} if begins else {Kind.LOOSE} if open_string else set()
    closed = (frames[depth] for _, depth in found.closings)
    return tuple(frame for frame in closed if frame.kind not in left_out)
