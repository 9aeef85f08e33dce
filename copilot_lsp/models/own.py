"""The models that the user has added, in a file that may also be edited by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_lsp import atomic
from copilot_lsp.errors import UsageError
from copilot_lsp.models import gguf
from copilot_lsp.models.registry import Entry, File, Hub, Source, Url, load, own_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def add(what: str, name: str | None = None) -> Entry:
    """Names a GGUF file: a path, a web address, or "hub:OWNER/NAME/FILE" with "@REVISION" behind it or not.

    Raises UsageError for a name or an address that cannot be, ModelCorrupt for a file that is no GGUF.
    """
    source = _source(what)
    stem = _file_name(source).removesuffix(".gguf")
    name = name or re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._").lower()
    if not re.fullmatch(NAME, name) or name.endswith(".gguf") or name == "default":
        raise UsageError(f"{name!r} cannot be a model's name: use letters, digits, and .-_ between them (--name)")
    if name in load().models:
        raise UsageError(f"{name!r} is a model already: choose another (--name), or `copilot-lsp models rm {name}`")
    entry = Entry(name, stem, "according to its author", (source,), size=_size(source), use="text")
    write(entry)
    return entry


def write(entry: Entry) -> None:
    """Keeps what the file has besides."""
    import tomlkit

    document = _document()
    models: Any = document.setdefault("models", tomlkit.table(is_super_table=True))
    models[entry.name] = _plain(entry)
    _store(document)


def forget(name: str) -> None:
    document = _document()
    models: Any = document.get("models", {})
    if models.pop(name, None) is not None:
        _store(document)


def _source(what: str) -> Source:
    if what.startswith("hub:"):
        path, _, revision = what.removeprefix("hub:").partition("@")
        owner, _, rest = path.partition("/")
        repository, _, file = rest.partition("/")
        if not (owner and repository and file):
            raise UsageError(f"{what!r} is not hub:OWNER/NAME/FILE")
        return Hub(f"{owner}/{repository}", file, revision or "main")
    if what.startswith(("https://", "http://")):
        return Url(what)
    if "://" in what:
        raise UsageError(f"{what!r} is not a web address that can be read: it begins with https:// or http://")
    local = Path(what).expanduser().absolute()
    if not local.is_file():
        raise UsageError(f"there is no file {local}")
    gguf.read(local)
    return File(str(local))


def _file_name(source: Source) -> str:
    if isinstance(source, Hub):
        return source.file.rpartition("/")[2]
    if isinstance(source, Url):
        return source.url.partition("?")[0].rpartition("/")[2]
    return Path(source.path).name if isinstance(source, File) else ""


def _size(source: Source) -> int:
    return Path(source.path).stat().st_size if isinstance(source, File) else 0


def _plain(entry: Entry) -> dict[str, Any]:
    """What registry.toml would say of it."""
    import cattrs

    fields = cattrs.unstructure(entry)
    del fields["name"]
    empty, kept = ("", 0, None), ("description", "licence")
    return {key: value for key, value in fields.items() if value is False or value not in empty or key in kept}


def _document() -> TOMLDocument:
    import tomlkit

    try:
        return tomlkit.parse(own_file().read_text("utf-8"))
    except FileNotFoundError:
        return tomlkit.document()


def _store(document: TOMLDocument) -> None:
    import tomlkit

    atomic.write(own_file(), tomlkit.dumps(document).encode())
    load.cache_clear()
