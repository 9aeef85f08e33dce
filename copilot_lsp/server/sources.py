"""Where the settings of one client come from: files of this machine, the editor, the command line, and a model that
the user switched to while the server runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from copilot_lsp import config
from copilot_lsp.config import Effective, Layer
from copilot_lsp.settings import Settings

Files = Callable[[Sequence[Path]], tuple[list[Layer], list[str]]]


@dataclass(frozen=True, slots=True)
class Profile:
    """What there is to say of this machine's profile; `ok` False: it is not used."""

    message: str = ""
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """`model` in place of `over`, the one that the settings named at that moment."""

    model: str
    over: str


@dataclass(slots=True)
class Sources:
    """`sent` has the editor's options: those sent with initialize, and the latest. `flag`: the command line's model.

    `files` reads the options that are written on this machine, for the folders of the project (`config.layers_of`);
    without it `base` is what the editor's options are put over.
    """

    base: Settings
    files: Files | None = None
    flag: str | None = None
    sent: list[object] = field(default_factory=lambda: [None, None])
    choice: Choice | None = None

    def read(self, roots: Sequence[Path]) -> tuple[Effective, Settings]:
        """What the places say, and the settings that follow.

        A choice counts as long as the places name the model that they named when it was made: a setting that has
        changed since is newer.
        """
        layers, unreadable = self.layers(roots)
        base = Settings() if self.files else self.base
        found = config.merge(layers, base)
        found = replace(found, problems=(*unreadable, *found.problems))
        if self.choice is None or self.choice.over != found.settings.model:
            self.choice = None
            return found, found.settings
        chosen = Layer("flags", "the model menu", {"model": self.choice.model})
        return found, config.merge([*layers, chosen], base).settings

    def layers(self, roots: Sequence[Path]) -> tuple[list[Layer], list[str]]:
        """What is written where, lowest first, and a line for each file that cannot be read."""
        layers, unreadable = self.files(roots) if self.files else ([], [])
        layers = [*layers, *(Layer("editor", "the editor", sent) for sent in self.sent)]
        if self.flag is not None:
            layers.append(Layer("flags", "the command line", {"model": self.flag}))
        return layers, unreadable
