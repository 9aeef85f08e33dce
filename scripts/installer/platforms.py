"""Whether a wheel is for this machine: the last part of its name, as PEP 425 and PEP 600 have it."""

from __future__ import annotations

import os
import platform
import re
import sys


def runs(wheel: str) -> bool:
    """`wheel`: a file name such as `llama_cpp_python-0.3.36-py3-none-manylinux_2_34_x86_64.whl`."""
    return any(_fits(tag) for tag in wheel.removesuffix(".whl").rpartition("-")[2].split("."))


def _fits(tag: str) -> bool:
    if tag == "any":
        return True
    if linux := re.fullmatch(r"manylinux_(\d+)_(\d+)_(\w+)", tag):
        return _machine() == linux[3] and _glibc() >= (int(linux[1]), int(linux[2]))
    if mac := re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag):
        fits = sys.platform == "darwin" and _machine() == mac[3]
        return fits and _version(platform.mac_ver()[0]) >= (int(mac[1]), int(mac[2]))
    system = {"linux": "linux", "win32": "win"}.get(sys.platform)
    return tag == f"{system}_{_machine()}"


def _machine() -> str:
    """As wheels spell it. The processor's: a 32-bit Python on a 64-bit one is taken for nothing that we have."""
    name = platform.machine().lower()
    return name if sys.maxsize > 2**32 else f"{name}-32"


def _glibc() -> tuple[int, ...]:
    """(0,) where the C library is another one."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        return (0,)
    return _version(version) if name == "glibc" else (0,)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit()) or (0,)
