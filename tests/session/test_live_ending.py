"""The ways a script is paused, ends and starts again, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from gradstep.session import SessionError
from tests.session.conftest import LOOP, PATIENCE, Launch, go, is_alive, text_of, until


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("x = 1\n", 0, "finished"),
        ("import sys\nsys.exit(3)\n", 3, "exit status 3"),
        ("import os\nos._exit(4)\n", 4, "exit status 4"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", -9, "killed by SIGKILL"),
        ("import ctypes\nctypes.string_at(0)\n", -11, "killed by SIGSEGV"),
    ],
)
async def test_the_end_is_told(launch: Launch, text: str, status: int, message: str) -> None:
    session = await launch(text)
    assert (await go(session, "continue"))[0] == "exited"
    assert session.stop is not None
    assert (session.state, session.exit_status) == ("exited", status)
    assert session.stop.message == message
    assert not session.is_live
    assert session.run.info.finished is not None
    assert session.run.info.exit_status == status
    assert (await go(session, "step", backward=True))[0] == "beginning"
    assert (await go(session, "continue"))[0] == "end"
    with pytest.raises(SessionError, match="the script is over"):
        await session.pause()


async def test_an_uncaught_exception_stops_in_its_frame(launch: Launch) -> None:
    session = await launch("def fail(size):\n    raise ValueError(size)\n\nfail(7)\n")
    assert (await go(session, "continue"))[0] == "exception"
    assert session.stop is not None
    assert "ValueError" in session.stop.message
    assert session.stop.line == 2
    assert (await session.evaluate("size")).text == "7"
    assert (await go(session, "continue"))[0] == "exited"
    assert session.stop.message == "ValueError: 7 (exit status 1)"


async def test_killed_in_a_pause(launch: Launch) -> None:
    session = await launch(LOOP)
    await go(session, "step")
    pid = session.run.info.pid
    os.killpg(pid, signal.SIGKILL)
    await until(session, "exited")
    assert session.stop is not None
    assert session.stop.message == "killed by SIGKILL"
    assert session.moment().event.seq == 2
    assert session.run.info.finished is not None


async def test_of_endless_output_the_latest_is_kept(launch: Launch) -> None:
    text = "for n in range(40):\n    print('x' * 50_000, n, flush=True)\n"
    session = await launch(text)
    await go(session, "continue")
    kept = text_of(session)
    assert kept.endswith("x 39\n")
    assert 400_000 < len(kept) < 600_000


async def test_quit_leaves_no_process_and_no_file(launch: Launch) -> None:
    session = await launch(
        """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "input()"])
        print(child.pid, flush=True)
        input("name? ")
        """
    )
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: "name? " in text_of(session)), PATIENCE)
    pids = [session.run.info.pid, int(text_of(session).split()[0])]
    place = session.trace.path.parent
    assert place.is_dir()
    await session.quit()
    await moving
    # The kernel tells of a killed grandchild's end only through its parent, which is gone too.
    async with asyncio.timeout(PATIENCE):
        while any(map(is_alive, pids)):
            await asyncio.sleep(0.01)
    assert not place.exists()


async def test_kill_now_needs_no_loop(launch: Launch) -> None:
    session = await launch(LOOP)
    pid = session.run.info.pid
    session.kill_now()
    await until(session, "exited")
    assert not is_alive(pid)


async def test_input_reaches_the_script(launch: Launch) -> None:
    session = await launch("name = input('name? ')\nprint(f'hello {name}')\n")
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: "name? " in text_of(session)), PATIENCE)
    session.send_input("Ada\n")
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "exited"
    assert "hello Ada\n" in text_of(session)
    with pytest.raises(SessionError, match="the script is over"):
        session.send_input("more")


async def test_restart_is_a_fresh_run_with_the_same_breakpoints(launch: Launch) -> None:
    session = await launch(LOOP, breakpoints=("backward",))
    assert await go(session, "continue") == ("breakpoint", 4)
    first = session.run.info.pid
    await asyncio.wait_for(session.restart(), PATIENCE)
    await until(session, "paused")
    assert not is_alive(first)
    assert (session.run.number, session.cursor, session.head) == (2, 1, 1)
    assert [run.id for run in session.trace.runs()] == [1, 2]
    assert session.trace.runs()[0].error is not None
    assert await go(session, "continue") == ("breakpoint", 4)
    assert await go(session, "continue") == ("breakpoint", 10)
    # and again once it has ended
    for entry in session.breakpoints.list():
        session.breakpoints.remove(entry.id)
    await go(session, "continue")
    await asyncio.wait_for(session.restart(), PATIENCE)
    await until(session, "paused")
    assert session.run.number == 3


async def test_restart_while_running_ends_the_motion(launch: Launch) -> None:
    session = await launch("while True:\n    pass\n")
    moving = asyncio.create_task(session.motion("continue"))
    await until(session, "running")
    await asyncio.wait_for(session.restart(), PATIENCE)
    assert (await moving).message == "restarted"
    await until(session, "paused")
    assert session.run.number == 2


async def test_the_way_to_the_end_of_the_script_is_walked_back(launch: Launch) -> None:
    session = await launch(LOOP)
    stops = [session.cursor]
    for motion in ("phase", "finish", "iteration", "step", "continue"):
        stops.append((await session.motion(motion)).seq)
    await until(session, "exited")
    assert stops[-1] == session.cursor == session.head
    back = [
        (await session.motion(motion, backward=True)).seq
        for motion in ("continue", "step", "iteration", "finish", "phase")
    ]
    assert back == stops[-2::-1]
