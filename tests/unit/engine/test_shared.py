"""One engine for several servers: how they meet, what each gets, who may enter, and how it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from test_local import ask, gone

from copilot_lsp.engine.base import EngineState, EngineStatus, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.shared import access, identity, meet
from copilot_lsp.engine.shared import engine as shared
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.engine.shared.identity import name_of
from copilot_lsp.engine.shared.place import Card, Rendezvous, make_private, read_card, write_card
from copilot_lsp.errors import EngineDied, EngineFailed
from copilot_lsp.settings import ContextSettings, EngineSettings, Settings

HUB = Path(__file__).with_name("stand_in_hub.py")
NO_HUB = [sys.executable, "-c", "raise SystemExit('no hub today')"]
START = wire.Start("model.gguf", ContextSettings(), EngineSettings(), 64, False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A socket's path must be short, which `tmp_path` is not."""
    made = Path(tempfile.mkdtemp(prefix="hub-"))
    (made / "toy.gguf").touch()
    yield made
    shutil.rmtree(made, ignore_errors=True)  # hubs that are about to end remove files, too


@asynccontextmanager
async def server(folder: Path, *wrong: str, linger: float = 0.2, tcp: bool = False) -> AsyncIterator[SharedEngine]:
    command = [sys.executable, str(HUB), str(linger), meet.HUB, *wrong]
    engine = SharedEngine(folder / "toy.gguf", Settings(), "toy", folder / "run", command)
    engine.place = replace(engine.place, tcp=tcp)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def ready(*engines: SharedEngine) -> None:
    async with asyncio.timeout(30):
        for engine in engines:
            await engine.ready()


def hub_pid(engine: SharedEngine) -> int:
    card = read_card(engine.place)
    assert card is not None
    return card.pid


class TestName:
    def test_is_the_same_only_for_the_same_model_settings_and_program(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model, other = tmp_path / "a", tmp_path / "b"
        model.write_bytes(b"1")
        other.write_bytes(b"22")
        start = replace(START, model=str(model))
        name = name_of(start, ["python"], model, "here")
        assert name == name_of(replace(start), ["python"], model, "here")
        others = {
            name_of(replace(start, engine=EngineSettings(threads=3)), ["python"], model, "here"),
            name_of(replace(start, context=ContextSettings(prefix_tokens=100)), ["python"], model, "here"),
            name_of(replace(start, max_tokens=65), ["python"], model, "here"),
            name_of(start, ["another python"], model, "here"),
            name_of(start, ["python"], other, "here"),
            name_of(start, ["python"], model, "there"),
        }
        assert len(others | {name}) == 7
        for variable in ("CUDA_VISIBLE_DEVICES", "LLAMA_CPP_LIB_PATH", "UNRELATED"):
            monkeypatch.setenv(variable, "1")
            others.add(name_of(start, ["python"], model, "here"))
        assert len(others | {name}) == 9

    def test_another_build_of_llama_cpp_is_another_engine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        library = tmp_path / "llama_cpp" / "lib" / "libllama.so"
        library.parent.mkdir(parents=True)
        (tmp_path / "llama_cpp" / "__init__.py").touch()
        (tmp_path / "model").touch()
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "llama_cpp", raising=False)
        names = set()
        for build in ("one", "another"):
            library.write_text(build)
            names.add(name_of(START, ["python"], tmp_path / "model", "here"))
        assert len(names) == 2
        monkeypatch.setattr(identity, "find_spec", lambda _: None)
        assert identity.library() == []

    def test_a_link_to_the_model_is_the_model(self, folder: Path) -> None:
        (folder / "link.gguf").symlink_to(folder / "toy.gguf")
        places = {
            SharedEngine(folder / name, Settings(), folder=folder).place.name for name in ("toy.gguf", "link.gguf")
        }
        assert len(places) == 1

    def test_an_index_of_other_files_makes_no_other_engine(self, folder: Path) -> None:
        contexts = (ContextSettings(index=False), ContextSettings(index=True), ContextSettings(prefix_tokens=100))
        places = [
            SharedEngine(folder / "toy.gguf", Settings(context=context), folder=folder).place.name
            for context in contexts
        ]
        assert places[0] == places[1] != places[2]

    def test_machines_that_see_the_same_home_have_places_of_their_own(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The session's folder is seen by one machine only."""
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "session"))
        (folder / "session").mkdir()
        found = []
        for system in ("one", "another"):
            monkeypatch.setattr(identity, "this_system", lambda system=system: system)
            found += [
                SharedEngine(folder / "toy.gguf", Settings(), folder=folder / where).place.name
                for where in ("session/copilot-lsp", "home")
            ]
        assert found[0] == found[2]
        assert len(set(found)) == 3

    def test_this_system_is_the_same_for_all_its_processes(self) -> None:
        say = "from copilot_lsp.engine.shared.identity import this_system; print(this_system(), end='')"
        said = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True).stdout
        assert said == identity.this_system() != ""

    def test_a_model_that_is_not_there_and_a_path_too_long_for_a_socket(self, folder: Path) -> None:
        with pytest.raises(OSError, match=r"none\.gguf"):
            SharedEngine(folder / "none.gguf", Settings(), folder=folder)
        with pytest.raises(OSError, match="too long"):
            SharedEngine(folder / "toy.gguf", Settings(), folder=folder / ("x" * 100))


