"""Puts the Neovim plugin at the root of a branch: plugin managers take whole repositories, not a folder of one.

    python scripts/nvim_repo.py [--branch nvim] [--message TEXT]

The branch has editors/nvim, the licence, and what `:CopilotLsp install` needs (install.py), as of HEAD. Its history is
its own: one commit each time that something changed. Publish it with `git push ORIGIN nvim`; a plugin manager is then
told `branch = "nvim"`. The work tree and the current branch are left alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import bundle

ROOT = Path(__file__).resolve().parent.parent


def git(*arguments: str | Path, tree: Path | None = None, index: Path | None = None) -> str:
    """Standard output without its last line end. Raises CalledProcessError."""
    command = ["git", "-C", str(ROOT), *([f"--work-tree={tree}"] if tree else []), *map(str, arguments)]
    environment = {**os.environ, **({"GIT_INDEX_FILE": str(index)} if index else {})}
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout.strip()


def plugin(folder: Path) -> None:
    """Writes the plugin's files as they are in the work tree."""
    for name in git("ls-files", "editors/nvim").splitlines():
        target = folder / Path(name).relative_to("editors/nvim")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    shutil.copy(ROOT / "LICENSE", folder)
    (folder / "install").mkdir()
    bundle.carry_installer(folder / "install")


def commit(folder: Path, index: Path, branch: str, message: str) -> str:
    """The branch's head afterwards; the same as before when nothing changed."""
    git("add", "--all", "--force", ".", tree=folder, index=index)
    tree = git("write-tree", index=index)
    before = git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
    if before and git("rev-parse", f"{before}^{{tree}}") == tree:
        return before
    head = git("commit-tree", tree, *(["-p", before] if before else []), "-m", message)
    git("update-ref", f"refs/heads/{branch}", head, before or "0" * 40)
    return head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--branch", default="nvim")
    parser.add_argument("--message", default=f"copilot-lsp {git('describe', '--always', '--dirty')}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work, "plugin")
        folder.mkdir()
        plugin(folder)
        head = commit(folder, Path(work, "index"), arguments.branch, arguments.message)
    print(f"{arguments.branch} is at {head[:12]}; publish it with: git push origin {arguments.branch}")


if __name__ == "__main__":
    main()
