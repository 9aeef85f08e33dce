"""Makes the modules of this folder importable from every tier of tests, and the user's own settings unseen."""

import os
import tempfile

os.environ["COPILOT_LSP_CONFIG_DIR"] = tempfile.mkdtemp(prefix="copilot-lsp-test-")
SECTIONS = tuple(f"COPILOT_LSP_{section}_" for section in ("COMPLETION", "ENGINE", "REMOTE"))
for name in [name for name in os.environ if name.startswith(SECTIONS)]:
    del os.environ[name]

os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="run-")
# Nothing is shared with the user's windows, nor with another run. A socket's path must be short.

if os.environ.get("COPILOT_LSP_TEST_SHARED") == "0":
    os.environ["COPILOT_LSP_ENGINE_SHARED"] = "false"
    # Every server has an engine of its own: the tests have to pass in this way too.
