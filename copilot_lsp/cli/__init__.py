"""The command line: one module per command, each with `add_parser(subparsers)` and `run(arguments) -> int`.

`run` turns the parsed arguments into a frozen dataclass (`typed`); nothing behind it sees an `argparse.Namespace`.
The modules import what they need inside `run`, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from copilot_lsp import __version__
from copilot_lsp.cli import streams
from copilot_lsp.errors import CopilotLspError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)

COMMANDS = ("serve", "complete", "models", "config", "tune", "doctor", "eval")

TRACEBACK = "COPILOT_LSP_TRACEBACK"
"""The environment variable with which a fault is shown with its traceback."""

BUDGET_MS = 400
"""From a key to the first text, for `tune` and `models best`. Other tools wait that long before they even ask (250 to
500 ms).
"""

INTERRUPTED = 130
CLOSED_PIPE = 141
"""128 + the number of the signal, as a shell reports SIGINT and SIGPIPE."""

EPILOG = """\
Exit codes: 0 success, 1 failure (no model, engine died), 2 usage error, 130 interrupted.
Only `copilot-lsp models pull` and `copilot-lsp models best` download anything. No other network connection is opened,
unless you configure and allow a remote engine (`remote.endpoints`, --remote)."""


class Parser(argparse.ArgumentParser):
    """Usage errors are one line, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        """A command refuses what it does not know itself, and names its own help."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return known, rest


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Any error is one line on stderr."""
    streams.prepare()
    try:
        return _run(argv)
    except CopilotLspError as error:
        if isinstance(error, streams.CannotPrint):
            streams.give_up(streams.STDOUT)
        streams.say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        streams.give_up(streams.STDOUT)
        return CLOSED_PIPE
    except OSError as error:
        where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        streams.say(f"{where}{error.strerror or error}")
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        said = f"{type(error).__name__}: {error}"
        streams.say(f"a fault in copilot-lsp, please report it ({TRACEBACK}=1 shows where): {said}")
    return 1


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
        command = importlib.import_module(f"{__name__}.{arguments.command}")
        code: int = command.run(arguments)
    finally:  # also after --help, which ends in SystemExit
        streams.flush()
    return code


def typed(arguments: argparse.Namespace, options: type[Options]) -> Options:
    """The fields of the dataclass `options`, each from the argument of its name."""
    return options(**{field.name: getattr(arguments, field.name) for field in fields(options)})


def positive(text: str) -> int:
    """The type of an option that is a count."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = Parser(
        prog="copilot-lsp",
        description="Private, instant code completion that runs on your own machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"copilot-lsp {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"{__name__}.{name}").add_parser(commands)
    return top
