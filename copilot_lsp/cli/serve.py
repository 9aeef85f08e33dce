"""`copilot-lsp serve`: the language server."""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_lsp.cli import typed

if TYPE_CHECKING:
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.engine.base import Engine
    from copilot_lsp.server.protocol import Server
    from copilot_lsp.server.transport import Address
    from copilot_lsp.settings import Settings

    MakeEngine = Callable[[Settings], Engine]


@dataclass(frozen=True, slots=True)
class Options:
    """`tcp` and `ws` are addresses (HOST:PORT), one at most; without either it is stdio."""

    tcp: str | None
    ws: str | None
    model: str | None
    log_file: Path | None
    log_level: str


EPILOG = """\
The server exits with its client. Exit codes: 0 after a shutdown request, 1 without one, 2 usage error."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp import logs
    from copilot_lsp.cli import engines

    parser = subparsers.add_parser(
        "serve",
        help="run the language server",
        description="Run the language server, by default over stdin and stdout.",
        epilog=EPILOG,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="use stdin and stdout (default)")
    where.add_argument("--tcp", metavar="HOST:PORT", help="accept one client on this machine; port 0: any free port")
    where.add_argument("--ws", metavar="HOST:PORT", help="the same over WebSocket")
    engines.add_arguments(parser)
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append the log to FILE instead of stderr")
    parser.add_argument(
        "--log-level",
        choices=logs.LEVELS,
        default="warning",
        help="document text is logged only at debug (default: warning)",
    )


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp import logs
    from copilot_lsp.cli import engines
    from copilot_lsp.server import transport

    options = typed(arguments, Options)
    given = options.tcp or options.ws
    address = transport.parse_address(given) if given else None
    if options.ws:
        transport.require_websockets()
    logs.configure(options.log_level, options.log_file)
    gc.disable()
    return asyncio.run(_serve(options, typed(arguments, engines.Choice), address))


async def _serve(options: Options, choice: Choice, address: Address | None) -> int:
    """The engine loads while the protocol's modules, which take a quarter of a second, are imported in a thread.

    What they hold lives until the end: the garbage collector need not look at it, neither while it is made nor in
    the middle of a request.
    """
    from copilot_lsp.cli import engines

    settings = engines.configured(options.model, Path.cwd()).settings
    make_engine = partial(_engine, choice)
    engine = make_engine(settings)
    await engine.start()
    try:
        await asyncio.to_thread(_import_server)
        gc.freeze()
        gc.enable()
        server = _server(engine, make_engine, settings, options.model)
    except BaseException:
        await engine.close()
        raise
    try:
        await _first_of(_talk(options, address, server), _asked_to_end(), _orphaned(address, server))
    finally:
        await server.session.close()
    return server.protocol.exit_code


def _import_server() -> None:
    from copilot_lsp.server import lean

    lean.load()
    importlib.import_module("copilot_lsp.server.server")


def _server(engine: Engine, make_engine: MakeEngine, settings: Settings, model: str | None) -> Server:
    from copilot_lsp import config
    from copilot_lsp.server.server import create
    from copilot_lsp.server.session import Session

    return create(Session(engine, make_engine, settings, model, config.layers_of))


def _engine(choice: Choice, settings: Settings) -> Engine:
    from copilot_lsp.cli import engines
    from copilot_lsp.engine.absent import AbsentEngine
    from copilot_lsp.errors import ModelError

    try:
        return engines.create(choice, settings, shared=True)
    except ModelError as error:
        return AbsentEngine(settings.model, error)


async def _talk(options: Options, address: Address | None, server: Server) -> None:
    from copilot_lsp.server import transport
    from copilot_lsp.server.server import talk, talk_websocket

    if address is None:
        await transport.serve_stdio(partial(talk, server))
    elif options.tcp:
        await transport.serve_tcp(address, partial(talk, server))
    else:
        await transport.serve_websocket(address, partial(talk_websocket, server))


async def _asked_to_end() -> None:
    """Wait for SIGTERM, where it exists, so that the engine's process also ends cleanly."""
    terminated = asyncio.Event()
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    await terminated.wait()


async def _orphaned(address: Address | None, server: Server) -> None:
    """A pipe ends with the client; of a socket one cannot be sure."""
    from copilot_lsp.server import parent

    await parent.death(lambda: server.process_id if address is not None else None)


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one has ended, then cancel the others."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