class TestAccess:
    def test_the_folder_is_private_even_where_it_was_not(self, folder: Path) -> None:
        (folder / "open").mkdir(mode=0o777)
        (folder / "open").chmod(0o777)
        make_private(folder / "open")
        assert (folder / "open").stat().st_mode & 0o777 == 0o700

    def test_a_link_in_place_of_the_folder_is_refused(self, folder: Path) -> None:
        (folder / "link").symlink_to(folder)
        with pytest.raises(PermissionError, match="not a folder of your own"):
            make_private(folder / "link")

    def test_the_card_is_readable_for_its_owner_only(self, folder: Path) -> None:
        place = Rendezvous(folder, "n")
        assert read_card(place) is None
        write_card(place, Card(1, 2, "ab"))
        assert place.card.stat().st_mode & 0o777 == 0o600
        assert read_card(place) == Card(1, 2, "ab")
        assert sorted(path.name for path in folder.iterdir()) == ["n.json", "toy.gguf"]
        place.card.write_text("[1, 2, 3]")
        assert read_card(place) is None

    def test_a_proof_is_good_for_one_side_and_one_nonce(self) -> None:
        proofs = {
            access.proof(token, who, nonce) for token in ("aa", "bb") for who in ("hub", "client") for nonce in "12"
        }
        assert len(proofs) == 8

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_who_does_not_know_the_token_gets_nothing(self, folder: Path, tcp: bool) -> None:
        async with server(folder, tcp=tcp) as engine:
            await ready(engine)
            card = read_card(engine.place)
            assert card is not None
            write_card(engine.place, replace(card, token="00" * 32))
            assert await meet.connect(engine.place) is None
            write_card(engine.place, card)
            reader, writer = await meet._open(engine.place, card)
            writer.write(wire.encode(wire.Ask(1, InfillRequest("d", "a.py", "abc", ""))))
            told = [wire.decode(line) async for line in reader]
            assert [type(message) for message in told] == [wire.Challenge]
            writer.close()
            assert (await ask(engine, "abc"))[0] == "ABC"

    async def test_a_stranger_behind_the_port_learns_nothing(self, folder: Path) -> None:
        """It took the port of a hub that is gone: it can ask for a proof but give none, and no text is sent to it."""
        heard: list[bytes] = []

        async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(wire.encode(wire.Challenge("aa")))
            heard.append(await reader.readline())
            writer.write(wire.encode(wire.Welcome("aa")))
            heard.append(await reader.read())
            writer.close()

        async with await asyncio.start_server(stranger, "127.0.0.1", 0) as listening:
            place = Rendezvous(folder, "n", tcp=True)
            write_card(place, Card(os.getpid(), listening.sockets[0].getsockname()[1], "cc" * 32))
            assert await meet.connect(place) is None
            await asyncio.sleep(0.05)
        assert heard[1:] == [b""]
        assert b"cc" * 32 not in heard[0]

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can make another user's folder")
    def test_a_folder_of_another_user_is_refused(self, folder: Path) -> None:
        (folder / "theirs").mkdir(mode=0o777)
        os.chown(folder / "theirs", 65534, 65534)
        with pytest.raises(PermissionError, match="not a folder of your own"):
            make_private(folder / "theirs")

    @pytest.mark.skipif(
        not shutil.which("setpriv") or sys.platform == "win32" or os.geteuid() != 0,
        reason="only root can become another user",
    )
    async def test_an_engine_of_another_user_is_not_talked_to(self, folder: Path) -> None:
        """Who could write into the folder could put one there, with a card of their own."""
        folder.chmod(0o777)
        place = Rendezvous(folder, "n")
        listen = f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(place.socket)!r}); s.listen(); "
        listen += "c = s.accept()[0]; print(c.recv(99))"
        command = ["setpriv", "--reuid", "nobody", "--clear-groups", sys.executable, "-I", "-S", "-c", listen]
        heard = asyncio.create_task(asyncio.to_thread(run, command))
        write_card(place, Card(os.getpid(), 0, "cc" * 32))
        async with asyncio.timeout(20):
            while not place.socket.exists():
                assert not heard.done(), heard.result()
                await asyncio.sleep(0.02)
        while not heard.done():  # it binds a moment before it listens
            assert await meet.connect(place) is None
            await asyncio.sleep(0.02)
        assert heard.result() == "b''\n", "not a word, and no proof"

    @pytest.mark.skipif(
        not shutil.which("setpriv") or sys.platform == "win32" or os.geteuid() != 0,
        reason="only root can become another user",
    )
    async def test_another_user_cannot_enter(self, folder: Path) -> None:
        """Neither through the folder nor, where that were open, past SO_PEERCRED with the right token."""
        folder.chmod(0o755)
        async with server(folder) as engine:
            await ready(engine)
            command = ["setpriv", "--reuid", "nobody", "--clear-groups", sys.executable, "-I", "-S", "-c"]
            enter = f"import socket; socket.socket(socket.AF_UNIX).connect({str(engine.place.socket)!r})"
            refused = await asyncio.to_thread(run, [*command, enter])
            assert "PermissionError" in refused
            engine.place.folder.chmod(0o755)
            engine.place.socket.chmod(0o666)
            read = "import socket; s = socket.socket(socket.AF_UNIX); s.connect({!r}); print(s.recv(99))"
            said = await asyncio.to_thread(run, [*command, read.format(str(engine.place.socket))])
            assert said == "b''\n", "not even a challenge"
            card = await asyncio.to_thread(run, [*command, f"open({str(engine.place.card)!r})"])
            assert "PermissionError" in card
            assert (await ask(engine, "abc"))[0] == "ABC"


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    return done.stdout + done.stderr


