"""Options: their definitions, the places they are read from, and precedence.

Lowest first: the defaults, the profile of this machine, the user's copilot-lsp.toml, the project's
copilot-lsp.toml, environment variables, the editor's options, flags of the command line.
"""

from copilot_lsp.config import profile
from copilot_lsp.config.files import (
    PROJECT_FILE,
    allow,
    layers_of,
    load,
    misspelled,
    project_of,
    set_user,
    user_file,
)
from copilot_lsp.config.layers import Effective, Layer, hint, merge
from copilot_lsp.config.options import Resolved, describe, plain, resolve
from copilot_lsp.config.profile import profile_file
from copilot_lsp.config.schema import schema
from copilot_lsp.config.table import OPTIONS, SECTION

__all__ = [
    "OPTIONS",
    "PROJECT_FILE",
    "SECTION",
    "Effective",
    "Layer",
    "Resolved",
    "allow",
    "describe",
    "hint",
    "layers_of",
    "load",
    "merge",
    "misspelled",
    "plain",
    "profile",
    "profile_file",
    "project_of",
    "resolve",
    "schema",
    "set_user",
    "user_file",
]
