"""Checks of the engine: llama.cpp's build, safe mode, and a known example completed through the whole pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path

from copilot_lsp.completion.completer import Answer, Completer, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.doctor.check import Check, State
from copilot_lsp.doctor.model import CHOOSE, entry_of
from copilot_lsp.engine.base import Done, Engine, InfillRequest, Limits
from copilot_lsp.engine.families import FAMILIES, LAYOUTS
from copilot_lsp.engine.shared.alone import why_alone
from copilot_lsp.errors import EngineError, EngineFailed
from copilot_lsp.models import Entry
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document

PREFIX = 'def add(a, b):\n    """Return the sum of a and b."""\n    return '
SUFFIX = "\n\n\nprint(add(1, 2))\n"
FILLED = re.compile(r"\s*\(?\s*(a\s*\+\s*b|b\s*\+\s*a|sum\(\s*[\[(]a, b[\])]\s*\))")
TEST_TOKENS = 8

BUILD = "install a llama.cpp that suits this machine: docs/building.md"
LIBRARY_FAULTS = ("llama-cpp-python cannot be used", "SIGILL", "illegal instruction")

MARKS = (r"<\|[a-zA-Z_]+\|>", r"<｜[^｜<>\n]{1,20}｜>", r"</?s>", r"\[(?:PREFIX|SUFFIX|MIDDLE)\]")
"""How families spell control tokens that are not for infilling."""

Facts = dict[str, str | int | float | bool]


async def of_engine(engine: Engine, settings: Settings) -> list[Check]:
    """Of an engine that was started by the caller, who closes it, too."""
    try:
        await engine.ready()
        done = await _generate(engine)
        answer = await _fill(engine, settings)
    except EngineError as error:
        return [Check("engine", str(error), State.FAILED, _repair(str(error)))]
    return [*_facts(engine, settings), _test(done), _hole(answer, bool(engine.status.details))]


async def _generate(engine: Engine) -> Done:
    request = InfillRequest("doctor", "doctor.py", PREFIX, SUFFIX, limits=Limits(max_tokens=TEST_TOKENS))
    async with aclosing(engine.infill(request)) as stream:
        async for item in stream:
            if isinstance(item, Done):
                return item
    raise EngineFailed("the engine ended its answer without saying so")


async def _fill(engine: Engine, settings: Settings) -> Answer:
    document = Document.open("doctor:add.py", "add.py", "python", 1, PREFIX + SUFFIX, settings.max_parse_bytes)
    completer = Completer(engine, settings)
    try:
        return await completer.complete(Query(document.snapshot(), len(PREFIX), Trigger.INVOKED, wait_for_all=True))
    finally:
        await completer.close()


def _facts(engine: Engine, settings: Settings) -> Iterator[Check]:
    facts = dict(engine.status.details)
    yield from (Check(f"engine: {name.replace('_', ' ')}", str(value)) for name, value in facts.items())
    if engine.status.remote:
        yield Check("engine: text goes to", engine.status.remote)
        return
    if clients := engine.status.clients:
        others = f"{clients - 1} more" if clients > 1 else "nobody else"
        yield Check("engine: shared", f"yes, process {engine.status.pid}; {others} at the moment")
    elif why := why_alone(engine.status, settings.engine):
        yield Check("engine: shared", f"no: {why}", State.WARNING if settings.engine.shared else State.OK)
    yield _safe_mode(engine.status.safe_mode, settings.engine.safe_mode == "on")
    if facts:
        yield _build(str(facts.get("llama_cpp", "")), _processor())
        yield _gpu(str(facts.get("devices", "")), int(facts.get("gpu_layers", 0)), bool(facts.get("gpu_full")))
        yield _family(facts, entry_of(settings.model))


def _safe_mode(on: bool, asked: bool) -> Check:
    if not on:
        return Check("safe mode", "off")
    if asked:
        return Check("safe mode", "on, as `engine.safeMode` says", State.WARNING)
    crashed = "on: the fast kernels of this llama.cpp crash here (AMX?); prompts take 4 to 5 times as long"
    return Check("safe mode", crashed, State.WARNING, BUILD)


def _build(has: str, processor: str) -> Check:
    """`has`: what llama.cpp says of itself ("AVX2 = 1"); `processor`: the flags that Linux tells, "" elsewhere."""
    missing = [name for name in ("AVX2", "AVX512") if _can(name, processor) and f"{name} = 1" not in has]
    if "AVX2" not in missing:
        return Check("llama.cpp build", "suits this processor" if processor else "not checked on this system")
    why = "made for an older processor: it does not use AVX2, which this one has; several times slower"
    return Check("llama.cpp build", why, State.WARNING, BUILD)


def _gpu(devices: str, layers: int, full: bool) -> Check:
    """`devices`: those of llama.cpp's backends; `full`: fewer `layers` run on the GPU than seemed to fit."""
    if full:
        value = f"its memory was full: {layers} layers run on it"
        return Check("GPU", value, State.WARNING, "close what else uses it, or set `engine.gpuLayers` lower")
    if layers:
        return Check("GPU", f"{layers} layers run on it")
    has = f"this llama.cpp has {devices}" if devices else "this llama.cpp names no device"
    return Check("GPU", f"not used; {has}. CUDA, ROCm, Vulkan, Metal: docs/building.md")


