"""Rounds an exported model to four bits, so that the errors make up for each other (`copilot_lsp/models/rounding/`).

python -m training.round MODEL.gguf --to COPY.gguf [--type IQ4_NL]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from copilot_lsp.errors import CopilotLspError
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.models.rounding.blocks import IQ4_NL
from copilot_lsp.tuning import bench, calibration
from copilot_lsp.tuning.fourbits import TYPES

GRIDS = {grid.name: grid for grid in TYPES}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--type", choices=GRIDS, default=IQ4_NL.name)
    options = parser.parse_args(arguments)
    with bench.opened(options.model) as loaded:
        text = loaded.tokens(calibration.holes())
    for share in rounding.write(options.model, options.to, text, GRIDS[options.type]):
        print(f"{share:.0%}", end="\r", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, CopilotLspError) as error:
        sys.exit(f"error: {error}")
