"""Converts client messages to lsprotocol's types, as leniently as is safe.

A value that cannot be read is as good as absent where the field is optional, or has an obvious default: one unknown
word in an editor's capabilities must not cost the whole session. Anything else is `Unreadable`, and says where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn, get_args, get_origin

import attrs
import cattrs
from lsprotocol import types
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    default_converter,
)

from copilot_lsp.source.text import PositionEncoding

MAX_DEPTH = 64
"""Of nested JSON; what an editor sends has about ten levels."""

AUTOMATIC = types.InlineCompletionTriggerKind.Automatic.value

DEFAULTS: Mapping[type, Mapping[str, Any]] = {
    types.InitializeParams: {"capabilities": {}},
    types.WorkspaceFolder: {"name": ""},
    types.WorkspaceFoldersChangeEvent: {"added": [], "removed": []},
    types.DidChangeConfigurationParams: {"settings": None},
    types.SetTraceParams: {"value": "off"},
    types.InlineCompletionParams: {"context": {"triggerKind": AUTOMATIC}},
    types.InlineCompletionContext: {"triggerKind": AUTOMATIC},
    types.TextDocumentItem: {"languageId": "", "version": 0},
    types.VersionedTextDocumentIdentifier: {"version": 0},
    types.NotebookDocument: {"notebookType": "", "version": 0},
    types.VersionedNotebookDocumentIdentifier: {"version": 0},
    types.NotebookCell: {"kind": types.NotebookCellKind.Code.value},
}
"""What stands in for required fields that are missing or cannot be read."""

ID_AT_HEAD = re.compile(
    rb'\s*\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*"id"\s*:\s*(-?\d{1,15}|"(?:[^"\\]|\\.)*")(?=\s*[,}])'
)


class Unreadable(ValueError):
    """A value that is not what it should be; `path` leads to it, innermost name first."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.path: list[str] = []

    def __str__(self) -> str:
        return f"{'.'.join(reversed(self.path)) or 'the message'} must be {self.expected}"


def parse(body: bytes) -> Any:  # noqa: ANN401 -- JSON
    """Raises ValueError for what is no JSON: also for NaN and for numbers of thousands of digits."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def id_at_head(body: bytes) -> str | int | None:
    """The id of a request whose JSON is broken further on, if it can be told for sure."""
    found = ID_AT_HEAD.match(body[:4096])
    if found is None:
        return None
    try:
        id: str | int = json.loads(found[1])
    except ValueError:
        return None
    return id


def is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def no_message(message: Any) -> str | None:  # noqa: ANN401
    """Why it is no message of JSON-RPC, if so."""
    if not isinstance(message, dict):
        return "a message must be an object; batches are not supported"
    if "jsonrpc" in message and message["jsonrpc"] != "2.0":
        return 'jsonrpc must be "2.0"'
    if not isinstance(message.get("method", ""), str):
        return "method must be a string"
    if message.get("id") is not None and not is_id(message["id"]):
        return "id must be a whole number or a string"
    if "method" not in message and message.get("id") is None:
        return "neither a method nor the id of an answer"
    return "the message is nested too deeply" if is_too_deep(message) else None


def names_inline_completion(params: dict[str, Any]) -> bool:
    """Whether the client knows inline completion; `{}` and null, which lsp-mode sends, say so too."""
    document = value_at(params, "capabilities", "textDocument")
    return isinstance(document, dict) and "inlineCompletion" in document


def is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


@cache
def converter() -> cattrs.Converter:
    """lsprotocol's, with a reader of our own for objects, lists and plain values."""
    made: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    (change,) = get_args(attrs.fields(types.DidChangeTextDocumentParams).content_changes.type)
    all_or_none = (change, types.NotebookCell)
    made.register_structure_hook_factory(attrs.has, lambda kind: _object_reader(made, kind))
    made.register_structure_hook_factory(_is_list, lambda kind: _list_reader(made, kind, all_or_none))
    made.register_structure_hook(change, lambda value, _: _change(made, value))
    made.register_structure_hook(types.Position, lambda value, _: _position(value))
    made.register_structure_hook(str, lambda value, _: _plain(value, str, "a string"))
    made.register_structure_hook(bool, lambda value, _: _plain(value, bool, "true or false"))
    made.register_structure_hook(int, lambda value, _: _integer(value))
    for kind in (JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage):
        made.register_structure_hook(kind, _untyped)
    return made


