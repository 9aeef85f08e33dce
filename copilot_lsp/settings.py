"""The resolved settings: frozen, complete, no optional fields to check.

`config/` creates them from files, the environment, the editor and the command line. They are passed explicitly.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal

Multiline = Literal["auto", "always", "never"]
CacheType = Literal["f16", "q8_0"]
SafeMode = Literal["auto", "on", "off"]
OnBattery = Literal["automatic", "manual"]


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """`max_line_tokens` and `max_block_tokens` limit one answer; `max_ms` limits its generation (0: no limit).

    `first_ms`: a client that cannot stream gets the first complete line or block after this many milliseconds;
    the rest is generated in the background and served at the next request (0: wait for all of it).
    `confidence`: completions while typing are cut where their joint probability falls below this.
    `in_comments`, `in_strings`, `on_battery`: whether to complete there while typing; requests by key always work.
    """

    multiline: Multiline = "auto"
    max_line_tokens: int = 48
    max_block_tokens: int = 192
    max_ms: int = 8000
    first_ms: int = 600
    confidence: float = 0.5
    candidates: int = 3
    debounce_ms: int = 0
    prefetch: bool = True
    in_comments: bool = True
    in_strings: bool = True
    on_battery: OnBattery = "automatic"


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """Budgets in tokens of the model: prefix, suffix, and text of other files.

    `cold_ms`: time to evaluate the prompt before the first completion at a new place (0: no limit); the whole windows
    are evaluated when the user pauses.
    `index`: index definitions of other files of the workspace, and include them in prompts.
    """

    prefix_tokens: int = 768
    suffix_tokens: int = 192
    chunk_tokens: int = 256
    cold_ms: int = 1500
    index: bool = False


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`threads` 0: one for each core that may be used. `gpu_layers` -1: as many as fit.

    `sequences`: documents whose KV cache is kept. `safe_mode` auto: only after a native crash. `shared`: one process
    for all servers of the user that have the same model and the same settings here; not the default on Windows, where
    its socket would be a port of the loopback interface. `cache_type`: of the numbers in the
    KV cache; q8_0 needs `flash_attention`. `draft_tokens`: number of tokens drafted and verified in one step
    (`speculative`); the best value depends on the CPU.
    """

    threads: int = 0
    gpu_layers: int = -1
    sequences: int = 4
    batch: int = 256
    flash_attention: bool = False
    safe_mode: SafeMode = "auto"
    cache_type: CacheType = "f16"
    speculative: bool = True
    draft_tokens: int = 7
    shared: bool = os.name != "nt"


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Engines on other machines; see `copilot_lsp/endpoints.py` for what may be written.

    `endpoints` in the order in which they are tried; only those whose host is in `allowed` are ever asked.
    `model` and `template` are for endpoints of the OpenAI kind: which model is asked for, and how its prompts are
    spelled. `timeout_ms`: how long an answer may take to begin or to go on. `local`: the local model answers while no
    endpoint does.
    """

    endpoints: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    model: str = "auto"
    template: str = "auto"
    timeout_ms: int = 5000
    local: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """`model` is a registry name or a path to a GGUF file; a project may name a file in one of `model_folders`.

    `exclude` and `include` are gitignore syntax.
    `include` brings files back that `exclude`, the built-in secrets or an ignore file would leave out.

    `max_parse_bytes`: longer files are completed without a syntax tree.
    """

    enabled: bool = True
    model: str = "default"
    model_folders: tuple[str, ...] = ()
    disabled_languages: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    max_parse_bytes: int = 500_000
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
