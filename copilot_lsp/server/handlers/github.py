"""Requests of GitHub's language server, answered with empty results.

Several editor plugins choose their server by the word `copilot` in its name, and so find ours. They are to go on
working, with our inline completions, and not to show "method not found".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from copilot_lsp import __version__

NOBODY = {"status": "OK", "user": ""}
"""Signed in, as far as anybody needs to be."""

EMPTY: Mapping[str, object] = {
    "textDocument/copilotInlineEdit": {"edits": []},
    "textDocument/copilotPanelCompletion": {"items": []},
    "getCompletions": {"completions": []},
    "getCompletionsCycling": {"completions": []},
    "getPanelCompletions": {"solutionCountTarget": 0},
    "notifyShown": "OK",
    "notifyAccepted": "OK",
    "notifyRejected": "OK",
    "telemetry/exception": "OK",
    "setEditorInfo": "OK",
    "getVersion": {"version": __version__},
    "checkStatus": NOBODY,
    "signIn": {"status": "AlreadySignedIn", "user": ""},
    "signInInitiate": {"status": "AlreadySignedIn", "user": ""},
    "signInConfirm": NOBODY,
    "signInWithGithubToken": NOBODY,
    "signOut": {"status": "NotSignedIn"},
    "copilot/models": [],
    "copilot/codeReview": {"comments": []},
    "conversation/agents": [],
    "conversation/templates": [],
    "conversation/modes": [],
    "conversation/preconditions": {"results": [], "status": "failed"},
    "conversation/persistence": {"path": ""},
    "conversation/create": None,
    "conversation/turn": None,
    "conversation/turnDelete": None,
    "conversation/rating": None,
    "conversation/copyCode": None,
    "conversation/insertCode": None,
    "conversation/code": None,
    "conversation/destroy": None,
    "conversation/registerTools": [],
    "context/registerProviders": None,
    "context/unregisterProviders": None,
    "git/commitGenerate": {"commitMessage": ""},
    "mcp/getTools": [],
}
"""Methods and their empty answers."""


def answer(method: str) -> Callable[[Any], object]:
    def handler(params: Any) -> object:  # noqa: ANN401
        return deepcopy(EMPTY[method])

    return handler
