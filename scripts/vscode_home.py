"""Where the project lives, in what is packaged of the VS Code extension: no address is written in the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def manifest(file: Path, repository: str) -> Iterator[None]:
    """While it lasts, `file`, package.json, names the project's home, which a market place shows; "": there is none."""
    before = file.read_text("utf-8")
    issues = f"{repository}/issues"
    home: dict[str, object] = {
        "repository": {"type": "git", "url": f"{repository}.git", "directory": "editors/vscode"},
        "homepage": f"{repository}#readme",
        "bugs": {"url": issues},
        "qna": issues,
    }
    if repository:
        file.write_text(json.dumps({**json.loads(before), **home}, indent=2, ensure_ascii=False) + "\n", "utf-8")
    try:
        yield
    finally:
        file.write_text(before, "utf-8")


def links(repository: str) -> list[str]:
    """Options of vsce, for the README's links, which lead to files that the package does not have."""
    if not repository:
        return ["--allow-missing-repository", "--no-rewrite-relative-links"]
    base = {"Content": "blob", "Images": "raw"}
    return [f"--base{what}Url={repository}/{how}/HEAD/editors/vscode" for what, how in base.items()]
