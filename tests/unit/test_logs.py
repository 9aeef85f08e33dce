"""What a log record keeps of what might quote a document."""

import logging
import os
import re
import sys
import threading
import time

import pytest

from copilot_lsp.errors import EngineDied
from copilot_lsp.logs import FORMAT, WAITING_BYTES, Background, without_text
from copilot_lsp.outlet import Outlet


def written(name: str, message: str, *arguments: object, exc_info: object = None) -> str:
    record = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, arguments, exc_info)  # type: ignore[arg-type]
    assert without_text(record)
    return logging.Formatter(FORMAT).format(record)


def raised(error: Exception) -> object:
    try:
        raise error
    except Exception:
        return sys.exc_info()


def test_parameters_of_pygls_are_dropped() -> None:
    line = written("pygls.protocol.json_rpc", "Failed to handle %r: %s", "didOpen", "SECRET")
    assert "Failed to handle" in line
    assert "SECRET" not in line


def test_our_own_are_kept() -> None:
    assert "completion: 1 of engine" in written("copilot_lsp.server.session", "completion: %s", "1 of engine")


@pytest.mark.parametrize(
    ("error", "shown"), [(ValueError("SECRET"), "ValueError"), (EngineDied("killed"), "EngineDied: killed")]
)
def test_of_an_exception_only_our_own_words_are_kept(error: Exception, shown: str) -> None:
    line = written("copilot_lsp.server.protocol", "a background task failed", exc_info=raised(error))
    assert line.endswith(shown)
    assert "in raised" in line
    assert "SECRET" not in line


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "x.py", 1, message, (), None)


def test_logging_does_not_wait_for_a_reader_and_says_what_is_missing() -> None:
    reading, writing = os.pipe()
    handler = Background(writing)
    line = "é" * 1000
    for _ in range(WAITING_BYTES // 1000):
        handler.emit(record(line))
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.extend(iter(lambda: os.read(reading, 2**16), b"")))
    reader.start()
    while handler._outlet._waiting:
        time.sleep(0.001)
    handler.emit(record("after \ud800"))
    handler._outlet.close()
    os.close(writing)
    reader.join()
    os.close(reading)
    read = b"".join(parts)
    *lines, last, nothing = read.decode().split("\n")
    # More than one gap where the pipe took some while the rest came.
    told = [
        re.fullmatch(r"\((\d+) messages are missing here: nobody read them\)", each) for each in lines if each != line
    ]
    assert all(told)
    assert sum(int(each[1]) for each in told if each) == WAITING_BYTES // 1000 - lines.count(line) > 0
    assert (last, nothing) == ("after \\ud800", "")


def test_an_outlet_that_fails_says_so_and_takes_no_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    told: list[bool] = []
    outlet = Outlet(writing, 100, lambda: told.append(True))
    assert outlet.write(b"x")
    outlet.close()
    assert told == [True]
    assert not outlet.write(b"y")
    os.close(writing)
