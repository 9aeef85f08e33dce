"""Recognises files with secrets by name: data files, but not sources and templates of similar names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from copilot_lsp.source.languages import LANGUAGES
from copilot_lsp.workspace.patterns import Exclusion, Patterns, compiled

_TEXT = (
    "json",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "config",
    "xml",
    "properties",
    "plist",
    "txt",
    "csv",
    "tsv",
)
DATA = (*_TEXT, "env", "enc", "db", "sqlite", "dat", "bin")
_MADE_OF = ("tmpl", "tpl", "j2", "jinja", "jinja2", "erb", "mustache")
TEMPLATES = ("example", "sample", "template", "dist", "default", "defaults", "schema", "stub", *_MADE_OF)

KEYS = ("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*")
DATA_LANGUAGES = {"json", "jsonc", "yaml", "toml", "ini", "xml", "terraform"}
SOURCES = tuple(
    f"!id_*{suffix}" for row in LANGUAGES if row.id not in DATA_LANGUAGES for suffix in row.suffixes
)  # id_rsa_parser.go

NAMED = tuple(
    f"{name}{end}"
    for stem in ("credential", "credentials", "secret", "secrets", "password", "passwords")
    for name in (stem, f".{stem}")
    for end in ("", *(f".{data}" for data in DATA))
)
"""The bare names are those of files: SOURCE_FOLDERS takes the folders back."""

SOURCE_FOLDERS = tuple(
    f"!{name}/" for name in ("credential", "credentials", "secret", "secrets", "password", "passwords")
)

FILES = (
    *("*.env", ".env", ".env.*", ".env-*", ".env_*", ".envrc", ".dev.vars", ".dev.vars.*"),
    *("*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.ppk", "*.jks", "*.keystore", "*.keytab", "*.kdb", "*.kdbx"),
    *("*.cert", "*.crt", "*.ovpn", "*.agekey", "*.secret", "*.secrets", "*.keychain", "*.keychain-db"),
    *(".netrc", "_netrc", ".authinfo", ".npmrc", ".pypirc", ".htpasswd", ".pgpass", "pgpass.conf", ".my.cnf"),
    *(".mylogin.cnf", ".git-credentials", ".gitcookies", ".vault-token", ".vault_pass*", ".s3cfg", ".boto"),
    *(".dockercfg", ".smbcredentials", ".ftpconfig", "sftp-config.json", ".*_history"),
    *("*.tfvars", "*.tfvars.json", "*.tfstate", ".terraformrc", "terraform.rc", "credentials.tfrc.json"),
    *("kubeconfig", "*.kubeconfig", "client_secret*.json", "service[-_]account*.json", "*firebase-adminsdk*.json"),
    *("application_default_credentials.json", "local.settings.json", "rclone.conf"),
)

PLACES = (
    *(".aws/", ".ssh/", ".gnupg/", ".azure/", ".password-store/"),
    *("**/.kube/config", "**/.docker/config.json", "**/.config/gcloud/", "**/.config/gh/hosts.yml"),
    *("**/.config/hub", "**/.composer/auth.json", "**/.subversion/auth/", "**/run/secrets/"),
)

SECRET_GLOBS = (
    *KEYS,
    *SOURCES,
    *NAMED,
    *SOURCE_FOLDERS,
    *FILES,
    *(pattern for end in TEMPLATES for pattern in (f"!*.{end}", f"!*[-_.]{end}.*", f"!{end}.*")),
    *PLACES,
)
"""Files that are neither completed nor read unless the user's `include` says so (gitignore syntax, lower case)."""


@cache
def secrets() -> Patterns:
    """SECRET_GLOBS, compiled when the first file is judged: no start needs to wait for it."""
    return compiled(SECRET_GLOBS, "the built-in secrets", str.lower)


@cache
def places() -> Patterns:
    """PLACES alone."""
    return compiled(PLACES, secrets().origin, str.lower)


AFTER = re.compile(
    r"(?:~|#|\.(?:bak|backup|old|orig|save|saved|copy|tmp|prev|sw[a-p]|~?\d+~?)|[-_ ](?:bak|backup|old|orig|copy)"
    r"|\s\((?:copy|\d+)\))$",
    re.IGNORECASE,
)
BEFORE = re.compile(r"^(?:\.?#|copy of )", re.IGNORECASE)
"""Suffixes and prefixes of copies made by editors and users."""


def secret_pattern(path: str, root: str = "") -> Exclusion | None:
    """The secret that `path` is, or is a copy of, whatever the folder is that holds it.

    `path` is '/'-separated and relative to the root; a folder ends with '/'. Names are compared without regard to case.
    `root` counts for PLACES alone: `config` is one in a folder `.kube` that was opened by itself.
    """
    for name in _originals(path):
        if found := _exclusion(name) or (_place(f"{root.strip('/')}/{name}") if root else None):
            return found
    return None


@lru_cache(maxsize=8192)
def _exclusion(name: str) -> Exclusion | None:
    return secrets().exclusion(name)


@lru_cache(maxsize=8192)
def _place(path: str) -> Exclusion | None:
    return places().exclusion(path)


def _originals(path: str) -> Iterator[str]:
    """`path` without the marks of copies. Vim swaps `prod.env` to `.prod.env.swp`, and `.env` to `.env.swp`."""
    above, name = path[: path.rstrip("/").rfind("/") + 1], path.rstrip("/").rpartition("/")[2]
    end = path[len(path.rstrip("/")) :]
    original = _original(name)
    yield above + original + end
    if original != name and original.startswith("."):
        yield above + original[1:] + end


def _original(name: str) -> str:
    while name:
        shorter = BEFORE.sub("", AFTER.sub("", name))
        if shorter == name or not shorter:
            break
        name = shorter
    return name
