"""`copilot-lsp tune`: measure and choose the model and settings for this machine."""