@pytest.mark.parametrize("tcp", [False, True])
async def test_two_that_start_at_once_share_one(folder: Path, tcp: bool) -> None:
    async with server(folder, tcp=tcp) as first, server(folder, tcp=tcp) as second, server(folder, tcp=tcp) as third:
        await ready(first, second, third)
        assert len({engine.status.pid for engine in (first, second, third)}) == 1
        answers = await asyncio.gather(
            *(ask(engine, text) for engine, text in ((first, "a"), (second, "b"), (third, "c")))
        )
        assert [text for text, _ in answers] == ["A", "B", "C"]
        assert [engine.status.clients for engine in (first, second, third)] == [3, 3, 3]
        assert first.status.model == "toy"
        assert first.status.details == {"template": "toy"}


async def test_ends_some_time_after_the_last_has_left(folder: Path) -> None:
    async with server(folder, linger=0.5) as first:
        await ask(first, "abc")
        hub, worker = hub_pid(first), first.status.pid
        assert worker is not None
    for _ in range(3):
        await asyncio.sleep(0.2)
        async with server(folder, linger=0.5) as again:
            await ready(again)
            assert again.status.pid == worker
    assert await gone(hub)
    assert await gone(worker)
    assert [path.suffix for path in (folder / "run").iterdir() if path.suffix in (".sock", ".json")] == []


