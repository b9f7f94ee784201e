"""Every bundled scenario, recorded once, and sessions over the recordings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gradstep.session import Session

ROOT = Path(__file__).resolve().parents[2]
RECORDED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.py"))
SCENARIOS = RECORDED.copy()
if not os.environ.get("GRADSTEP_ALL_SCENARIOS"):
    SCENARIOS.remove("cifar_net")  # as long as all others together; nothing in it is its own
STEPS = 6
"""Optimizer steps of each scenario that are recorded."""

OpenRun = Callable[[str], Session]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("scenarios")

    def record(name: str) -> tuple[str, Path]:
        path = folder / f"{name}.gradstep"
        command = [sys.executable, "-m", "gradstep", "record", "--steps", str(STEPS)]
        command += ["-o", str(path), str(ROOT / "scenarios" / f"{name}.py")]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return name, path

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(record, RECORDED))


@pytest.fixture
def open_run(recordings: dict[str, Path]) -> Iterator[OpenRun]:
    sessions: list[Session] = []

    def opened(name: str) -> Session:
        session = Session.open(recordings[name])
        session.breakpoints = type(session.breakpoints)("")
        sessions.append(session)
        return session

    yield opened
    for session in sessions:
        session.trace.close()
