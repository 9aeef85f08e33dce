"""The gate: which files are left alone, by their names, their links, the user's settings and git's files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from copilot_lsp.workspace import repository
from copilot_lsp.workspace.files import walk
from copilot_lsp.workspace.ignore import Exclusion, Gate, is_pattern
from copilot_lsp.workspace.patterns import compiled, from_bytes


def refused(name: str, exclude: tuple[str, ...] = (), include: tuple[str, ...] = ()) -> str:
    """The pattern that excludes a document of that name, "" for none."""
    found = Gate([], exclude, include).refuses_name(name)
    return found.pattern if found else ""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to fill, with a git that has no settings."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    repository.global_file.cache_clear()
    root = tmp_path / "project"
    root.mkdir()
    return root


def fill(root: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(name, "x"), "utf-8")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def readable(gate: Gate) -> list[str]:
    return sorted(name for _, name in walk(gate))


SECRET_NAMES = """
.env app/.env.production prod.env .envrc .env.js /home/u/.ssh/config //server/share/id_rsa c:/keys/ID_ED25519.pub
deploy/server.KEY id_rsa.work .git-credentials terraform.tfvars prod.auto.tfvars.json .pgpass a/.kube/config
home/.docker/config.json .env~ .env.bak .env.old.1 server.key.orig #.env# .#.env .prod.env.swp .env.swp .env_backup
credentials.json~ .ssh.bak/config .ssh/known.example credentials secrets.yml .secrets.toml x/credentials/prod.env
"""

PLAIN_NAMES = """
env.py src/environment.py keys.py secretary.py / credentials.go secrets.rb secrets.py credentials/aws.go
credentials/README.md secrets/mod.rs .env.example .env.sample .env.local.template .env.dist example.env
secrets.sample.yml credentials.example.json .env.example~ id_rsa_parser.go config.json notes.md~ docker/config.json
terraform.tfvars.example service-account-example.json credentials.html
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_secrets_are_excluded(name: str) -> None:
    assert refused(name)


@pytest.mark.parametrize("name", ["Copy of .env", ".env (copy)", ".env copy", "id_rsa (1)"])
def test_copies_of_secrets_are_excluded(name: str) -> None:
    assert refused(name)


@pytest.mark.parametrize("name", [".kube/config", ".docker/config.json~", ".aws/notes.txt", "run/secrets/token"])
def test_a_place_of_secrets_is_one_when_it_is_opened_by_itself(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, "x = 1\n")
    write(tmp_path / ".kube/notes.md", "x\n")
    gate = Gate([(tmp_path / name).parent, tmp_path / ".kube"])
    assert gate.refuses_completion(tmp_path / name)
    assert gate.refuses_reading(tmp_path / name)
    assert not gate.refuses_completion(tmp_path / ".kube/notes.md")
    assert not Gate([tmp_path / ".kube"], include=["config"]).refuses_completion(tmp_path / ".kube/config")


@pytest.mark.parametrize("name", ["", *PLAIN_NAMES.split()])
def test_sources_and_templates_are_not(name: str) -> None:
    assert refused(name) == ""


def test_the_exclusion_names_its_pattern() -> None:
    found = Gate([], ["*.gen.py"]).refuses_name("a/x.gen.py")
    assert str(found) == "`*.gen.py` in your exclude setting"
    assert str(Gate([]).refuses_name("x.pem")) == "`*.pem` in the built-in secrets"


def test_the_users_patterns_count_too() -> None:
    patterns = ("/build/", "*.gen.py", "!keep.gen.py")
    assert refused("build/x.py", patterns) == "/build/"
    assert refused("a/x.gen.py", patterns)
    assert not refused("a/keep.gen.py", patterns)
    assert not refused("a/build/x.py", patterns)


def test_only_include_brings_a_secret_back() -> None:
    assert refused("a/.env", ("!.env",))
    assert not refused("a/.env", (), (".env",))
    assert not refused(".ssh/config", (), (".ssh/",))
    assert not refused("a/x.gen.py", ("*.gen.py",), ("/a/",))
    assert refused("b/.env", (), ("/a/.env",))


