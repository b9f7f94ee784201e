"""`gradstep connect`: the table as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.tui.recording import record_two_scalars


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return record_two_scalars(tmp_path / "two.gradstep")


def test_the_table_is_printed(run: Run, trace: Path) -> None:
    done = run("connect", str(trace))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split("  ")[1] == "parameter"
    assert [line.split()[0] for line in lines[2:4]] == ["x", "y"]
    assert "backward() writes .grad, and step() reads .grad" in done.stdout
    assert run("connect", "--ascii", str(trace)).stdout.isascii()


def test_an_earlier_event(run: Run, trace: Path) -> None:
    done = run("connect", "--at", "2", str(trace))
    assert done.stdout.startswith("no loss yet, at event 2 of ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "99999"), "there is no event 99,999"),
        (("--at", "soon"), "'soon' is not the number of an event"),
        (("--loss", "7"), "there is no loss 7; there is 1"),
    ],
)
def test_what_is_not_there_is_said(
    run: Run, trace: Path, options: tuple[str, str], said: str
) -> None:
    done = run("connect", *options, str(trace))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
