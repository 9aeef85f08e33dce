"""The one list of what a user can set: names, ranges and words. Types and defaults are those of settings.py."""

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
        "Files that are never completed nor read (gitignore patterns), besides the built-in secrets.",
        check=is_pattern,
        words="a list of gitignore patterns",
    ),
    Option(
        "include",
        "Files that are completed and read although the built-in secrets, `exclude` or an ignore file name them"
        " (gitignore patterns).",
        check=is_pattern,
        words="a list of gitignore patterns",
    ),
    Option("maxParseBytes", "Longer files are completed without a syntax tree (bytes).", 0, 100_000_000),
    Option("completion.multiline", "Whether a completion may have several lines; `auto` asks the syntax tree."),
    Option("completion.maxLineTokens", "Length of a one-line completion at most (tokens).", 1, 1024),
    Option("completion.maxBlockTokens", "Length of a completion of several lines at most (tokens).", 1, 4096),
    Option("completion.maxMs", "Time to generate a completion at most (milliseconds); 0: no limit.", 0, 600_000),
    Option(
        "completion.firstMs",
        "After this time the first finished lines are shown and the rest follows with the next request"
        " (milliseconds); 0: wait for all of it.",
        0,
        60_000,
    ),
    Option(
        "completion.confidence",
        "Show a completion unasked as far as the model gives it at least this joint probability; 0: all of it.",
        0,
        1,
    ),
    Option("completion.candidates", "How many alternatives to offer when a completion is asked for.", 1, 10),
    Option(
        "completion.debounceMs",
        "Wait this long after a keystroke before the model is asked (milliseconds).",
        0,
        10_000,
    ),
    Option("completion.prefetch", "Generate what would come next while the machine is idle."),
    Option("completion.inComments", "Complete in comments while you type; when you ask by a key, always."),
    Option(
        "completion.inStrings",
        "Complete in strings, docstrings too, while you type; when you ask by a key, always. A file without a syntax"
        " tree is taken for code.",
    ),
    Option(
        "completion.onBattery",
        "On a machine that runs on its battery: complete while you type, or (`manual`) only when you ask by a key.",
    ),
    Option("context.prefixTokens", "Text before the cursor that the model reads (tokens).", 16, 131_072),
    Option("context.suffixTokens", "Text after the cursor that the model reads (tokens).", 0, 131_072),
    Option("context.index", "Show the model what other files of the workspace define; keeps an index of their text."),
    Option("context.chunkTokens", "Text of other files at most, where it is shown (tokens).", 0, 131_072),
    Option(
        "context.coldMs",
        "Time to read the text around the cursor before the first completion at a new place (milliseconds); the rest"
        " is read when you pause; 0: all of it at once.",
        0,
        60_000,
    ),
    Option("engine.threads", "Threads that run the model; 0: one for each core that the server may use.", 0, 1024),
    Option(
        "engine.gpuLayers",
        "Layers of the model that run on the GPU, where llama.cpp was built for one; -1: all.",
        -1,
        10_000,
    ),
    Option("engine.sequences", "Documents whose evaluated text is kept in memory.", 1, 64),
    Option("engine.batch", "Tokens of the prompt that are evaluated in one step.", 1, 8192),
    Option("engine.flashAttention", "Use llama.cpp's flash attention."),
    Option("engine.safeMode", "Run llama.cpp without its fastest kernels; `auto`: only after they crashed."),
    Option("engine.cacheType", "The KV cache; `q8_0` takes half the memory and needs engine.flashAttention."),
    Option("engine.speculative", "Guess tokens from the text around the cursor and verify them in one step."),
    Option("engine.draftTokens", "Tokens that are guessed and verified in one step at most.", 1, 15),
    Option("engine.shared", "Use one engine process for all editor windows with the same model and engine settings."),
    Option(
        "remote.endpoints",
        "URLs of engines on other machines, tried in this order: llama-server's, or an OpenAI API's with `/v1` at its"
        " end. A host is asked only once you have allowed it.",
        check=endpoints.is_url,
        words="a list of http:// or https:// URLs, without a key in them",
    ),
    Option(
        "remote.allowed", "Hosts that text of your files may be sent to; the editor's question adds to it.", own=True
    ),
    Option("remote.plainHttp", "Hosts that may be asked without encryption.", own=True),
    Option(
        "remote.keys",
        "Where each host's API key is: `HOST env:NAME`, `HOST file:PATH` or `HOST command:WORDS`.",
        check=endpoints.is_key,
        words="a list of HOST env:NAME, HOST file:PATH or HOST command:WORDS",
        own=True,
    ),
    Option("remote.model", "The model that an OpenAI API is asked for; `auto`: the first that it lists."),
    Option(
        "remote.template",
        "How an OpenAI API's prompts are written: by a family's name, such as `qwen`; `suffix`: by the server;"
        " `auto`: by the model's name.",
    ),
    Option("remote.timeoutMs", "Time for an answer to begin, or to go on, at most (milliseconds).", 100, 600_000),
    Option("remote.local", "Let the local model answer while no remote engine does."),
)


RETIRED = {
    "completion.minConfidence": f"{SECTION}.completion.confidence is a probability from 0 to 1 now; its value is used"
}
"""Options of older versions, and what took their place."""