def test_lines_that_git_accepts_are_skipped_where_they_cannot_be_read() -> None:
    assert is_pattern("**/x/*.py")
    assert not is_pattern("[z-a]")
    assert not is_pattern("!")
    assert refused("x.py", ("!", "[z-a]", "\\", "*.py")) == "*.py"


def test_ignore_files_are_read_as_git_reads_them() -> None:
    patterns = from_bytes(b"\xef\xbb\xbf# comment\r\n*.a\r\n!\n[z-a]\nx\x0cy\ncaf\xe9\n!keep.a", ".gitignore")
    assert isinstance(patterns.decide("b.a"), Exclusion)
    assert patterns.decide("keep.a") is False
    assert patterns.decide("b.c") is True
    assert isinstance(patterns.decide("x\x0cy"), Exclusion)
    assert isinstance(patterns.decide(os.fsdecode(b"caf\xe9")), Exclusion)


def test_a_link_counts_as_its_target(tree: Path) -> None:
    fill(tree, ".env", "plain.txt")
    (tree / "notes.txt").symlink_to(".env")
    (tree / "deep").symlink_to(tree)
    (tree / ".env.local").symlink_to("plain.txt")
    gate = Gate([tree])
    for name in ("notes.txt", "deep/notes.txt", ".env.local", "deep/.env"):
        assert gate.refuses_completion(tree / name), name
        assert isinstance(gate.read(tree / name), Exclusion), name
    assert gate.read(tree / "plain.txt") == gate.read(tree / "deep/plain.txt") == b"x"
    assert Gate([tree], include=["notes.txt"]).refuses_completion(tree / "notes.txt")
    assert not Gate([tree], include=["notes.txt", ".env"]).refuses_completion(tree / "notes.txt")


def test_nothing_outside_the_folders_is_read(tree: Path) -> None:
    fill(tree.parent, "other/a.py")
    fill(tree, "b.py")
    (tree / "a.py").symlink_to(tree.parent / "other/a.py")
    gate = Gate([tree], include=["*"])
    assert isinstance(gate.read(tree.parent / "other/a.py"), Exclusion)
    assert isinstance(gate.read(tree / "a.py"), Exclusion)
    assert not gate.refuses_completion(tree / "a.py")
    assert Gate([tree, tree.parent / "other"]).read(tree / "a.py") == b"x"


def test_a_root_that_is_a_link_is_its_target(tree: Path) -> None:
    fill(tree, "gen/x.py", "a.py")
    (tree.parent / "link").symlink_to(tree)
    gate = Gate([tree.parent / "link"], exclude=["/gen/"])
    assert gate.refuses_completion(tree.parent / "link/gen/x.py")
    assert gate.refuses_completion(tree / "gen/x.py")
    assert readable(gate) == ["a.py"]


def test_git_ignores_of_every_level(tree: Path) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    names = "a.log keep.log x/b.log x/y/c.tmp x/keep.tmp logs/keep.log info.me global.me .git/description"
    fill(tree, *names.split())
    write(tree / ".gitignore", "*.log\n!keep.log\n/logs/\n")
    write(tree / "x/.gitignore", "!b.log\n*.tmp\n!/keep.tmp\n")
    write(tree / ".git/info/exclude", "info.me\n")
    write(tree.parent / "home/.config/git/ignore", "global.me\n")
    assert readable(Gate([tree])) == [".gitignore", "keep.log", "x/.gitignore", "x/b.log", "x/keep.tmp"]
    assert readable(Gate([tree / "x"])) == [".gitignore", "b.log", "keep.tmp"]
    assert str(Gate([tree]).refuses_reading(tree / "a.log")) == f"`*.log` in {tree}/.gitignore"
    assert not Gate([tree]).refuses_completion(tree / "a.log")
    write(tree / ".gitignore", "")
    assert "a.log" in readable(Gate([tree]))


