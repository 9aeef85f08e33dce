"""lsprotocol without the methods that nobody calls still reads messages and tells values apart."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json
import attrs
from copilot_lsp.server import lean

define = attrs.define
lean.load()
assert attrs.define is define, "the import is over"
from lsprotocol import types
from copilot_lsp.server.reading import converter

@attrs.define
class Other:
    x: int

params = {"textDocument": {"uri": "file:///a"}, "position": {"line": 1, "character": 2}}
read = converter().structure(params, types.InlineCompletionParams)
print(json.dumps({
    "lean": types.TextEdit.__eq__ is object.__eq__ and types.TextEdit.__repr__ is object.__repr__,
    "read": read.position == types.Position(1, 2),
    "written": converter().unstructure(types.Range(read.position, read.position))["end"],
    "others": Other(1) == Other(1),
}))
"""


def test_lsprotocol_loses_nothing_that_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    position = {"line": 1, "character": 2}
    assert json.loads(done.stdout) == {"lean": True, "read": True, "written": position, "others": True}
