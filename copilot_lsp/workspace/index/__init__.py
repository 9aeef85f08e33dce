"""The index of the workspace's files: symbols, imports and windows of lines in one SQLite file."""
