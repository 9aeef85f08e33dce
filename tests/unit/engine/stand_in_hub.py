"""The hub's process with the stand-in for the engine: `stand_in_hub.py LINGER HUB [what is wrong...]`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared import process
from copilot_lsp.engine.shared.place import Rendezvous

linger, _, *wrong = sys.argv[1:]
start = wire.decode(sys.stdin.buffer.readline())
assert isinstance(start, wire.Start)
folder, name, tcp = json.loads(sys.stdin.buffer.readline())
command = (sys.executable, str(Path(__file__).with_name("stand_in.py")), *wrong)
engine = LocalEngine(Path(start.model), process.settings_of(start), command=command)
asyncio.run(process.serve(engine, Rendezvous(Path(folder), name, tcp), float(linger)))
