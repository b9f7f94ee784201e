"""Every bundled scenario, recorded once, and sessions over the recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradstep.session import Session
from tests.scenario_recordings import RecordScenario

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.stem for path in (ROOT / "scenarios").glob("*.py"))
if not os.environ.get("GRADSTEP_ALL_SCENARIOS"):
    SCENARIOS.remove("cifar_net")  # as long as all others together; nothing in it is its own
STEPS = 6
"""Optimizer steps of each scenario that are recorded."""

OpenRun = Callable[[str], Session]


@pytest.fixture
def open_run(record_scenario: RecordScenario) -> Iterator[OpenRun]:
    sessions: list[Session] = []

    def opened(name: str) -> Session:
        session = Session.open(record_scenario(name, "--steps", str(STEPS)).trace)
        session.breakpoints = type(session.breakpoints)("")
        sessions.append(session)
        return session

    yield opened
    for session in sessions:
        session.trace.close()
