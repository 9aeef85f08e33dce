"""What a source file must be like to be learnt from: written by hand, readable, without secrets.

Pure functions. `foreign` judges a path, `dropped_by` a text that `clean` has cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from string import ascii_letters

from training.words import words

MIN_CHARACTERS = 200
MAX_CHARACTERS = 200_000
MAX_LINE = 600
MAX_MEAN_LINE = 90

_FOREIGN_FOLDERS = words(
    """vendor _vendor vendored third_party third-party thirdparty node_modules external externals
    bower_components dist build umd min bundles generated gen _generated locale locales testdata
    fixtures snapshots .git"""
)
_BUILT_NAME = re.compile(
    r"(\.|-)(min|bundle|pack|prod|umd|iife|global)\.[cm]?js$|_pb2(_grpc)?\.py$|\.d\.[cm]?ts$|\.pb\.\w+$"
)
_GENERATED = re.compile(
    r"@generated|auto-?generated|(file|code|was|is|been) (was |is )?(automatically )?generated|do not (edit|modify)"
    r"|machine generated|generated (by|from|with) |created by stubgen",
    re.IGNORECASE,
)
_COMPILED_SCRIPT = re.compile(
    r'defineProperty\(exports, ?"__esModule"|__(importDefault|awaiter|extends|createBinding)\b|_interopRequire'
    r"|__webpack_require__|sourceMappingURL=data"
)
_HEAD_CHARACTERS = 1_500

_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36}|\bxox[abprs]-[0-9A-Za-z-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{35}|\bsk-[0-9A-Za-z]{32,}|\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}"
)
_KEY_MARKS = ("PRIVATE KEY", "AKIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "xox", "AIza", "sk-", "eyJ")
_PASSWORD = re.compile(
    r"(?i:password|passwd|secret|api_?key|token)[\"']?\s{0,9}[:=]\s{0,9}[\"'][0-9A-Za-z+/=_-]{24,}[\"']"
)
_PASSWORD_MARKS = ("pass", "secret", "key", "token")
# Bounded and anchored, or long runs of letters (encoded data) take quadratic time.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"
)
NEUTRAL_EMAIL = "name@example.com"


def foreign(path: str) -> bool:
    """Copied from elsewhere or built, by the names of its folders and its own."""
    folders = {part.lower() for part in PurePosixPath(path).parts[:-1]}
    return bool(_FOREIGN_FOLDERS & folders or _BUILT_NAME.search(path))


def _size(text: str) -> bool:
    return not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS


def _generated(text: str) -> bool:
    return bool(_GENERATED.search(text[:_HEAD_CHARACTERS]) or _COMPILED_SCRIPT.search(text))


def _long_lines(text: str) -> bool:
    lines = text.split("\n")
    return len(text) > MAX_MEAN_LINE * len(lines) or max(map(len, lines)) > MAX_LINE


def _data(text: str) -> bool:
    """Tables of numbers or of encoded bytes rather than code."""
    digits = sum(map(text.count, "0123456789"))
    letters = sum(map(text.count, ascii_letters))
    return digits > 0.2 * len(text) or letters < 0.3 * len(text) or "�" in text or "\0" in text


def _repetitive(text: str) -> bool:
    """Most of the lines are the same few lines."""
    lines = [line.strip() for line in text.split("\n") if len(line.strip()) > 3]
    return len(set(lines)) < 0.3 * len(lines)


def _secret(text: str) -> bool:
    # A search for plain strings first: the expressions are ten times slower.
    if any(mark in text for mark in _KEY_MARKS) and _KEY.search(text):
        return True
    lower = text.lower()
    return any(mark in lower for mark in _PASSWORD_MARKS) and bool(_PASSWORD.search(text))


RULES: dict[str, Callable[[str], bool]] = {
    "size": _size,
    "generated": _generated,
    "long lines": _long_lines,
    "data": _data,
    "repetitive": _repetitive,
    "secret": _secret,
}


def dropped_by(text: str) -> str:
    """The first rule that drops the file, "" when it is good."""
    return next((name for name, rule in RULES.items() if rule(text)), "")


def clean(text: str) -> str:
    """Line feeds only, no byte order mark, no licence header, no one's e-mail address, one newline at the end."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _EMAIL.sub(NEUTRAL_EMAIL, _without_licence_header(text)).strip("\n") + "\n"


_BLOCK_HEADER = re.compile(r"\A(?P<keep>#![^\n]*\n|<\?php\s)?\s*(?P<comment>/\*.*?\*/|--\[\[.*?\]\])", re.DOTALL)
_LINE_HEADER = re.compile(
    r"\A(?P<keep>#![^\n]*\n|<\?php\s)?\s*(?P<comment>([ \t]*(#(?!include|if|define|pragma)|//|--)[^\n]*\n)+)"
)


def _without_licence_header(text: str) -> str:
    """Drops the first comment when it is about rights: millions of copies teach nothing."""
    for pattern in (_BLOCK_HEADER, _LINE_HEADER):
        found = pattern.match(text)
        if found and re.search(r"copyright|licen[sc]e|spdx", found["comment"], re.IGNORECASE):
            return (found["keep"] or "") + text[found.end() :]
    return text