async def test_what_one_leaves_goes_with_it_and_the_other_goes_on(folder: Path) -> None:
    async with server(folder) as first:
        async with server(folder) as second:
            await ready(first, second)
            async with aclosing(second.infill(InfillRequest("d", "a.py", "slow", ""))) as stream:
                assert isinstance(await anext(stream), Piece)
                waiting = asyncio.create_task(ask(first, "abc"))
                await asyncio.sleep(0.1)
                assert not waiting.done()
                assert second._connection is not None
                second._connection.writer.transport.abort()  # as if it had been killed
                assert (await asyncio.wait_for(waiting, 5))[0] == "ABC"
        assert first.status.state is EngineState.READY


async def test_a_crash_of_the_engine_is_one_crash_for_all(folder: Path) -> None:
    async with server(folder) as first, server(folder) as second:
        await ready(first, second)
        hub, worker = hub_pid(first), first.status.pid
        with pytest.raises(EngineDied, match="SIGKILL"):
            await ask(first, "die")
        await ready(first, second)
        assert hub_pid(first) == hub
        assert first.status.pid == second.status.pid != worker
        assert [(await ask(engine, "abc"))[0] for engine in (first, second)] == ["ABC", "ABC"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_when_the_hub_is_killed_exactly_one_starts_another(folder: Path, how: signal.Signals) -> None:
    async with server(folder) as first, server(folder) as second, server(folder) as third:
        engines = (first, second, third)
        await ready(*engines)
        hub, worker = hub_pid(first), first.status.pid
        assert worker is not None
        os.kill(hub, how)
        assert await gone(hub)
        assert await gone(worker)
        async with asyncio.timeout(20):
            while {engine.status.pid for engine in engines} == {worker} or len({e.status.pid for e in engines}) > 1:
                await asyncio.sleep(0.02)
        await ready(*engines)
        assert [(await ask(engine, "abc"))[0] for engine in engines] == ["ABC"] * 3
        assert hub_pid(first) != hub


async def test_a_hub_that_hangs_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PING_SECONDS", 0.2)
    async with server(folder) as engine:
        await ready(engine)
        hub = hub_pid(engine)
        os.kill(hub, signal.SIGSTOP)
        with pytest.raises(EngineDied, match="went away"):
            await ask(engine, "abc")
        assert await gone(hub)
        await ready(engine)
        assert (await ask(engine, "abc"))[0] == "ABC"


async def test_a_hub_that_hangs_lets_nobody_in_and_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(folder) as first:
        await ready(first)
        hub = hub_pid(first)
        os.kill(hub, signal.SIGSTOP)
        monkeypatch.setattr(access, "HANDSHAKE_SECONDS", 0.5)
        async with server(folder) as second:
            assert await gone(hub)
            monkeypatch.undo()
            await ready(second)
            assert (await ask(second, "abc"))[0] == "ABC"


async def test_only_a_hub_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        meet.kill(other.pid)
        meet.kill(2**22 + 1)
        await asyncio.sleep(0.1)
        assert other.poll() is None
        other.kill()


async def test_what_is_left_of_a_hub_is_no_hindrance(folder: Path) -> None:
    async with server(folder, linger=60) as first:
        await ask(first, "abc")
        place, pid = first.place, hub_pid(first)
    os.kill(pid, signal.SIGKILL)
    assert await gone(pid)
    assert place.socket.exists()
    async with server(folder) as second:
        await ready(second)
        assert hub_pid(second) != pid


async def test_a_hub_that_another_has_replaced_leaves_its_files_alone(folder: Path) -> None:
    """Somebody tidied up, and nobody found the first."""
    async with server(folder) as first:
        await ready(first)
        old = hub_pid(first)
        first.place.clear()
        async with server(folder) as second:
            await ready(second)
            new = hub_pid(second)
            assert new != old
            await first.close()
            assert await gone(old)
            assert hub_pid(second) == new
            async with server(folder) as third:
                await ready(third)
                assert third.status.pid == second.status.pid


async def test_an_engine_that_cannot_be_used_is_given_up_by_all_and_ends(folder: Path) -> None:
    async with server(folder, "unusable", linger=60) as first:
        with pytest.raises(EngineFailed, match="this model is no model"):
            await ready(first)
        assert read_card(first.place) is None
        async with server(folder) as second:
            await ready(second)
            assert first.status.state is EngineState.FAILED


async def test_a_restart_by_hand_is_one_for_all(folder: Path) -> None:
    async with server(folder, linger=60) as first, server(folder, linger=60) as second:
        await ready(first, second)
        worker = first.status.pid
        await first.close(discard=True)
        async with asyncio.timeout(20):
            while second.status.pid == worker:
                await asyncio.sleep(0.02)
        await ready(second)
        assert (await ask(second, "abc"))[0] == "ABC"
        await second.close(discard=True)


async def test_a_hub_that_does_not_start_is_a_failure_that_says_why(folder: Path) -> None:
    engine = SharedEngine(folder / "toy.gguf", Settings(), folder=folder, command=NO_HUB)
    await engine.start()
    with pytest.raises(EngineFailed, match=r"cannot be reached: its process does not start: no hub today$"):
        await engine.ready()
    assert not engine.is_unusable
    await engine.close()


@pytest.mark.parametrize("wrong", ["", "never-ready"])
async def test_an_engine_that_was_asked_nothing_ends_at_once(folder: Path, wrong: str) -> None:
    async with server(folder, wrong, linger=60) as engine:
        async with asyncio.timeout(20):
            while engine.status.state is not (EngineState.STARTING if wrong else EngineState.READY):
                await asyncio.sleep(0.02)
            while engine.status.pid is None:
                await asyncio.sleep(0.02)
        hub = hub_pid(engine)
    assert await gone(hub)


async def test_a_cancel_reaches_the_engine_and_what_waits_is_dropped(folder: Path) -> None:
    async with server(folder) as first, server(folder) as second:
        await ready(first, second)
        slow = asyncio.create_task(ask(first, "slow"))
        await asyncio.sleep(0.2)
        waiting = asyncio.create_task(ask(second, "b"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        third = asyncio.create_task(ask(second, "c"))
        await asyncio.sleep(0.1)
        first.forget()
        assert (await asyncio.wait_for(slow, 5))[1].end is FinishReason.CANCELLED
        assert (await asyncio.wait_for(third, 5))[0] == "C"
        assert second.spent.generated == 1


async def test_garbage_costs_the_client_that_says_it_its_connection_and_nobody_else(folder: Path) -> None:
    async with server(folder) as first, server(folder) as second:
        await ready(first, second)
        worker = first.status.pid
        lost = second._connection
        assert lost is not None
        lost.writer.write(b"garbage\n")
        assert (await ask(first, "abc"))[0] == "ABC"
        async with asyncio.timeout(10):
            while second._connection in (lost, None):
                await asyncio.sleep(0.02)
        await ready(second)
        assert (await ask(second, "abc"))[0] == "ABC"
        assert first.status.pid == worker


def test_a_state_survives_the_wire() -> None:
    details: dict[str, str | int | float | bool] = {"a": 1, "b": 0.5, "c": True, "d": "x"}
    status = EngineStatus(EngineState.READY, "ready", "m", True, 5, details, 2)
    assert wire.decode(wire.encode(wire.State(status))) == wire.State(status)
