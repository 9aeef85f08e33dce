"""This machine's Python, packed like the archives of scripts/python-builds.json: those cannot be had everywhere.

own_python.py ARCHIVE
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

ABSENT = {"__pycache__", "site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3"}


def pack(archive: Path) -> Path:
    """`python/bin/python3` and its library, which runs from wherever it is unpacked."""
    base, version = Path(sys.base_prefix), f"python{sys.version_info[0]}.{sys.version_info[1]}"
    with tarfile.open(archive, "w:gz", compresslevel=1) as target:
        target.add(Path(sys.executable).resolve(), "python/bin/python3")
        target.add(base / "lib" / version, f"python/lib/{version}", filter=_wanted)
        for library in sorted((base / "lib").glob("libpython*.so*")):
            target.add(library, f"python/lib/{library.name}")
    return archive


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    return None if name in ABSENT or name.endswith(".a") else member


if __name__ == "__main__":
    print(pack(Path(sys.argv[1])))
