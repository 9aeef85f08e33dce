"""The first file of the engine process: `python -I launch.py ROOT [FOLDER...]`.

Isolated (-I), Python takes neither the current folder nor PYTHONPATH: a `numpy.py` in the user's project must not
come between us and numpy. What the server was found with is told explicitly: ROOT holds `copilot_lsp`, which may be
a working tree beside an installed version; the FOLDERs hold packages where this interpreter does not look by itself.
"""

from __future__ import annotations

import sys


def main() -> None:
    root, *folders = sys.argv[1:]
    sys.path += [folder for folder in (*folders, root) if folder not in sys.path]
    sys.path.insert(0, root)
    import copilot_lsp  # noqa: F401 -- this one, whatever else is installed

    del sys.path[0]
    from copilot_lsp.engine.local import worker

    worker.main()


if __name__ == "__main__":
    main()
