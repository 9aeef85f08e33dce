"""Models from a hub: what a server may do, and what the user gets then."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from hub_server import CDN, HUB, HubServer
from tiny_model import GGUF, put

from copilot_lsp import models
from copilot_lsp.errors import DiskFull, DownloadFailed
from copilot_lsp.models import own, partial, registry
from copilot_lsp.models.progress import Progress
from copilot_lsp.models.registry import Entry
from copilot_lsp.models.sources import http


def entry(name: str = "hubbed") -> Entry:
    return registry.load().get(name)


def test_the_content_is_behind_a_redirect_that_does_not_get_the_token(hub: HubServer, cache: Path) -> None:
    steps: list[Progress] = []
    model = models.pull("hubbed", steps.append)
    assert model.path.read_bytes() == GGUF
    assert {path.name for path in cache.iterdir()} == {model.path.name, f".{model.path.stem}.lock"}
    tokens = dict(hub.tokens)
    assert tokens[f"{HUB}:{hub.port}"] == "Bearer hf_secret"
    assert tokens[f"{CDN}:{hub.port}"] == ""
    done = [step.done for step in steps if step.step.startswith("downloading")]
    assert done == sorted(done)
    assert done[-1] == len(GGUF)


def test_a_cut_connection_is_taken_up_where_it_broke(hub: HubServer) -> None:
    hub.cuts = [100_000, 50_000]
    assert models.pull("hubbed").path.read_bytes() == GGUF
    assert hub.contents == ["", "bytes=100000-", "bytes=150000-"]


def test_after_an_interrupt_the_next_pull_goes_on(hub: HubServer) -> None:
    hub.piece, hub.pause = 1 << 14, 0.005

    def interrupt(progress: Progress) -> None:
        if progress.done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        models.pull("hubbed", interrupt)
    have = partial.size(entry())
    assert 0 < have < len(GGUF)
    assert models.pull("hubbed").path.read_bytes() == GGUF
    assert hub.contents[-1] == f"bytes={have}-"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "asks for a login (401): set HF_TOKEN"),
        (403, "asks for a login (403)"),
        (404, "does not have the file (404)"),
        (429, "allows no more requests for now (429): try again later"),
        (500, "reports an internal error (500)"),
        (503, "reports an internal error (503): try again later"),
    ],
)
def test_a_refusal_is_one_line(hub: HubServer, cache: Path, status: int, message: str) -> None:
    hub.refuse = [status] * 100
    with pytest.raises(DownloadFailed) as error:
        models.pull("hubbed")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not entry().path.exists()


@pytest.mark.parametrize("status", [401, 404, 503])
def test_what_the_hub_refuses_comes_from_the_next_source(hub: HubServer, status: int) -> None:
    hub.refuse = [status] * 100
    assert models.pull("both").path.read_bytes() == GGUF


def test_what_one_source_brought_outlives_a_try_of_another(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub stops in the middle and is not there the next time; then it is again."""
    hub.cuts = [100_000] + [0] * http.ATTEMPTS
    both = entry("both")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    with pytest.raises(DownloadFailed):
        models.pull("both")
    assert partial.size(both) == 100_000
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed):
        models.pull("both")
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    assert models.pull("both").path.read_bytes() == GGUF
    assert hub.contents[-1] == "bytes=100000-"