def test_the_users_own_ignore_file_of_git_may_be_anywhere(tree: Path) -> None:
    write(tree.parent / "home/.gitconfig", "[core]\nexcludesFile = ~/mine\n")
    write(tree.parent / "home/mine", "mine.*\n")
    fill(tree, "mine.py", "a.py")
    assert readable(Gate([tree])) == ["a.py"]


def test_a_folder_that_git_ignores_can_be_opened(tree: Path) -> None:
    subprocess.run(["git", "init", "-q", tree], check=True)
    write(tree / ".gitignore", "out/\n")
    fill(tree, "out/a.py", "out/b.tmp", "c.py")
    write(tree / "out/.gitignore", "*.tmp\n")
    assert readable(Gate([tree / "out"])) == [".gitignore", "a.py"]
    assert readable(Gate([tree])) == [".gitignore", "c.py"]


def test_submodules_and_linked_working_trees_are_somebody_elses(tree: Path) -> None:
    fill(tree, "a.py", "sub/b.py", "clone/c.py", "node_modules/d.js", ".cache/e.py")
    write(tree / "sub/.git", "gitdir: ../.git/modules/sub\n")
    subprocess.run(["git", "init", "-q", tree], check=True)
    subprocess.run(["git", "init", "-q", tree / "clone"], check=True)
    assert readable(Gate([tree])) == ["a.py"]
    assert readable(Gate([tree / "sub"])) == ["b.py"]
    assert readable(Gate([tree], include=["/sub/*.py", "d.js"])) == ["a.py", "sub/b.py"]
    assert readable(Gate([tree], include=["/node_modules/d.js"])) == ["a.py", "node_modules/d.js"]


def test_a_folder_of_repositories_is_read_with_the_rules_of_each(tree: Path) -> None:
    for name in ("one", "two"):
        subprocess.run(["git", "init", "-q", tree / name], check=True)
        fill(tree / name, "a.py", "b.py")
        write(tree / name / ".git/info/exclude", f"{'a' if name == 'one' else 'b'}.py\n")
    assert readable(Gate([tree])) == ["one/b.py", "two/a.py"]


def test_a_linked_working_tree_shares_info_exclude(tree: Path) -> None:
    main = tree / "main"
    git = ["git", "-C", str(main), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", main], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(tree / "linked")], check=True)
    write(main / ".git/info/exclude", "b.py\n")
    fill(tree / "linked", "a.py", "b.py")
    assert readable(Gate([tree / "linked"])) == ["a.py"]


@pytest.mark.parametrize("name", [".copilotlspignore", ".aiignore"])
def test_an_ignore_file_of_ours(tree: Path, name: str) -> None:
    write(tree / "x" / name, "*.sql\n!open.sql\n")
    fill(tree, "a.sql", "x/b.sql", "x/open.sql", "x/y/c.sql")
    gate = Gate([tree])
    assert readable(gate) == ["a.sql", f"x/{name}", "x/open.sql"]
    assert gate.refuses_completion(tree / "x/y/c.sql")
    (tree / "x" / name).unlink()
    assert not gate.refuses_completion(tree / "x/y/c.sql")


def test_what_is_no_file_is_not_read(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        Gate([tree]).read(tree / "pipe")
    with pytest.raises(FileNotFoundError):
        Gate([tree]).read(tree / "missing")


def test_ignore_files_that_cannot_be_read_are_passed_over(tree: Path) -> None:
    (tree / ".gitignore").mkdir()
    os.mkfifo(tree / ".aiignore")
    fill(tree, "a.py")
    assert readable(Gate([tree])) == ["a.py"]


def test_patterns_can_ignore_case() -> None:
    patterns = compiled(["Private/"], "", str.lower)
    assert isinstance(patterns.decide("PRIVATE/"), Exclusion)


def test_the_line_that_excludes_is_named_behind_blank_lines() -> None:
    patterns = compiled(["", "# ours", "", "*.key"], "an ignore file")
    assert str(patterns.exclusion("a.key")) == "`*.key` in an ignore file"
