"""The campaign: what is thrown at the program, in numbers, to find the fault that no test thought of.

    make campaign [SEED=N]        everything, at full size
    make campaign-short           a few of each, in under two minutes

Every row draws from the seed, which is printed: `SEED=N` runs the same again. `Campaign.report` puts a row into the
table at the end, which docs/reliability.md shows.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import pytest
from campaign import ROWS, SEED, Campaign

sys.path += [str(Path(__file__).parents[1] / tier) for tier in ("unit", "e2e")]  # their helpers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the sizes of docs/reliability.md")
    parser.addoption("--seed", type=int, help="what is drawn; printed by every run")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []
    given = config.getoption("seed")
    config.stash[SEED] = secrets.randbelow(2**31) if given is None else given


def pytest_report_header(config: pytest.Config) -> str:
    return f"campaign: seed {config.stash[SEED]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section(f"campaign, seed {config.stash[SEED]}")
    for what, found in config.stash[ROWS]:
        terminalreporter.write_line(f"{what}: {found}")


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> Campaign:
    return Campaign(request.config)
