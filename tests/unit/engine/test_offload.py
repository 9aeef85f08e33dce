"""How many layers go to a GPU. There is none where this runs: the decision is tested, not the GPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_gguf

from copilot_lsp.engine.local import llama, offload
from copilot_lsp.engine.local.devices import devices, load_backends
from copilot_lsp.engine.local.llama import Llama, ModelParams, _load_model
from copilot_lsp.engine.local.offload import KINDS, RESERVE, ROOM, Device, Needs
from copilot_lsp.errors import ModelCorrupt
from copilot_lsp.models import gguf
from copilot_lsp.settings import EngineSettings

MB = 10**6
NEEDS = Needs([100 * MB, 200 * MB, 300 * MB], 50 * MB)
"""llama.cpp offloads the output first, then the layers from the last one on: 50, 300, 200, 100."""


def free(needed: int) -> int:
    """Bytes, for so many megabytes."""
    return RESERVE + round((needed + 0.1) * MB / ROOM)


@pytest.mark.parametrize(
    ("needed", "layers"), [(0, 0), (49, 0), (50, 1), (349, 1), (350, 2), (549, 2), (550, 3), (650, 4), (10**12, 4)]
)
def test_as_many_layers_as_fit(needed: int, layers: int) -> None:
    assert offload.layers(NEEDS, free(needed)) == layers


@pytest.mark.parametrize("memory", [0, RESERVE // 2, RESERVE])
def test_a_small_gpu_gets_nothing(memory: int) -> None:
    assert offload.layers(NEEDS, memory) == 0


def test_a_layer_needs_its_weights_and_its_share_of_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf.make().data)
    file = gguf.read(path)
    found = offload.needs(file, 1000)
    block = sum(tensor.size or 0 for tensor in file.tensors if tensor.name.startswith("blk.0."))
    assert found == Needs([block + 1000], file.tensors[0].size or 0), "the embedding matrix is the output matrix too"


GPU = Device("CUDA0", "NVIDIA", "GPU", 8_000, 10_000)
SECOND = Device("CUDA1", "NVIDIA", "GPU", 5_000, 10_000)
SHARED = Device("Vulkan0", "Intel", "IGPU", 9_000, 16_000)
CPU = Device("CPU", "Xeon", "CPU", 16_000, 16_000)


@pytest.mark.parametrize(
    ("devices", "memory"),
    [([CPU], 0), ([], 0), ([GPU, CPU], 8_000), ([GPU, SECOND, SHARED, CPU], 13_000), ([SHARED, CPU], 9_000)],
)
def test_memory_is_that_of_the_gpus_which_llama_cpp_uses(devices: list[Device], memory: int) -> None:
    assert offload.memory(devices) == memory


def test_a_gpu_that_does_not_say_gets_all_layers() -> None:
    assert offload.layers(NEEDS, offload.memory([Device("Vulkan0", "x", "GPU", 0, 0)])) == 4


def test_fewer_and_fewer_are_tried_and_none_at_last() -> None:
    assert list(offload.attempts(25)) == [25, 12, 6, 3, 1, 0]
    assert list(offload.attempts(0)) == [0]


def test_the_setting_wins_where_there_is_a_gpu(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf.make().data)
    assert offload.wanted(path, 7, 4096, 10**9) == 7
    assert offload.wanted(path, 7, 4096, 0) == offload.wanted(path, -1, 4096, 0) == 0
    assert offload.wanted(path, -1, 4096, 10**9) == 2, "one layer and the output"


def test_llama_cpp_names_its_devices() -> None:
    """The real library: without a GPU it has the CPU, whose memory is this machine's."""
    load_backends()
    found = devices()
    assert any(device.kind == "CPU" and device.total > 10**8 for device in found)
    assert all(device.name and device.kind in KINDS for device in found)


class Library:
    """Where llama.cpp fails to load a model with more layers than fit on its GPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fits: int, path: Path) -> None:
        self.tried: list[int] = []
        self.fits = fits
        monkeypatch.setattr(llama, "devices", lambda: [GPU])
        monkeypatch.setattr(llama, "_load_model", self.load)
        self.load_really = _load_model
        self.path = path

    def load(self, params: ModelParams, gpu_layers: int, progress: Callable[[float], None]) -> object:
        self.tried.append(gpu_layers)
        if gpu_layers > self.fits:
            raise ModelCorrupt("out of memory")
        return self.load_really(params, 0, progress)

    def open(self, layers: int) -> Llama:
        return Llama(ModelParams(self.path, 64, EngineSettings(gpu_layers=layers, sequences=1)))


@pytest.mark.parametrize(("fits", "tried"), [(8, [8]), (5, [8, 4]), (0, [8, 4, 2, 1, 0])])
def test_when_memory_is_full_fewer_layers_are_tried(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fits: int,
    tried: list[int],
) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_gguf.make().data)
    library = Library(monkeypatch, fits, path)
    facts = library.open(8).describe()
    assert library.tried == tried
    assert (facts["gpu_layers"], facts["gpu_full"]) == (tried[-1], len(tried) > 1)
    said = "the GPU's memory is full" in capsys.readouterr().err
    assert said == (len(tried) > 1)


def test_a_file_that_cannot_be_loaded_is_an_error_after_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(monkeypatch, -1, tmp_path / "x.gguf")
    with pytest.raises(ModelCorrupt, match="out of memory"):
        library.open(1)
    assert library.tried == [1, 0]
