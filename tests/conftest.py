"""Makes the modules of this folder importable from every tier of tests, and the user's own settings unseen."""

import os
import tempfile

os.environ["COPILOT_LSP_CONFIG_DIR"] = tempfile.mkdtemp(prefix="copilot-lsp-test-")
for name in [name for name in os.environ if name.startswith(("COPILOT_LSP_COMPLETION_", "COPILOT_LSP_ENGINE_"))]:
    del os.environ[name]
