"""`copilot-lsp tune`: which model and which settings suit this machine, measured."""
