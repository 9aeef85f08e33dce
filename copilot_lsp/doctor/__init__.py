"""The checks of `copilot-lsp doctor`, with remedies.

The command line and the server make the same report. Nothing here opens a connection, but to a proxy that is
set, and to a remote engine that is allowed.
"""

from copilot_lsp.doctor.check import Check, State, needs_user
from copilot_lsp.doctor.engine import of_engine
from copilot_lsp.doctor.installation import of_installation
from copilot_lsp.doctor.model import of_model
from copilot_lsp.doctor.remote import of_remote
from copilot_lsp.doctor.report import as_json, as_text, print_to
from copilot_lsp.doctor.surroundings import of_surroundings
from copilot_lsp.doctor.written import of_settings

__all__ = [
    "Check",
    "State",
    "as_json",
    "as_text",
    "needs_user",
    "of_engine",
    "of_installation",
    "of_model",
    "of_remote",
    "of_settings",
    "of_surroundings",
    "print_to",
]
