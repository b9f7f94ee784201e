"""The command line as a user meets it: a process of its own, in a directory of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

LOOP = """\
import sys
from gradstep_engine import events


def phase(name):
    events.listener(events.PhaseEntered(name, f"SGD.{name}"))
    events.listener(events.PhaseExited(name, f"SGD.{name}"))


for index in range(3):
    phase("zero_grad")
    phase("backward")
    phase("step")
print("done", *sys.argv[1:])
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, python: str, child_environment: dict[str, str]) -> Run:
    """A function that runs `gradstep ARGUMENTS` in `tmp_path` and returns what came of it."""

    def gradstep(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "gradstep", *arguments],
            cwd=tmp_path,
            env={**child_environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return gradstep


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    """A script of three iterations that needs no tensors."""
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    return path
