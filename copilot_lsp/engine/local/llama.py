"""llama.cpp through its C API: load a model, make a context, evaluate tokens.

Only the engine process imports this module, so that a crash does not take the language server down.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
from numpy.typing import NDArray

from copilot_lsp.engine import fim
from copilot_lsp.engine.families import Vocabulary
from copilot_lsp.engine.local import offload
from copilot_lsp.engine.local.cores import default_threads
from copilot_lsp.engine.local.devices import devices, load_backends
from copilot_lsp.errors import ModelCorrupt
from copilot_lsp.models.header import shown
from copilot_lsp.settings import EngineSettings

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelParams:
    """How to load. `context` is in tokens and for each sequence.

    `safe`: without a GPU, and without repacked weights (`use_extra_bufts`). That leaves out the AMX kernels, which
    crash where llama.cpp was compiled by GCC before 13.2.1; prompts are evaluated 3 to 5 times slower.
    """

    path: Path
    context: int
    engine: EngineSettings
    safe: bool = False


class Aborted(Exception):
    """The evaluation was stopped by `Llama.abort`."""


class Llama:
    """A model and its context. Everything but `abort` is for one thread.

    `context_size`: tokens a sequence can hold; less than was asked for where the model was trained with less.
    `rewinds`: whether a part of a sequence can be forgotten (`self_test` finds out; not with recurrent models).
    """

    def __init__(self, params: ModelParams, progress: Callable[[float], None] = lambda _: None) -> None:
        """Raises ModelCorrupt if llama.cpp cannot load the file. `progress` is called with 0 to 1."""
        load_backends()
        self.params = params
        self.threads = params.engine.threads or default_threads()
        self.rewinds = True
        self.prefill_ms = 0.0
        # llama.cpp asks before each node of the graph whether to go on. A Python function there would cost an
        # interpreter lock a thousand times a token, so the C library's strlen answers: it is 0 ("go on") while
        # the first byte is 0, and 1 as soon as `abort` sets that byte.
        self._abort = ctypes.create_string_buffer(2)
        self.evaluations = 0
        self.prefilling = self.stopping = False
        started = time.perf_counter()
        self.devices = devices()
        cells = params.context * params.engine.sequences
        wanted = 0 if params.safe else params.engine.gpu_layers
        self.gpu_wanted = self.gpu_layers = offload.wanted(params.path, wanted, cells, offload.memory(self.devices))
        self._open(progress)
        self.load_ms = (time.perf_counter() - started) * 1000
        self.vocabulary = api.llama_model_get_vocab(self._model)
        self.vocabulary_size = api.llama_vocab_n_tokens(self.vocabulary)
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(params.engine.batch, 0, 1)

    def _open(self, progress: Callable[[float], None]) -> None:
        """With fewer layers on the GPU when its memory proves too small. Raises ModelCorrupt."""
        for layers in offload.attempts(self.gpu_wanted):
            self.gpu_layers = layers
            try:
                self._model = _load_model(self.params, layers, progress)
                self._open_context()
                break
            except ModelCorrupt:
                if not layers:
                    raise
        if self.gpu_layers != self.gpu_wanted:
            sys.stderr.write(f"the GPU's memory is full: {self.gpu_layers} layers run on it, not {self.gpu_wanted}\n")

    def _open_context(self) -> None:
        trained = int(api.llama_model_n_ctx_train(self._model))
        self.context_size = min(self.params.context, trained) if trained > 0 else self.params.context
        try:
            self._context = self._make_context()
        except ModelCorrupt:
            api.llama_model_free(self._model)
            raise

    def remake(self, engine: EngineSettings) -> None:
        """An empty context with other settings around the same weights. Raises ModelCorrupt; the old one stays then."""
        before, old = (self.params, self.threads), self._context
        self.params, self.threads = replace(self.params, engine=engine), engine.threads or default_threads()
        try:
            self._context = self._make_context()
        except ModelCorrupt:
            self.params, self.threads = before
            raise
        api.llama_free(old)
        self._memory = api.llama_get_memory(self._context)

    def abort(self) -> None:
        """Make the current or next evaluation raise Aborted. Thread-safe."""
        self._abort[0] = b"\1"

    def stop(self) -> None:
        """Cancel after the current prompt batch, because the next key's prompt begins with the same tokens."""
        self.stopping = True
        if not self.prefilling:
            self.abort()

    def clear_abort(self) -> None:
        self.stopping = False
        self._abort[0] = b"\0"

    @property
    def aborted(self) -> bool:
        return bool(self._abort[0] != b"\0")

    def evaluate(self, tokens: Sequence[int], position: int, sequence: int, outputs: int) -> Logits:
        """Evaluates at most `batch` tokens at `position` of `sequence`; the logits of the last `outputs` of them.

        The rows stay valid until the next call. Raises Aborted; the tokens are not in the cache then.
        """
        count = len(tokens)
        batch = self._batch
        batch.n_tokens = count
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = index >= count - outputs
        result = api.llama_decode(self._context, batch)
        self.evaluations += 1
        if result != 0 or self.aborted:
            self.forget(sequence, position)
            if self.aborted:
                raise Aborted
            raise RuntimeError(f"llama_decode returned {result} for {count} tokens at {position}")
        if outputs == 0:
            api.llama_synchronize(self._context)
            return np.empty((0, self.vocabulary_size), np.float32)
        flat = api.llama_get_logits(self._context)
        return np.ctypeslib.as_array(flat, shape=(outputs, self.vocabulary_size))

    def forget(self, sequence: int, start: int) -> bool:
        """Removes the tokens from `start` on; False when this kind of memory cannot, and then nothing is left."""
        if api.llama_memory_seq_rm(self._memory, sequence, start, -1):
            return True
        api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return start == 0

    def copy(self, source: int, target: int, count: int) -> bool:
        """Puts the first `count` tokens of a sequence in the place of all that `target` holds; False when it cannot."""
        api.llama_memory_seq_rm(self._memory, target, -1, -1)
        # Each sequence has a buffer of its own, which llama.cpp copies as a whole.
        api.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        return self.forget(target, count)

    def metadata(self, key: str) -> str:
        """A value of the GGUF's metadata as text, "" when it is not there."""
        buffer = ctypes.create_string_buffer(512)
        size = api.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if size >= 0 else ""

    def describe(self) -> dict[str, str | int | float | bool]:
        """Facts for `doctor` and the log."""
        buffer = ctypes.create_string_buffer(128)
        api.llama_model_desc(self._model, buffer, len(buffer))
        return {
            "model": buffer.value.decode("utf-8", "replace"),
            "bytes": int(api.llama_model_size(self._model)),
            "context": self.context_size,
            "trained_context": int(api.llama_model_n_ctx_train(self._model)),
            "sequences": self.params.engine.sequences,
            "threads": self.threads,
            "devices": "; ".join(map(str, self.devices)),
            "gpu_layers": self.gpu_layers,
            "gpu_full": self.gpu_layers < self.gpu_wanted,
            "load_ms": round(self.load_ms),
            "llama_cpp": api.llama_print_system_info().decode("utf-8", "replace").strip(),
        }

    def self_test(self) -> float:
        """Evaluates a batch and a single token, the two ways through the kernels; milliseconds.

        If llama.cpp was miscompiled, this ends the process before a user waits for it. The batch again, now
        that the weights are in memory, tells `prefill_ms`, the time for a token of a prompt.
        """
        started = time.perf_counter()
        count = min(32, self.params.engine.batch, self.context_size - 1)
        tokens = [token % self.vocabulary_size for token in range(20, 20 + count)]
        self.evaluate(tokens, 0, 0, 0)
        self.forget(0, 0)
        again = time.perf_counter()
        self.evaluate(tokens, 0, 0, 0)
        self.prefill_ms = (time.perf_counter() - again) * 1000 / count
        logits = self.evaluate(tokens[:1], count, 0, 1)
        self.rewinds = self.forget(0, count // 2)
        self.forget(0, 0)
        if not np.isfinite(logits).all():
            raise RuntimeError("the model's output is not a number: llama.cpp does not work on this machine")
        return (time.perf_counter() - started) * 1000

    def _make_context(self) -> object:
        parameters = api.llama_context_default_params()
        parameters.n_ctx = self.context_size * self.params.engine.sequences
        parameters.n_seq_max = self.params.engine.sequences
        parameters.n_batch = parameters.n_ubatch = self.params.engine.batch
        parameters.n_threads = parameters.n_threads_batch = self.threads
        parameters.flash_attn_type = int(self.params.engine.flash_attention)
        if self.params.engine.cache_type == "q8_0" and self.params.engine.flash_attention:
            parameters.type_k = parameters.type_v = api.GGML_TYPE_Q8_0
        # Each sequence has cells of its own: attention does not pay for the other documents.
        parameters.kv_unified = False
        parameters.no_perf = True
        parameters.abort_callback = ctypes.cast(_strlen(), api.ggml_abort_callback)
        parameters.abort_callback_data = ctypes.cast(self._abort, ctypes.c_void_p)
        context = api.llama_init_from_model(self._model, parameters)
        if not context:
            raise ModelCorrupt(
                f"llama.cpp cannot make a context of {parameters.n_ctx} tokens for {shown(self.params.path)}"
            )
        return context


def template_of(llama: Llama, vocabulary: Vocabulary) -> fim.Template:
    """The prompt template of this model."""
    name = f"{llama.metadata('general.architecture')} {llama.metadata('general.name')}"
    return fim.detect(vocabulary, name, llama.metadata(fim.LAYOUT_KEY))


def _load_model(params: ModelParams, gpu_layers: int, progress: Callable[[float], None]) -> object:
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = gpu_layers
    parameters.use_extra_bufts = not params.safe

    @api.llama_progress_callback  # type: ignore[untyped-decorator]
    def report(fraction: float, _data: object) -> bool:
        progress(fraction)
        return True

    parameters.progress_callback = report
    _errors.clear()
    model = api.llama_model_load_from_file(os.fsencode(params.path), parameters)
    if not model:
        raise ModelCorrupt(f"llama.cpp cannot load {shown(params.path)}: {_reason()}")
    return model


def _strlen() -> Any:  # noqa: ANN401
    """The address of the C library's strlen, in any process: Python itself is linked against it."""
    library = ctypes.CDLL("msvcrt") if os.name == "nt" else ctypes.CDLL(None)
    return library.strlen


_errors: deque[str] = deque(maxlen=10)


def _reason() -> str:
    """The last error logged by llama.cpp, without repetitions."""
    lines = [shown(line.strip()) for line in _errors]
    named = [line.partition("error loading model: ")[2] for line in lines]
    return next(filter(None, [*named, *lines]), "it does not say why")[:200]


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _data: object) -> None:
    if level in (3, 4):  # GGML_LOG_LEVEL_WARN, _ERROR
        sys.stderr.write(text.decode("utf-8", "replace"))
    if level == 4:
        _errors.append(text.decode("utf-8", "replace"))


def silence_log() -> None:
    """Warnings and errors of llama.cpp go to standard error, the rest nowhere."""
    api.llama_log_set(_log, ctypes.c_void_p(0))
