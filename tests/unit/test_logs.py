"""What a log record keeps of what might quote a document."""

import logging
import sys

import pytest

from copilot_lsp.errors import EngineDied
from copilot_lsp.logs import FORMAT, without_text


def written(name: str, message: str, *arguments: object, exc_info: object = None) -> str:
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, arguments, exc_info)  # type: ignore[arg-type]
    assert without_text(record)
    return logging.Formatter(FORMAT).format(record)


def raised(error: Exception) -> object:
    try:
        raise error
    except Exception:
        return sys.exc_info()


def test_parameters_of_pygls_are_dropped():
    line = written("pygls.protocol.json_rpc", "Failed to handle %r: %s", "didOpen", "SECRET")
    assert "Failed to handle" in line
    assert "SECRET" not in line


def test_our_own_are_kept():
    assert "completion: 1 of engine" in written("copilot_lsp.server.session", "completion: %s", "1 of engine")


@pytest.mark.parametrize(
    ("error", "shown"), [(ValueError("SECRET"), "ValueError"), (EngineDied("killed"), "EngineDied: killed")]
)
def test_of_an_exception_only_our_own_words_are_kept(error: Exception, shown: str):
    line = written("copilot_lsp.server.protocol", "a background task failed", exc_info=raised(error))
    assert line.endswith(shown)
    assert "in raised" in line
    assert "SECRET" not in line