def _object_reader(made: cattrs.Converter, kind: type) -> Callable[[Any, Any], Any]:
    fields = [(field, _camel(field.name)) for field in attrs.fields(kind)]
    defaults = DEFAULTS.get(kind, {})

    def read(value: Any, _: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise Unreadable("an object")
        found = {}
        for field, name in fields:
            try:
                if name in value:
                    found[field.name] = made.structure(value[name], field.type)
                elif field.default is attrs.NOTHING:
                    raise Unreadable("there")
            except Exception as error:
                if name in defaults:
                    found[field.name] = made.structure(defaults[name], field.type)
                elif field.default is attrs.NOTHING:
                    raise _below(error, name) from None
        return kind(**found)

    return read


def _list_reader(made: cattrs.Converter, kind: Any, all_or_none: Sequence[Any]) -> Callable[[Any, Any], Any]:  # noqa: ANN401
    """A list goes without the items that cannot be read, unless it would mean something else then."""
    (item,) = get_args(kind)

    def read(value: Any, _: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            raise Unreadable("a list")
        found = []
        for index, each in enumerate(value):
            try:
                found.append(made.structure(each, item))
            except Exception as error:
                if item in all_or_none:
                    raise _below(error, str(index)) from None
        return found

    return read


def _is_list(kind: Any) -> bool:  # noqa: ANN401
    return get_origin(kind) in (list, Sequence) and len(get_args(kind)) == 1


def _below(error: Exception, name: str) -> Unreadable:
    unreadable = error if isinstance(error, Unreadable) else Unreadable("of the kind that the protocol says")
    unreadable.path.append(name)
    return unreadable


def _change(made: cattrs.Converter, value: Any) -> Any:  # noqa: ANN401
    """Without a range, or with null for one, it is the whole text."""
    partial = isinstance(value, dict) and value.get("range") is not None
    kind = types.TextDocumentContentChangePartial if partial else types.TextDocumentContentChangeWholeDocument
    return made.structure(value, kind)


def _position(value: Any) -> types.Position:  # noqa: ANN401
    """Some clients write "the end" as a number beyond the specification's."""
    if not isinstance(value, dict):
        raise Unreadable("a position")
    line, character = (max(_integer(value.get(name)), 0) for name in ("line", "character"))
    return types.Position(line, character)


def _plain(value: Any, kind: type, expected: str) -> Any:  # noqa: ANN401
    """No conversion: `str(None)` would put the word None into a document."""
    if not isinstance(value, kind):
        raise Unreadable(expected)
    return value


def _integer(value: Any) -> int:  # noqa: ANN401
    """Some clients write whole numbers as floating-point ones. Numbers beyond 32 bits are cut there."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not whole or isinstance(value, bool):
        raise Unreadable("a whole number")
    return int(max(-(2**31), min(value, 2**31 - 1)))


def _untyped(value: Any, kind: Any) -> Any:  # noqa: ANN401
    """Messages that lsprotocol does not know keep their JSON as it is."""
    return kind(**{field.name: value.get(field.name) for field in attrs.fields(kind)})


def value_at(value: Any, *names: str) -> Any:  # noqa: ANN401
    """What is there in nested objects of plain JSON; None when something on the way is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _camel(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(part.title() for part in others)


def position_encoding(capabilities: types.ClientCapabilities) -> PositionEncoding:
    """The first of the client's encodings that we support."""
    offered = (capabilities.general and capabilities.general.position_encodings) or ()
    known: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
    return next((each for offer in offered for each in known if offer == each), "utf-16")


def problem(error: Any) -> types.ResponseError:  # noqa: ANN401
    """A client's error as text, whatever its form."""
    said = error if isinstance(error, dict) else {}
    code = said.get("code")
    return types.ResponseError(
        code if isinstance(code, int) else types.ErrorCodes.InternalError, str(said.get("message", "an error"))
    )
