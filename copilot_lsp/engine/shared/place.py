"""Where a shared engine is found: file names, the private folder, and the card."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from copilot_lsp import folders
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.shared.identity import host_of, name_of

LONGEST_SOCKET = 100
"""Bytes of a Unix socket's path: Linux takes 107, macOS 103."""


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """`tcp`: a port on the loopback interface instead of a Unix socket, for Windows."""

    folder: Path
    name: str
    tcp: bool = os.name == "nt"

    @property
    def socket(self) -> Path:
        return self.folder / f"{self.name}.sock"

    @property
    def card(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def lock(self) -> Path:
        """Held while an engine is started."""
        return self.folder / f"{self.name}.lock"

    @property
    def log(self) -> Path:
        """What the hub writes to standard error."""
        return self.folder / f"{self.name}.log"

    def clear(self) -> None:
        """Make the engine undiscoverable."""
        self.card.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Card:
    """What a client needs to connect to the hub. `port` 0: it listens on the socket."""

    pid: int
    port: int
    token: str


def place_of(start: wire.Start, program: Sequence[str], folder: Path | None = None) -> Rendezvous:
    """The place of the engine that `program` would be, with a folder for it.

    Raises OSError where the model is not there or the folder cannot be the user's own.
    """
    folder = folder or folders.runtime()
    place = Rendezvous(folder, name_of(start, program, Path(start.model), host_of(folder)))
    if len(os.fsencode(place.socket)) > LONGEST_SOCKET and not place.tcp:
        raise OSError(f"the path of the folder {folder} is too long for a socket")
    make_private(folder)
    return place


def make_private(folder: Path) -> None:
    """Makes the folder, which only its owner may enter; raises OSError where that is somebody else.

    On Windows, folders below the user's profile are private.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "nt":
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is not a folder of your own")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def write_card(place: Rendezvous, card: Card) -> None:
    """Whole or not at all, and readable for its owner only."""
    written = place.card.with_suffix(f".{card.pid}")
    written.touch(0o600)
    written.write_text(json.dumps(astuple(card)))
    written.replace(place.card)


def read_card(place: Rendezvous) -> Card | None:
    """None when there is none, or none of ours."""
    try:
        pid, port, token = json.loads(place.card.read_text("ascii"))
        bytes.fromhex(token)
        return Card(int(pid), int(port), token)
    except (OSError, TypeError, ValueError):
        return None
