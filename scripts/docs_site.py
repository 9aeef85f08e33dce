"""The documentation site shows the repository's own Markdown files: a hook of mkdocs.yml.

The pages of docs/ stand at the root of the site, all other ones where they stand in the repository. So a page has one
text, and its links work on a code host as well as on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")
FOLDERS = (
    "editors/*.md",
    "editors/*/README.md",
    "editors/*/images/*",
    "editors/nvim/doc/*.txt",
    "models/*.md",
    "models/registry.toml",
    "*/README.md",
)

LINK = re.compile(r"""(?P<before>\]\(|src=")(?P<target>[^)"#\s]+)""")


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Adds what lies outside docs/."""
    for path in sorted({*map(ROOT.joinpath, PAGES), *(path for glob in FOLDERS for path in ROOT.glob(glob))}):
        if path.is_file():
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Links as the site has them."""
    here = page.file.src_uri
    return LINK.sub(lambda link: link["before"] + site_link(here, link["target"]), markdown)


def site_link(page: str, target: str) -> str:
    """The link `target`, as it is written in the repository, on the site's `page`."""
    if re.match(r"[a-z]+:", target):
        return target
    in_repository = page if (ROOT / page).is_file() else f"docs/{page}"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository), target))
    return posixpath.relpath(path.removeprefix("docs/"), posixpath.dirname(page) or ".")
