"""Names of documents."""

import pytest

from copilot_lsp.workspace.uris import file_of, name_of, path_of


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
        ("file:///a/c#/.env", "/a/c#/.env"),
        ("file:///a/what?/.env", "/a/what?/.env"),
        ("FILE:///a/x#1.py", "/a/x#1.py"),
        ("file:///p/book.ipynb#cell", "/p/book.ipynb"),
        ("file:///a/%E9.py", "/a/\ufffd.py"),
        ("http://[::1/broken", "/broken"),
        ("no uri", "no uri"),
        ("", ""),
    ],
)
def test_path_of_a_uri(uri: str, path: str) -> None:
    assert path_of(uri) == path


def test_files_are_on_this_disk() -> None:
    assert file_of("file:///a/%E9.py") == "/a/\udce9.py"
    assert file_of("vscode-notebook-cell:/p/book.ipynb#W0") == "/p/book.ipynb"
    assert file_of("untitled:x.py") == file_of("file:///a%00b") == file_of("file:///\ud800") == ""


def test_names_are_relative_to_the_deepest_folder() -> None:
    roots = ["file:///a", "file:///a/b%20c/", "file:///C%3A/x"]
    assert name_of("file:///a/b%20c/d/x.py", roots) == "d/x.py"
    assert name_of("file:///a/x.py", roots) == "x.py"
    assert name_of("file:///ab/x.py", roots) == "/ab/x.py"
    assert name_of("file:///c:/x/y.py", roots) == "y.py"
    assert name_of("file:///a/x.py") == "/a/x.py"
