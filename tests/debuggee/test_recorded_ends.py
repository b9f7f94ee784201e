"""How a script ends, and what the trace says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gradstep
import gradstep_engine
from gradstep.protocol.row import EventRow
from gradstep.trace.reader import RunTrace
from tests.debuggee.children import opened, record, write_script
from tests.debuggee.toy import LOOP


def events(run: RunTrace, *kinds: str) -> list[EventRow]:
    return list(run.events(1, kinds=kinds or None))


def test_an_exception_ends_the_trace_and_shows_no_frame_of_ours(tmp_path: Path) -> None:
    done = record(tmp_path, LOOP + "raise ValueError('boom')\n")
    assert done.status == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.endswith("ValueError: boom\n")
    assert "gradstep" not in done.stderr
    assert done.run.info.exit_status == 1
    error = done.run.info.error
    assert error is not None
    assert (error["type"], error["message"]) == ("ValueError", "boom")
    assert done.run.event(done.run.head).detail["error"]["type"] == "ValueError"


@pytest.mark.parametrize(
    ("last", "status"),
    [("sys.exit(3)", 3), ("sys.exit()", 0), ("sys.exit('bye')", 1), ("exit(4)", 4)],
)
def test_the_exit_status_is_the_scripts_own(tmp_path: Path, last: str, status: int) -> None:
    done = record(tmp_path, f"import sys\n{last}\n")
    assert done.status == status
    if "sys" in last:
        assert done.run.info.exit_status == status


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('bye')", 1),
        ("try:\n    sys.exit(7)\nexcept SystemExit:\n    pass", 0),
        ("sys.exit(5)", 5),
    ],
)
def test_whoever_waits_for_the_script_knows_its_status(
    tmp_path: Path, last: str, status: int
) -> None:
    script = write_script(tmp_path, f"import sys\n{last}\n")
    trace = tmp_path / "out.gradstep"
    command = [sys.executable, "-m", "gradstep", "record", "-o", str(trace), str(script)]
    packages = [Path(str(one.__file__)).parent.parent for one in (gradstep, gradstep_engine)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    run = opened(trace)
    assert (done.returncode, run.info.exit_status) == (status, status)
    last_row = run.event(run.head)
    assert (last_row.kind, last_row.detail["exit_status"]) == ("run_finished", status)


def test_a_number_of_steps_ends_the_script(tmp_path: Path) -> None:
    script = LOOP + "    print('after', i)\n"
    script = "import atexit\natexit.register(print, 'bye')\n" + script
    done = record(tmp_path, script, steps=2)
    assert (done.status, done.stdout, done.stderr) == (0, "round 0\nafter 0\nbye\n", "")
    assert done.run.info.exit_status == 0
    assert done.run.info.error is None
    rows = [(row.kind, row.phase, row.step) for row in events(done.run)][-3:]
    assert rows == [
        ("phase_exited", "step", 2),
        ("output", "other", 2),
        ("run_finished", "other", 2),
    ]


def test_a_crash_keeps_what_happened_before(tmp_path: Path) -> None:
    # The script itself waits until its last event is in the file; no further one commits it.
    waiting = """
import os, sqlite3, time
file = sqlite3.connect("file:run.gradstep?mode=ro", uri=True)
end = time.monotonic() + 10
while time.monotonic() < end:
    if file.execute("SELECT max(iteration) FROM event").fetchone()[0] == 3:
        os._exit(5)
    time.sleep(0.01)
"""
    script = LOOP.replace('    print("round", i)\n', "")
    done = record(tmp_path, script + waiting)
    assert done.status == 5
    assert done.run.info.finished is None
    last = done.run.event(done.run.head)
    assert (last.kind, last.phase, last.step) == ("phase_exited", "step", 3)


def test_the_end_is_recorded_after_the_scripts_own_exit_handlers(tmp_path: Path) -> None:
    script = LOOP + "import atexit\natexit.register(lambda: (mul(w, x), print('last')))\n"
    run = record(tmp_path, script).run
    assert [event.kind for event in events(run)][-4:] == [
        "op",
        "output",
        "phase_exited",
        "run_finished",
    ]
