"""A bench whose times are written down, and a clock that they move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from copilot_lsp.errors import EngineDied
from copilot_lsp.tuning.bench import Filled, Hole
from copilot_lsp.tuning.measure import Tools
from copilot_lsp.tuning.speed import Config

Ms = Callable[[Config, int], float]


def steady(token: float, prompt: float) -> Ms:
    """`token` ms for a batch of one, and `prompt` ms more for each further token, with two threads or more."""
    return lambda config, batch: (token + prompt * (batch - 1)) * (2 if config.threads == 1 else 1)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class ScriptedBench:
    """`nats` and `exact` are those of each hole."""

    clock: Clock
    ms: Ms
    nats: float = 10.0
    exact: bool = True
    safe: bool = False
    asked: list[tuple[Config, tuple[int, ...], int]] = field(default_factory=list)
    dies: bool = False

    def speed(self, config: Config, batches: Sequence[int], filled: int) -> dict[int, float]:
        if self.dies:
            raise EngineDied("model.gguf: llama.cpp ended with -11: run `copilot-lsp doctor`")
        self.asked.append((config, tuple(batches), filled))
        found = {batch: self.ms(config, batch) for batch in batches}
        self.clock.now += sum(found.values()) / 1000
        return found

    def fill(self, holes: Sequence[Hole]) -> list[Filled]:
        return [Filled(self.nats, 10, self.exact) for _ in holes]

    def tokens(self, holes: Sequence[Hole]) -> list[list[int]]:
        return [[1, 2, 3] for _ in holes]


@dataclass
class Benches:
    """Opens a scripted bench for each file, by the beginning of its name."""

    clock: Clock = field(default_factory=Clock)
    made: dict[str, ScriptedBench] = field(default_factory=dict)
    told: list[tuple[str, float]] = field(default_factory=list)

    def add(self, name: str, ms: Ms, **fields: object) -> ScriptedBench:
        self.made[name] = ScriptedBench(self.clock, ms, **fields)  # type: ignore[arg-type]
        return self.made[name]

    @contextmanager
    def open(self, path: Path) -> Iterator[ScriptedBench]:
        yield self.made[max((name for name in self.made if path.name.startswith(name)), key=len)]

    @property
    def tools(self) -> Tools:
        return Tools(self.clock, lambda what, share: self.told.append((what, share)))