def test_without_a_connection_the_next_source_is_asked_at_once(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert models.pull("both").path.read_bytes() == GGUF
    with pytest.raises(DownloadFailed, match=r"no connection to 127.0.0.1:9"):
        models.pull("hubbed")


@pytest.mark.parametrize("passing", [[429, 429], [503], [500, 504]])
def test_trouble_that_passes_is_waited_for(hub: HubServer, passing: list[int]) -> None:
    hub.refuse = list(passing)
    assert models.pull("hubbed").path.read_bytes() == GGUF


def test_trouble_in_the_middle_is_waited_for(hub: HubServer) -> None:
    hub.cuts = [100_000]

    class Asked(list[tuple[str, str, str]]):
        def append(self, item: tuple[str, str, str]) -> None:
            super().append(item)
            if len(self) == 3:  # the second content
                hub.refuse = [503, 429]

    hub.asked = Asked(hub.asked)
    assert models.pull("hubbed").path.read_bytes() == GGUF
    assert hub.contents == ["", "bytes=100000-", "bytes=100000-", "bytes=100000-"]


def test_a_server_that_knows_no_ranges_sends_all_again(hub: HubServer) -> None:
    hub.ranges, hub.cuts = False, [100_000]
    assert models.pull("hubbed").path.read_bytes() == GGUF


def test_another_content_of_the_same_length_is_refused_and_not_kept(hub: HubServer, cache: Path) -> None:
    hub.content = GGUF[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="the downloaded file is not hubbed: its SHA-256 is"):
        models.pull("hubbed")
    assert [path.suffix for path in cache.rglob("*") if path.is_file()] == [".lock"]


def test_a_content_of_another_length_is_not_even_downloaded(hub: HubServer) -> None:
    hub.content = GGUF + b"?"
    with pytest.raises(DownloadFailed, match="it is another file"):
        models.pull("hubbed")
    assert hub.contents == []


def test_a_beginning_of_something_else_is_thrown_away(hub: HubServer) -> None:
    part = partial.of(entry(), entry().remote[0])
    put(part.file, b"?" * 100_000)
    assert models.pull("hubbed").path.read_bytes() == GGUF
    assert hub.contents == ["bytes=100000-", ""]


def test_what_is_longer_than_the_file_is_begun_anew(hub: HubServer) -> None:
    part = partial.of(entry(), entry().remote[0])
    put(part.file, GGUF * 2)
    assert models.pull("hubbed").path.read_bytes() == GGUF


def test_a_range_that_cannot_be_is_begun_anew(hub: HubServer) -> None:
    """416, where the length of the content is not known beforehand."""
    own.add(f"{hub.endpoint}/cdn/model.gguf", "mine")
    part = partial.of(entry("mine"), entry("mine").remote[0])
    put(part.file, GGUF * 2)
    assert models.pull("mine").path.read_bytes() == GGUF
    assert hub.contents == [f"bytes={2 * len(GGUF)}-", ""]


def test_a_slow_link_is_waited_for(hub: HubServer) -> None:
    hub.piece, hub.pause = 1 << 15, 0.02
    assert models.pull("hubbed").path.read_bytes() == GGUF


def test_two_at_once_download_once(hub: HubServer) -> None:
    hub.piece, hub.pause = 1 << 14, 0.01
    said: list[str] = []
    threads = [threading.Thread(target=models.pull, args=("hubbed", lambda p: said.append(p.step))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entry().path.read_bytes() == GGUF
    assert len(hub.contents) == 1
    assert "waiting: another process is getting hubbed" in said


def test_a_disk_that_is_too_small_is_seen_before_the_download(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(DiskFull, match=r"0 MB are needed in .*, and 0 MB are free"):
        models.pull("hubbed")
    assert hub.contents == []


def test_a_disk_that_fills_up_asks_no_other_source_and_keeps_what_is_there(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        status_code = 200
        headers: ClassVar[dict[str, str]] = {}

        def iter_raw(self) -> Iterator[bytes]:
            yield GGUF[:1000]
            raise OSError(errno.ENOSPC, "No space left on device")  # as the write of the next piece would

    @contextmanager
    def answered(*_: object) -> Iterator[Full]:
        yield Full()

    monkeypatch.setattr(http, "_asking", answered)
    monkeypatch.setattr(http, "hf_raise_for_status", lambda _: None)
    with pytest.raises(DiskFull, match="the disk is full: free some space for"):
        models.pull("both")
    assert partial.size(entry("both")) == 1000


def test_a_model_without_a_checksum_records_it_at_the_first_download(hub: HubServer) -> None:
    own.add(f"{hub.endpoint}/cdn/model.gguf?download=1")
    assert entry("model").sha256 == ""
    path = models.pull("model").path
    assert path.read_bytes() == GGUF
    assert entry("model").sha256 == hashlib.sha256(GGUF).hexdigest()
    path.unlink()
    hub.content = GGUF[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="is not model: its SHA-256"):
        models.pull("model")


def test_a_hub_that_is_none_is_named(hub: HubServer) -> None:
    """A proxy that answers for everybody, for example: no commit, no etag, and nothing that could be the file."""
    hub.refuse = [200] * 100
    with pytest.raises(DownloadFailed, match="was cut: try again"):
        models.pull("hubbed")


def test_offline_stays_offline(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    from huggingface_hub.utils._http import close_session

    close_session()
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE is set"):
        models.pull("hubbed")
    assert hub.asked == []


def test_the_waits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def never() -> None:
        raise ConnectionResetError

    with pytest.raises(DownloadFailed, match="was cut"):
        http.patiently(never, "https://example.org/x")
    assert waited == [1, 2, 4, 8]
