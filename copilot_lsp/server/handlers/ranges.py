"""Conversion between byte offsets and the client's positions."""

from __future__ import annotations

from lsprotocol import types

from copilot_lsp.server.session import Session
from copilot_lsp.source.document import Snapshot


def offset_at(session: Session, snapshot: Snapshot, position: types.Position) -> int:
    return snapshot.text.offset_at(position.line, position.character, session.encoding)


def as_range(session: Session, snapshot: Snapshot, start: int, end: int) -> types.Range:
    first, last = (snapshot.text.position_at(offset, session.encoding) for offset in (start, end))
    return types.Range(types.Position(*first), types.Position(*last))
