"""Which licences the corpus admits, read out of package metadata, LICENSE files and Debian's copyright files.

A package needs both: metadata that names an admitted licence, and a licence file that reads like one.
Debian's machine-readable copyright files (DEP-5) decide file by file.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass

from training.words import words

# The first telling word of a permissive licence's name, whatever its version and spelling.
_FAMILIES = words(
    """apache asl blueoak boost bsd bsl cc0 curl expat historical hpnd isc matplotlib mit ncsa postgresql
    psf python unlicense unlicensed wtfpl x zlib"""
)
_PADDING = words("the new modified simplified revised clause clauses osi approved")
_RESTRICTED = words("gpl lgpl agpl mpl epl cddl eupl sspl commons noncommercial proprietary")

_PERMISSIVE_TEXT = re.compile(
    r"permission is hereby granted, ?free of charge|redistribution and use in source and binary forms"
    r"|apache license,? *version 2\.0|licensed under the apache license"
    r"|permission to use, ?copy, ?modify,? (and/or|and) distribute|python software foundation license"
    r"|this software is provided 'as-is'|boost software license|free and unencumbered software"
    r"|creative commons.{0,20} cc0|\bmit license\b|\bbsd .{0,12}license\b|\bpsf license"
)
_RESTRICTIVE_TEXT = re.compile(
    r"gnu (lesser |library |affero )?general public licen[sc]e|\b[al]?gpl[ -]?v?[123]|mozilla public license"
    r"|eclipse public license"
    r"|business source license|functional source license|elastic license|server side public license"
    r"|commons clause|non-?commercial|creative commons attribution-(sharealike|noderivs|noncommercial)"
    r"|european union public licence|common development and distribution license|all rights reserved\. proprietary"
)
# Licence files of big packages go on with those of what they bundle: the head is the package's own.
_HEAD_CHARACTERS = 3_000

SPDX_TAG = re.compile(r"SPDX-License-Identifier:\s*([^\n*]+)")


def admits(expression: str) -> bool:
    """Whether a licence name or an SPDX-like expression (AND, OR, parentheses) leaves a permissive choice.

    >>> admits("MIT OR GPL-3.0-only"), admits("Apache-2.0 AND LGPL-2.1"), admits("BSD 3-Clause License")
    (True, False, True)
    """
    flat = " ".join(expression.replace("(", " ").replace(")", " ").split()).lower()
    choices = re.split(r"\s+or\s+|/(?=apache)|(?<=mit)/", flat)
    return any(all(_admits_name(name) for name in re.split(r"\s+and\s+|\s*,\s+(?=and)", c)) for c in choices)


def _admits_name(name: str) -> bool:
    words = [word for word in re.findall(r"cc0|[a-z]+", name) if word not in _PADDING]
    return bool(words) and words[0] in _FAMILIES and not _RESTRICTED.intersection(words)


def admits_text(text: str) -> bool:
    """Whether a LICENSE file's own part is permissive and names no licence that is not."""
    head = " ".join(text[:_HEAD_CHARACTERS].lower().split())
    return bool(_PERMISSIVE_TEXT.search(head)) and not _RESTRICTIVE_TEXT.search(head)


def admits_source(text: str) -> bool:
    """Whether a source file's own header allows it: no SPDX tag or notice of another kind of licence."""
    head = text[:_HEAD_CHARACTERS]
    tag = SPDX_TAG.search(head)
    return admits(tag[1].strip(" */-#")) if tag else not _RESTRICTIVE_TEXT.search(" ".join(head.lower().split()))


def of_wheel(metadata: str) -> str:
    """The licence that a wheel's METADATA names: expression, classifiers or short field; "" without one."""
    head = metadata.split("\n\n", 1)[0]
    if found := re.search(r"^License-Expression: (.+)$", head, re.MULTILINE):
        return found[1].strip()
    if named := re.findall(r"^Classifier: License :: OSI Approved :: (.+)$", head, re.MULTILINE):
        return " AND ".join(re.sub(r" \(.*\)$", "", name) for name in named)
    found = re.search(r"^License: (.{1,60})$", head, re.MULTILINE)
    return found[1].strip() if found else ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One Files paragraph of a DEP-5 copyright file: shell patterns and what they are licensed under."""

    patterns: tuple[str, ...]
    licence: str


def read_copyright(text: str) -> tuple[Grant, ...]:
    """The Files paragraphs of debian/copyright, () when it is not machine-readable."""
    if "copyright-format/1.0" not in text[:2_000]:
        return ()
    return tuple(_grants(re.split(r"\n\s*\n", text)))


def _grants(paragraphs: Iterable[str]) -> Iterable[Grant]:
    for paragraph in paragraphs:
        files = re.search(r"^Files: *((?:.*\n?)(?:[ \t]+.*\n?)*)", paragraph, re.MULTILINE)
        licence = re.search(r"^License: *(.*)", paragraph, re.MULTILINE)
        if files and licence:
            yield Grant(tuple(files[1].replace(",", " ").split()), licence[1].strip())


def licence_of(path: str, grants: tuple[Grant, ...]) -> str:
    """What DEP-5 says of one file: the last paragraph that matches wins; "" when none does."""
    matching = (g for g in reversed(grants) if any(fnmatch.fnmatchcase(path, p) for p in g.patterns))
    return next(matching, Grant((), "")).licence
