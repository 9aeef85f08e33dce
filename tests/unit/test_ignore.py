"""Which files are left alone, by their names."""

import pytest

from copilot_lsp.workspace.ignore import is_excluded, is_pattern


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env.production",
        "/home/u/.ssh/config",
        "//server/share/id_rsa",
        "c:/keys/ID_ED25519.pub",
        "deploy/server.KEY",
        "secrets.py",
    ],
)
def test_secrets_are_excluded(path: str):
    assert is_excluded(path, ())


@pytest.mark.parametrize("path", ["env.py", "src/environment.py", "keys.py", "secretary.py", "/", ""])
def test_other_files_are_not(path: str):
    assert not is_excluded(path, ())


def test_the_users_patterns_count_too():
    patterns = ("/build/", "*.gen.py", "!keep.gen.py")
    assert is_excluded("build/x.py", patterns)
    assert is_excluded("a/x.gen.py", patterns)
    assert not is_excluded("a/keep.gen.py", patterns)
    assert not is_excluded("a/build/x.py", patterns)


def test_no_pattern_brings_a_secret_back():
    assert is_excluded("a/.env", ("!.env",))


def test_patterns_are_checked():
    assert is_pattern("**/x/*.py")
    assert not is_pattern("[z-a]")
    assert not is_pattern("!")
