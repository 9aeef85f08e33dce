"""Continues a request with another engine after one has failed in the middle of its answer."""

from __future__ import annotations

from dataclasses import replace

from copilot_lsp.engine.base import Done, InfillRequest, Piece


class Carried:
    """`take` every item that goes to the caller; `request` is what is left to ask for."""

    def __init__(self, request: InfillRequest) -> None:
        self._first = request
        self._text = ""
        self._now: Done | None = None
        self._before: Done | None = None

    @property
    def request(self) -> InfillRequest:
        """The request for the next engine, which continues after the text shown so far."""
        self._before = self._now
        if not self._text:
            return self._first
        first, limits = self._first, self._first.limits
        lines = self._text.lstrip().count("\n")
        return replace(
            first,
            prefix=first.prefix + self._text,
            anchor=len(first.prefix) if first.anchor is None else first.anchor,
            unwanted=() if self._text.strip() else first.unwanted,
            limits=replace(
                limits,
                max_tokens=max(1, limits.max_tokens - self._generated),
                max_lines=max(1, limits.max_lines - lines) if limits.max_lines else 0,
            ),
        )

    def take(self, item: Piece | Done) -> Piece | Done:
        """The item, adjusted to the whole answer."""
        if isinstance(item, Done):
            return self._whole(item)
        self._text += item.text
        self._now = self._whole(item.so_far)
        return Piece(item.text, self._now)

    @property
    def _generated(self) -> int:
        return self._now.generated if self._now else 0

    def _whole(self, done: Done) -> Done:
        before = self._before
        if before is None:
            return done
        known = [each.confidence for each in (before, done) if each.confidence is not None]
        return replace(
            done,
            evaluated=before.evaluated + done.evaluated,
            reused=before.reused + done.reused,
            generated=before.generated + done.generated,
            first_ms=before.first_ms,
            total_ms=before.total_ms + done.total_ms,
            confidence=(known[0] * known[1] if len(known) == 2 else known[0]) if known else None,
        )
