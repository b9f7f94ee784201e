"""gradstep itself is killed: nothing of the script outlives it, and nothing runs undebugged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from gradstep.protocol.launch import LaunchConfig
from gradstep.session.command import child_environment
from tests.session.conftest import PATIENCE

HOLD = """
import asyncio, sys
from gradstep.session import LaunchOptions, Session

async def hold():
    session = await Session.launch(LaunchOptions(sys.argv[1], run=sys.argv[2] == "run"))
    await session.wait_for(
        lambda: session.state == "paused" or any("in" in piece.text for piece in session.output)
    )
    print(session.run.info.pid, session.trace.path.parent, flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""


def group(leader: int) -> list[int]:
    """The processes of a group that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] not in "ZX":
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("pause", "x = 1"),
        ("run", "print('in', flush=True)\nwhile True:\n    pass"),
        # Inside C code that holds the interpreter, with a child of its own.
        (
            "run",
            """
            import ctypes, subprocess
            subprocess.Popen(["sleep", "600"])
            print("in", flush=True)
            ctypes.PyDLL(None).sleep(600)
            """,
        ),
    ],
)
def test_a_killed_gradstep_takes_the_script_along(
    child_environment: dict[str, str], tmp_path: Path, mode: str, text: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(dedent(text))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(script), mode],
        env={**child_environment, **os.environ, "PYTHONPATH": child_environment["PYTHONPATH"]},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    pid, place = holder.stdout.readline().split()
    assert group(int(pid))
    holder.kill()
    holder.communicate(timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while group(int(pid)) or os.path.exists(place):
        assert time.monotonic() < deadline, (group(int(pid)), os.path.exists(place))
        time.sleep(0.01)


def test_a_script_whose_debugger_is_gone_does_not_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print('it runs')\n")
    gone = subprocess.Popen(["true"])
    gone.wait()
    for launcher, port, trace, why in [
        (gone.pid, 1, tmp_path / "a", "gradstep itself has ended"),
        (os.getpid(), 1, tmp_path / "b", "ConnectionRefusedError"),
        (os.getpid(), 0, tmp_path / "no" / "c", "unable to open database file"),
        (os.getppid(), 0, tmp_path / "d", "was started by another program"),
    ]:
        config = LaunchConfig(launcher, str(script), str(trace), port=port)
        done = subprocess.run(
            [sys.executable, str(script)],
            env=child_environment(config),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("gradstep: the script was not started: ")
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
