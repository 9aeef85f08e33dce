"""The devices that llama.cpp has found: what it can compute on, and the memory that is free there."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import llama_cpp.llama_cpp as api
from llama_cpp._ctypes_extensions import load_shared_library

from copilot_lsp.engine.local.offload import KINDS, Device


def library() -> Any:  # noqa: ANN401
    """The one that is loaded: another copy of the same file has a registry of its own. Windows looks a function up in
    one library only, and loads none twice.
    """
    return load_shared_library("ggml", api._base_path) if os.name == "nt" else api._lib


def load_backends() -> None:
    """Registers the backends that are files beside the library: the CPU variant that suits best, and the GPU's.

    Before anything else is asked of llama.cpp: as long as nothing is registered it looks by itself, also in the
    current folder, where a project could have put a library of its own. A build that has its backends inside has
    registered them already.
    """
    ggml = library()
    ggml.ggml_backend_reg_count.restype = ctypes.c_size_t
    if not ggml.ggml_backend_reg_count():
        ggml.ggml_backend_load_all_from_path(os.fsencode(api._base_path))


def devices() -> list[Device]:
    """After `load_backends`."""
    ggml = library()
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = (ctypes.c_size_t,)
    return [_device(ggml, ggml.ggml_backend_dev_get(index)) for index in range(ggml.ggml_backend_dev_count())]


def _device(ggml: Any, pointer: int) -> Device:  # noqa: ANN401
    for what in ("name", "description"):
        function = getattr(ggml, f"ggml_backend_dev_{what}")
        function.argtypes, function.restype = (ctypes.c_void_p,), ctypes.c_char_p
    ggml.ggml_backend_dev_type.argtypes = (ctypes.c_void_p,)
    ggml.ggml_backend_dev_memory.argtypes = (ctypes.c_void_p, *[ctypes.POINTER(ctypes.c_size_t)] * 2)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    ggml.ggml_backend_dev_memory(pointer, ctypes.byref(free), ctypes.byref(total))
    kind = int(ggml.ggml_backend_dev_type(pointer))
    name, description = (
        (getattr(ggml, f"ggml_backend_dev_{what}")(pointer) or b"").decode("utf-8", "replace").strip()
        for what in ("name", "description")
    )
    return Device(name, description, KINDS[kind] if kind < len(KINDS) else "?", free.value, total.value)
