"""Installs the server into an environment of its own: `python install.py FOLDER SERVER`. For editors' plugins.

FOLDER is made anew. SERVER: its wheel, or a name and version on the package index such as `copilot-lsp==0.1.0`.
What it does goes to standard output, a line at a time. Exit code 0: the server in FOLDER has generated text on this
machine. Exit code 1: it could not be done; the last line of standard error says why, and FOLDER is gone. The way to a
llama.cpp is that of `scripts/setup.py`: see installer/wheels.py.

Needs Python 3.11 and nothing else. Carry along: this file, installer/, llama-wheels.toml, llama-build/ and, where there
is one, our wheel of llama-cpp-python in llama-wheels/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # python -I does not

from installer import server, steps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("server")
    arguments = parser.parse_args()
    if arguments.server.endswith(".whl") and not Path(arguments.server).is_file():
        parser.error(f"{arguments.server} is not a file")
    try:
        server.install(arguments.folder.resolve(), arguments.server)
    except KeyboardInterrupt:
        return 130
    except (steps.Failed, OSError) as failure:
        steps.end("install", failure)
    steps.say("Ready.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
