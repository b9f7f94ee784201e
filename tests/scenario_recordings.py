"""Recordings of the bundled scenarios, each made once for all tests and all of pytest's workers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class ScenarioRecording:
    """A trace, not to be written to, and what `gradstep record` printed while it made it."""

    trace: Path
    stdout: str
    stderr: str


RecordScenario = Callable[..., ScenarioRecording]


@pytest.fixture(scope="session")
def record_scenario(
    tmp_path_factory: pytest.TempPathFactory,
    scenarios: Path,
    python: str,
    child_environment: dict[str, str],
) -> RecordScenario:
    """A function of a scenario's name and options of `gradstep record`."""
    place = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        place = place.parent
    place = place / "scenario_recordings"
    place.mkdir(exist_ok=True)

    def make(name: str, *options: str) -> ScenarioRecording:
        folder = place / "_".join([name, *options])
        folder.mkdir(exist_ok=True)
        trace = folder / f"{name}.gradstep"
        with (folder / "lock").open("w") as lock:
            _wait_for(lock.fileno())
            if not (folder / "stderr").exists():
                done = subprocess.run(
                    [python, "-m", "gradstep", "record", *options, "-o", str(trace),
                     str(scenarios / f"{name}.py")],
                    env=child_environment, cwd=folder, capture_output=True, encoding="utf-8",
                    timeout=240, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stderr
                for stream in ("stdout", "stderr"):
                    text = getattr(done, stream)
                    (folder / stream).write_text(text, encoding="utf-8", newline="")
        stdout, stderr = (
            (folder / stream).read_text(encoding="utf-8") for stream in ("stdout", "stderr")
        )
        return ScenarioRecording(trace, stdout, stderr)

    return make


def _wait_for(file: int) -> None:
    """Wait until no other worker holds the file; it is let go of when it is closed."""
    if os.name == "posix":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
