"""A script that SIGSTOP holds: whatever is asked of it is done when SIGCONT comes, or it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from gradstep.session import Session
from gradstep.trace.reader import Trace
from tests.session.conftest import PATIENCE, Launch, go, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")

TRAINS = """
    import torch
    w = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    while True:
        optimizer.zero_grad()
        ((w - 1) ** 2).sum().backward()
        optimizer.step()
"""


def is_stopped(session: Session) -> bool:
    held = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, session.run.info.pid, held) is not None


async def stop(session: Session) -> None:
    """Hold the script, and return when it is held: the signal takes its time to arrive."""
    os.kill(session.run.info.pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE):
        while not is_stopped(session):
            await asyncio.sleep(0)


def go_on(session: Session) -> None:
    os.kill(session.run.info.pid, signal.SIGCONT)


async def head_above(session: Session, seq: int) -> None:
    await asyncio.wait_for(session.wait_for(lambda: session.head > seq), PATIENCE)


@pytest.mark.parametrize("run", [False, True])
async def test_a_running_script_is_held_told_of_and_goes_on(launch: Launch, run: bool) -> None:
    session = await launch(TRAINS, run=run, wait=not run)
    moving = None if run else asyncio.create_task(session.motion("continue"))
    await head_above(session, 50)
    await stop(session)
    assert session.moment().event.seq <= session.run.head
    await asyncio.wait_for(session.pause(), PATIENCE)
    pid = session.run.info.pid
    assert session.state == "running"
    assert session.notice == (
        f"pause requested; the script is stopped by a signal: kill -CONT {pid} lets it go on"
    )
    go_on(session)
    await until(session, "paused")
    assert session.notice == ""
    assert session.stop is not None
    assert session.stop.reason == "pause"
    if moving is not None:
        assert (await asyncio.wait_for(moving, PATIENCE)).reason == "pause"
    head = session.head
    assert await go(session, "step") == ("motion", head + 1)


async def test_what_is_asked_of_a_paused_script_waits_for_it(launch: Launch) -> None:
    session = await launch(TRAINS)
    await go(session, "phase")
    await stop(session)
    asked = asyncio.create_task(session.evaluate("1 + 1"))
    moving = asyncio.create_task(session.motion("step", backward=True))
    assert (await asyncio.wait_for(moving, PATIENCE)).seq == session.head - 1
    assert not asked.done()
    await session.seek(session.head)
    going = asyncio.create_task(session.motion("continue"))
    await until(session, "running")
    pausing = asyncio.create_task(session.pause())
    go_on(session)
    assert (await asyncio.wait_for(asked, PATIENCE)).text == "2"
    await asyncio.wait_for(pausing, PATIENCE)
    assert (await asyncio.wait_for(going, PATIENCE)).reason == "pause"


async def test_a_script_that_stops_itself_goes_on(launch: Launch) -> None:
    session = await launch(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nprint('awake')\n"
    )
    moving = asyncio.create_task(session.motion("continue"))
    async with asyncio.timeout(PATIENCE):
        while not is_stopped(session):
            await asyncio.sleep(0.01)
    assert session.state == "running"
    go_on(session)
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "exited"
    assert session.printed() == "awake\n"
    assert session.exit_status == 0


@pytest.mark.parametrize("kept", [False, True])
async def test_a_held_script_is_restarted_and_quit(
    launch: Launch, tmp_path: Path, kept: bool
) -> None:
    path = tmp_path / "kept.gradstep"
    session = await launch(TRAINS, record_path=path if kept else None)
    await go(session, "phase")
    await stop(session)
    held = session.run.info.pid
    await asyncio.wait_for(session.restart(), PATIENCE)
    await until(session, "paused")
    await go(session, "phase")
    await stop(session)
    pids = held, session.run.info.pid
    await asyncio.wait_for(session.quit(), PATIENCE)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    if kept:
        with Trace.open(path) as trace:
            assert [trace.run(info.id).head for info in trace.runs()] == [4, 4]
