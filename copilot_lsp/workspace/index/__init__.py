"""What is known of the workspace's files: symbols, imports, windows of lines, kept in one SQLite file."""
