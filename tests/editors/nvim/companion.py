"""A Neovim for the journeys that another editor leads.

    companion.py NVIM SETUP FILE TEXT

FILE with TEXT is open in it; SETUP is Lua, as for `nvim_driver.running`. Each line of the input is a call of `CALLS` as
JSON, [name, argument...]; its result comes back as a line. It ends with its input, or when Neovim has been killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from nvim_driver import Nvim, running


def ghost(nvim: Nvim) -> str:
    return nvim.screen().ghost


def kill(nvim: Nvim) -> None:
    """Without a chance to say good-bye to its server."""
    pid = nvim.lua("vim.fn.getpid()")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    nvim.wait("its end", lambda: not nvim.listens())


CALLS: dict[str, Callable[..., object]] = {
    "command": Nvim.command,
    "ghost": ghost,
    "keep": Nvim.keep,
    "keys": Nvim.keys,
    "kill": kill,
    "lines": Nvim.lines,
    "lua": Nvim.lua,
    "saved": Nvim.saved,
    "screen": lambda nvim: nvim.screen().text,
    "type": Nvim.type,
}


def main() -> None:
    program, setup, file, text = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with its terminal
    with running(Path(program), "companion", setup, file, text) as nvim:
        print("null", flush=True)
        for line in sys.stdin:
            name, *arguments = json.loads(line)
            print(json.dumps(CALLS[name](nvim, *arguments)), flush=True)
            if name == "kill":
                return


if __name__ == "__main__":
    main()
