"""Names of documents."""

import pytest

from copilot_lsp.workspace.uris import name_of, path_of


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c/%C3%A9.py", "/a/b c/é.py"),
        ("file:///C%3A/x/y.py", "c:/x/y.py"),
        ("file:///c:/x", "c:/x"),
        ("file://server/share/x.py", "//server/share/x.py"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("vscode-notebook-cell:/p/book.ipynb#W0sZmlsZQ%3D%3D", "/p/book.ipynb"),
        ("file:///a/%23b.py", "/a/#b.py"),
        ("http://[::1/broken", "/broken"),
        ("no uri", "no uri"),
        ("", ""),
    ],
)
def test_path_of_a_uri(uri: str, path: str):
    assert path_of(uri) == path


def test_names_are_relative_to_the_deepest_folder():
    roots = ["file:///a", "file:///a/b%20c/", "file:///C%3A/x"]
    assert name_of("file:///a/b%20c/d/x.py", roots) == "d/x.py"
    assert name_of("file:///a/x.py", roots) == "x.py"
    assert name_of("file:///ab/x.py", roots) == "/ab/x.py"
    assert name_of("file:///c:/x/y.py", roots) == "y.py"
    assert name_of("file:///a/x.py") == "/a/x.py"