def _can(name: str, processor: str) -> bool:
    return {"AVX2": "avx2", "AVX512": "avx512f"}[name] in processor.split()


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return ""


def _family(facts: Facts, entry: Entry | None) -> Check:
    """What the engine found in the file, next to what the registry says of the model."""
    family, layout = str(facts.get("template", "")), str(facts.get("layout", ""))
    if not facts.get("fills"):
        text = "the model has no infilling tokens: it sees only the text before the cursor"
        return Check("family", text, State.WARNING, CHOOSE)
    if entry and entry.layout and layout != " ".join(LAYOUTS.get(entry.layout, ())):
        text = f"the file's prompts are {family} ({layout}), and {entry.name} should be {entry.layout}"
        return Check("family", text, State.WARNING, f"get the right file, or correct `family` and `layout`; {CHOOSE}")
    if entry and entry.family and not family.startswith(entry.family):
        text = f"the file is of the family {family}, and {entry.name} should be {entry.family}"
        return Check("family", text, State.WARNING, f"get the right file, or correct `family`; {CHOOSE}")
    return Check("family", f"{family}: {layout}")


def _test(done: Done) -> Check:
    prompt = done.evaluated + done.reused
    value = f"{prompt} tokens in {done.prefill_ms:.0f} ms, {done.generated} generated in {done.total_ms:.0f} ms"
    return Check("engine test", value)


def _hole(answer: Answer, real: bool) -> Check:
    text = answer.completions[0].text if answer.completions else ""
    raw = answer.generated.raw if answer.generated else ""
    if leaked := leaks(text) or leaks(raw):
        why = f"control tokens come out as text: {', '.join(leaked)}"
        return Check("known hole", why, State.FAILED, f"the file's vocabulary is broken: {CHOOSE}")
    if FILLED.match(text):
        return Check("known hole", f"filled: return {text.strip()}")
    why = f"nothing ({answer.silence.message})" if answer.silence else repr(text)
    return Check("known hole", f"filled with {why} instead of a + b", State.WARNING, CHOOSE if real else "")


def leaks(text: str) -> list[str]:
    """Control tokens of any family in what a model wrote."""
    spelled = {token for family in FAMILIES for token in (family.pre, family.suf, family.mid, family.repo, family.sep)}
    found = [token for token in sorted(spelled - {""}) if token in text]
    return found or [mark for pattern in MARKS for mark in re.findall(pattern, text)]


def _repair(message: str) -> str:
    if any(fault in message for fault in LIBRARY_FAULTS):
        return BUILD
    return "`copilot-lsp serve --log-level debug` says more; docs/building.md has other builds of llama.cpp"
