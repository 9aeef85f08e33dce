"""An engine process for measuring: a model's speed, how well it fills holes, and llama.cpp's quantizer.

Started by `copilot_lsp/launch.py`. Its standard input has one JSON object a line: first what to load, then jobs. Each
is answered by JSON objects, a line each, the last of them {"end": true}, or {"error": "..."}.

    {"model", "safe"}                                        loads it; "model" "" loads nothing
    {"job": "speed", "config", "batches", "filled"}          {"batch", "ms"}, once for each
    {"job": "fill", "holes": [{"prefix", "suffix", "truth"}]}  {"nats", "tokens", "exact"} for each hole
    {"job": "tokens", "holes": [...]}                        {"tokens"} of the prompt and the truth of each hole
    {"job": "quantize", "source", "target", "type", "threads"}   nothing but the end
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np

from copilot_lsp.engine import fim
from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.local.devices import load_backends
from copilot_lsp.engine.local.llama import Llama, ModelParams, silence_log, template_of
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary
from copilot_lsp.errors import ModelError
from copilot_lsp.settings import EngineSettings

CONTEXT = 1280
"""Tokens: what is filled at most, and the largest batch behind it."""

BATCH = 256
WINDOW = Budget(prefix=320, suffix=96, chunks=0)
"""Of the holes' prompts, in tokens: all of the text that is sent (`tuning.bench.PREFIX`). Were it less, a model with
more tokens to a word would see less of it.
"""

MOST_NATS = 5.0
"""That a token of the truth may count. One less likely than that (0.7 %) is never shown, and how much less makes no
difference; but the pieces of a word that a trimmed vocabulary lacks cost up to 30, and two such holes of 48 decided.
"""

Job = Mapping[str, Any]
Results = Iterator[Mapping[str, object]]


class Bench:
    """A loaded model. Raises ModelError."""

    def __init__(self, model: str, safe: bool) -> None:
        self.engine = EngineSettings(sequences=1, batch=BATCH)
        self.llama = Llama(ModelParams(Path(model), CONTEXT, self.engine, safe))
        self.vocabulary = LlamaVocabulary(self.llama.vocabulary)
        self.filled = 0

    def speed(self, job: Job) -> Results:
        """The time of one evaluation of each batch size, after `filled` tokens of context."""
        self._use(EngineSettings(sequences=1, batch=BATCH, **job["config"]))
        self._fill(job["filled"])
        for batch in job["batches"]:
            self.llama.forget(0, self.filled)
            begun = time.perf_counter()
            self._evaluate(batch, self.filled)
            yield {"batch": batch, "ms": (time.perf_counter() - begun) * 1000}
        self.llama.forget(0, self.filled)

    def fill(self, job: Job) -> Results:
        """The likelihood of the right text of each hole, and whether greedy decoding gives exactly it."""
        self._use(self.engine)
        self.filled = 0
        for prompt, truth in self._filled_in(job["holes"]):
            nats, exact = self.score(prompt, truth)
            yield {"nats": nats, "tokens": len(truth), "exact": exact}

    def score(self, prompt: Sequence[int], truth: Sequence[int]) -> tuple[float, bool]:
        """How surprised the model is by `truth`, in nats; and whether greedy decoding writes it (see `is_written`)."""
        logits = self._logits(prompt, truth)
        top = logits.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        nats = np.minimum(norm - logits[np.arange(len(truth)), truth], MOST_NATS).sum()
        return float(nats), is_written(truth, logits.argmax(axis=1).tolist(), self.vocabulary.piece)

    def tokens(self, job: Job) -> Results:
        for prompt, truth in self._filled_in(job["holes"]):
            yield {"tokens": [*prompt, *truth]}

    def _filled_in(self, holes: Sequence[Mapping[str, str]]) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
        """The tokens of each hole's prompt and of what belongs there."""
        template = template_of(self.llama, self.vocabulary)
        for hole in holes:
            request = InfillRequest("hole", "hole.py", hole["prefix"], hole["suffix"])
            prompt = fim.build(self.vocabulary, template, request, WINDOW)
            truth = self.vocabulary.tokenize(prompt.healed.decode("utf-8", "replace") + hole["truth"])[: BATCH // 2]
            yield prompt.tokens, truth

    def _logits(self, prompt: Sequence[int], truth: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """One row for each token of `truth`: what the model says before it. All of it fits into CONTEXT."""
        self.llama.forget(0, 0)
        tokens = [*prompt, *truth[:-1]]
        before = len(prompt) - 1
        for start in range(0, before, BATCH):
            self.llama.evaluate(tokens[start : min(start + BATCH, before)], start, 0, 0)
        return self.llama.evaluate(tokens[before:], before, 0, len(truth)).astype(np.float64)

    def _use(self, engine: EngineSettings) -> None:
        if engine != self.engine:
            self.llama.remake(engine)
            self.engine, self.filled = engine, 0

    def _fill(self, count: int) -> None:
        if count < self.filled:
            self.llama.forget(0, count)
        while self.filled < count:
            step = min(BATCH, count - self.filled)
            self._evaluate(step, self.filled)
            self.filled += step
        self.filled = count

    def _evaluate(self, count: int, start: int) -> None:
        tokens = [token % self.llama.vocabulary_size for token in range(20 + start, 20 + start + count)]
        self.llama.evaluate(tokens, start, 0, 1)


def is_written(truth: Sequence[int], likeliest: Sequence[int], piece: Callable[[int], bytes]) -> bool:
    """Whether the likeliest tokens are `truth`. The last may have the line's end in it: `,` and `,\\n` are one line."""
    if list(truth[:-1]) != list(likeliest[:-1]):
        return False
    wanted, written = piece(truth[-1]), piece(likeliest[-1])
    ends_line = not (rest := written[len(wanted) :]).strip() and b"\n" in rest
    return truth[-1] == likeliest[-1] or (written.startswith(wanted) and ends_line)


def quantize(job: Job) -> Results:
    """Quantize all weights to one type, except the embedding matrices (Q8_0), where four bits lose the most."""
    load_backends()
    parameters = api.llama_model_quantize_default_params()
    parameters.nthread = job["threads"]
    parameters.allow_requantize = True
    parameters.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{job['type']}")
    parameters.pure = True  # no layer in a type that is slower
    parameters.output_tensor_type = parameters.token_embedding_type = api.GGML_TYPE_Q8_0
    source, target = os.fsencode(job["source"]), os.fsencode(job["target"])
    if result := api.llama_model_quantize(source, target, ctypes.byref(parameters)):
        raise RuntimeError(f"llama.cpp's quantizer returned {result}")
    yield from ()


def answer(results: Callable[[], Results], send: Callable[[Mapping[str, object]], None]) -> None:
    try:
        for result in results():
            send(result)
    except (ModelError, RuntimeError, OSError) as error:
        send({"error": str(error)})
    else:
        send({"end": True})


def main() -> None:
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which then kills this process
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # llama.cpp may print

    def send(message: Mapping[str, object]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    silence_log()
    bench: Bench | None = None

    def load(job: Job) -> Results:
        nonlocal bench
        bench = Bench(job["model"], job["safe"]) if job["model"] else None
        yield from ()

    for line in sys.stdin:
        job = json.loads(line)
        name = job.get("job", "load")
        jobs = {"load": load, "quantize": quantize}
        answer(lambda: (jobs.get(name) or getattr(bench, name))(job), send)  # noqa: B023
