"""The table of all options: names, ranges and descriptions. Types and defaults are in settings.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from copilot_lsp import endpoints
from copilot_lsp.workspace.ignore import is_pattern

SECTION = "copilotLsp"


@dataclass(frozen=True, slots=True)
class Option:
    """`name` is dotted camelCase without the section.

    `least` and `most`, inclusive, are for numbers; `check` is for strings, those of a list too. `words` say
    what is allowed where the type does not. `own`: only the user's own file, the environment and the command line may
    set it, as what an editor sends may come from a project's folder.
    """

    name: str
    description: str
    least: float | None = None
    most: float | None = None
    check: Callable[[str], bool] = bool
    words: str = ""
    own: bool = False


OPTIONS = (
    Option("enabled", "Offer completions."),
    Option("model", "Name of a model in the registry, or the path of a GGUF file."),
    Option("modelFolders", "Folders with GGUF files that a project's copilot-lsp.toml may name as its model."),
    Option("disabledLanguages", "LSP language identifiers that are never completed, such as `markdown`."),
    Option(
        "exclude",
        "Files that are never read or completed, in addition to the built-in secrets (gitignore patterns).",
        check=is_pattern,
        words="a list of gitignore patterns",
    ),
    Option(
        "include",
        "Files that may be read and completed despite the built-in secrets, `exclude` or an ignore file (gitignore"
        " patterns).",
        check=is_pattern,
        words="a list of gitignore patterns",
    ),
    Option("maxParseBytes", "Complete files larger than this without a syntax tree (bytes).", 0, 100_000_000),
    Option("completion.multiline", "Whether completions may span several lines; `auto`: the syntax tree decides."),
    Option("completion.maxLineTokens", "Maximum length of a single-line completion (tokens).", 1, 1024),
    Option("completion.maxBlockTokens", "Maximum length of a multi-line completion (tokens).", 1, 4096),
    Option("completion.maxMs", "Maximum time to generate a completion (milliseconds); 0: no limit.", 0, 600_000),
    Option(
        "completion.firstMs",
        "Show the lines that are finished after this time, and the rest with the next request (milliseconds);"
        " 0: wait for the whole completion.",
        0,
        60_000,
    ),
    Option(
        "completion.confidence",
        "While you type, show a completion only as far as its joint probability is at least this; 0: all of it.",
        0,
        1,
    ),
    Option("completion.candidates", "Number of alternatives offered when you request a completion.", 1, 10),
    Option(
        "completion.debounceMs",
        "Delay between a keystroke and the request to the model (milliseconds).",
        0,
        10_000,
    ),
    Option("completion.prefetch", "Generate the next completion ahead while the machine is idle."),
    Option(
        "completion.inComments", "Complete in comments while you type; completions requested by key are not affected."
    ),
    Option(
        "completion.inStrings",
        "Complete in strings, including docstrings, while you type; completions requested by key are not affected."
        " Without a syntax tree, all text counts as code.",
    ),
    Option(
        "completion.onBattery",
        "On battery power, complete while you type (`automatic`) or only when requested by key (`manual`).",
    ),
    Option("context.prefixTokens", "Maximum text before the cursor in a prompt (tokens).", 16, 131_072),
    Option("context.suffixTokens", "Maximum text after the cursor in a prompt (tokens).", 0, 131_072),
    Option(
        "context.index",
        "Include definitions from other files of the workspace in prompts; keeps an index of their text.",
    ),
    Option("context.chunkTokens", "Maximum text from other files in a prompt (tokens).", 0, 131_072),
    Option(
        "context.coldMs",
        "Time to evaluate the text around the cursor before the first completion at a new place (milliseconds); the"
        " rest is evaluated when you pause; 0: evaluate all of it first.",
        0,
        60_000,
    ),
    Option("engine.threads", "Number of threads for the model; 0: one per core available to the server.", 0, 1024),
    Option(
        "engine.gpuLayers",
        "Number of the model's layers on the GPU, if llama.cpp was built for one; -1: as many as fit.",
        -1,
        10_000,
    ),
    Option("engine.sequences", "Number of documents whose KV cache is kept in memory.", 1, 64),
    Option("engine.batch", "Prompt tokens evaluated per step.", 1, 8192),
    Option("engine.flashAttention", "Use llama.cpp's flash attention."),
    Option("engine.safeMode", "Run llama.cpp without its fastest kernels; `auto`: only after they have crashed."),
    Option(
        "engine.cacheType",
        "Data type of the KV cache; `q8_0` takes half the memory and requires engine.flashAttention.",
    ),
    Option("engine.speculative", "Draft tokens from the text around the cursor and verify them in one step."),
    Option("engine.draftTokens", "Maximum number of tokens drafted and verified in one step.", 1, 15),
    Option(
        "engine.shared",
        "Use one engine process for all editor windows with the same model and engine settings; on Windows, the default"
        " is `false`.",
    ),
    Option(
        "remote.endpoints",
        "URLs of engines on other machines, tried in this order: llama-server, or an OpenAI API ending in `/v1`."
        " A host is contacted only after you have allowed it.",
        check=endpoints.is_url,
        words="a list of http:// or https:// URLs, without a key in them",
    ),
    Option(
        "remote.allowed",
        "Hosts that may receive text of your files; if you agree when the editor asks, the host is added.",
        own=True,
    ),
    Option("remote.plainHttp", "Hosts that may be contacted over unencrypted HTTP.", own=True),
    Option(
        "remote.keys",
        "Source of each host's API key: `HOST env:NAME`, `HOST file:PATH` or `HOST command:WORDS`.",
        check=endpoints.is_key,
        words="a list of HOST env:NAME, HOST file:PATH or HOST command:WORDS",
        own=True,
    ),
    Option("remote.model", "Model to request from an OpenAI API; `auto`: the first one that it lists."),
    Option(
        "remote.template",
        "Prompt format for an OpenAI API: the name of a family, such as `qwen`; `suffix`: the server builds the"
        " prompt; `auto`: from the model's name.",
    ),
    Option("remote.timeoutMs", "Maximum time for an answer to begin or to continue (milliseconds).", 100, 600_000),
    Option("remote.local", "Use the local model while no remote engine answers."),
)


RETIRED = {
    "completion.minConfidence": f"{SECTION}.completion.confidence is a probability from 0 to 1 now; its value is used"
}
"""Options of older versions, and their replacements."""
