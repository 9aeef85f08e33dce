"""Golden files: one case a file, with a source that has a cursor in it, and what is expected of it.

    python · line
    Why this case is here.
    --- source
    print(‸)
    --- model
    name)
    --- shown
    print(«name»)

`UPDATE_GOLDENS=1 pytest ...` rewrites the last section of each with what the code does now: read the diff.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent / "goldens"
UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"


@dataclass(frozen=True, slots=True)
class Golden:
    """`head` is what the first line says, without ` · ` between; the last of `sections` is the expected one."""

    path: Path
    head: tuple[str, ...]
    why: str
    sections: dict[str, str]

    def check(self, name: str, got: str) -> None:
        """Compares, or rewrites the file when asked to."""
        if UPDATE:
            write(replace(self, sections={**self.sections, name: got}))
        else:
            assert got == self.sections.get(name), f"{self.path}\n{got}"


def all_of(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.txt"))


def name_of(path: Path) -> str:
    return "/".join(path.with_suffix("").parts[-2:])


def read(path: Path) -> Golden:
    # Bytes, because reading as text would change the line ends that some cases are about.
    head, *sections = re.split(r"^--- (\w+)\n", path.read_bytes().decode(), flags=re.MULTILINE)
    first, _, why = head.partition("\n")
    pairs = zip(sections[::2], sections[1::2], strict=True)
    return Golden(path, tuple(first.split(" · ")), why.strip(), {name: body.removesuffix("\n") for name, body in pairs})


def write(golden: Golden) -> None:
    head = [" · ".join(golden.head), *([golden.why] if golden.why else [])]
    sections = (f"--- {name}\n{body}" for name, body in golden.sections.items())
    golden.path.write_bytes("\n".join([*head, *sections, ""]).encode())
