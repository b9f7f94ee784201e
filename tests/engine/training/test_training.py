"""Training scripts as people write them: unchanged, they train to PyTorch's losses.

Each file in `scripts/` seeds the generator and prints numbers. It runs once on the engine and once
on PyTorch; the texts have to be the same and the numbers agree.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
NUMBER = re.compile(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?|\bnan\b|\binf\b")

# Relative tolerance where the training itself amplifies the rounding of float32.
LOOSE: dict[str, float] = {}

ON_THE_ENGINE = """
import runpy, sys
from gradstep.debuggee.sources.standin import install
install()
runpy.run_path(sys.argv[1], run_name="__main__")
"""
ON_PYTORCH = """
import runpy, sys, torch
torch.set_num_threads(1)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def printed(program: str, path: Path, environment: dict[str, str]) -> str:
    """Run a script in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=SCRIPTS, ids=lambda path: path.stem)
def trained(request: pytest.FixtureRequest, child_environment: dict[str, str]) -> tuple[Path, str]:
    """A script and what it prints on the engine: one run, which both tests look at."""
    return request.param, printed(ON_THE_ENGINE, request.param, child_environment)


def test_trains_on_the_engine(trained: tuple[Path, str]) -> None:
    numbers = [float(x) for x in NUMBER.findall(trained[1])]
    assert len(numbers) >= 4
    assert all(abs(x) < 1e6 for x in numbers)  # neither NaN nor infinite


@pytest.mark.torch
def test_trains_to_the_losses_of_pytorch(
    trained: tuple[Path, str], child_environment: dict[str, str]
) -> None:
    pytest.importorskip("torch", reason="the losses are PyTorch's")
    path, mine = trained
    theirs = printed(ON_PYTORCH, path, child_environment)
    assert NUMBER.sub("#", mine) == NUMBER.sub("#", theirs)
    ours = [float(x) for x in NUMBER.findall(mine)]
    expected = [float(x) for x in NUMBER.findall(theirs)]
    assert ours == pytest.approx(expected, rel=LOOSE.get(path.stem, 2e-3), abs=1e-5)
