"""Damaged GGUF files: each is refused with one line, or it runs; the server's process is never touched.

Files that the reader lets through go to a real engine process with llama.cpp. A crash there is allowed (it is what the
process is for), a crash here or a message of several lines is not.
"""

from __future__ import annotations

import asyncio
import random
import struct
from collections import Counter
from pathlib import Path

import tiny_gguf
from campaign import Campaign

from copilot_lsp.engine.base import EngineState
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.errors import EngineFailed, ModelCorrupt
from copilot_lsp.models import gguf
from copilot_lsp.settings import Settings

MADE = tiny_gguf.make()
EDGES = (0, 1, 2, 7, 8, 9, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1)


def damaged(rng: random.Random) -> bytes:
    """One to three things wrong: a number of the header, a bit of it, bytes lost or put in, an end too early."""
    data = bytearray(MADE.data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        rng.choice([_number, _number, _number, _bits, _moved, _cut])(data, rng)
    return bytes(data)


def _number(data: bytearray, rng: random.Random) -> None:
    field = rng.choice(MADE.fields)
    size = struct.calcsize(field.layout)
    (old,) = struct.unpack_from(f"<{'BBHHIIIIQ'[size]}", MADE.data, field.position)
    value = rng.choice([*EDGES, old + 1, max(0, old - 1), old * 2, rng.getrandbits(8 * size)])
    data[field.position : field.position + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")


def _bits(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(min(MADE.data_start, len(data)))] ^= 1 << rng.randrange(8)


def _moved(data: bytearray, rng: random.Random) -> None:
    at, count = rng.randrange(MADE.data_start), rng.randint(1, 64)
    if rng.random() < 0.5:
        del data[at : at + count]
    else:
        data[at:at] = rng.randbytes(count)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


async def test_damaged_models(campaign: Campaign, tmp_path: Path) -> None:
    count = campaign.size(1000, 25)
    rng = campaign.random("damaged models")
    ends: Counter[str] = Counter()
    for number in range(count):
        path = tmp_path / f"{number}.gguf"
        path.write_bytes(damaged(rng))
        ends[await end_of(path)] += 1
        path.unlink()
    shown = ", ".join(f"{number} {end}" for end, number in ends.most_common())
    campaign.report("mutated GGUF files", f"{count}: {shown}")
    assert sum(ends.values()) == count


async def end_of(path: Path) -> str:
    try:
        gguf.read(path)
    except ModelCorrupt as error:
        check_line(str(error), path)
        return "refused by the reader"
    engine = LocalEngine(path, Settings())
    try:
        await engine.start()
        await asyncio.wait_for(engine.ready(), 120)
    except EngineFailed as error:
        check_line(str(error), path)
        crashed = "within a minute" in str(error)
        return "crashed the engine process" if crashed else "refused by llama.cpp"
    finally:
        await engine.close()
    assert engine.status.state is EngineState.STOPPED
    return "loaded"


def check_line(message: str, path: Path) -> None:
    assert message.isprintable(), message
    assert 10 < len(message) < len(str(path)) + 300, message
