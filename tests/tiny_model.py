"""The smallest file that passes for a model, and wheels with it or its pieces in them."""

from __future__ import annotations

import zipfile
from pathlib import Path

GGUF = b"GGUF\x03\0\0\0" + bytes(16) + bytes(range(256)) * 1024
"""No metadata, no tensors, and 256 KiB of anything: several pieces over any connection."""

PIECES = (GGUF[:100_000], GGUF[100_000:200_000], GGUF[200_000:])
MEMBER = "tiny_model/tiny.gguf"


def write_wheel(folder: Path, data: bytes, member: str = MEMBER, package: str = "tiny_model") -> None:
    folder.mkdir(exist_ok=True)
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, data)
        name = package.replace("_", "-")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def put(path: Path, data: bytes = GGUF) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
