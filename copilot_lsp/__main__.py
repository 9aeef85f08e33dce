"""`python -m copilot_lsp`."""

import sys

from copilot_lsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
