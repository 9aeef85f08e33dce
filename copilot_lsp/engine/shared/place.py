"""Where a shared engine is found: file names, the private folder, and the card."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import uuid
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

from copilot_lsp import __version__, folders
from copilot_lsp.engine.local import wire

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
    model = Path(start.model).resolve()
    same = replace(start, model=str(model), context=replace(start.context, index=False))
    place = Rendezvous(folder, name_of(same, program, model.stat(), host_of(folder)))
    if len(os.fsencode(place.socket)) > LONGEST_SOCKET and not place.tcp:
        raise OSError(f"the path of the folder {folder} is too long for a socket")
    make_private(folder)
    return place


def name_of(start: wire.Start, program: Sequence[str], file: os.stat_result, host: str) -> str:
    """The same for the same version of us, started the same way, with the same model file and the same settings."""
    identity = [__version__, list(program), asdict(start), file.st_size, file.st_mtime_ns, host]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


def host_of(folder: Path) -> str:
    """Who can meet in `folder`: "" for the session's own folder, which no other machine sees.

    A home folder may be on a network share, or mounted in several containers.
    """
    session = folders.session()
    return "" if session and folder.is_relative_to(session) else this_system()


def this_system() -> str:
    """Differs between machines that were copied from one image, and between the containers of one machine.

    Linux tells the machine by the kernel's boot id. Other systems have the address of a network card, or else a random
    number, with which nothing is shared.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        return f"{boot.read_text('ascii').strip()} {os.uname().nodename}"
    return f"{uuid.getnode():x}"


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
