"""A running script is asked to pause: loops, prints, signals of its own, and calls into C."""

from __future__ import annotations

import asyncio

import pytest

from gradstep.session import SessionError
from tests.session.conftest import PATIENCE, Launch, go, is_alive, text_of, until


async def test_an_endless_loop_is_paused_and_quit(launch: Launch) -> None:
    session = await launch("count = 0\nwhile True:\n    count += 1\n")
    moving = asyncio.create_task(session.motion("continue"))
    await until(session, "running")
    with pytest.raises(SessionError, match="the script is running; pause it first"):
        await session.motion("step")
    assert "running" in (await session.evaluate("count")).error
    await asyncio.wait_for(session.pause(), PATIENCE)
    stop = await asyncio.wait_for(moving, PATIENCE)
    assert (stop.reason, session.state) == ("pause", "paused")
    assert int((await session.evaluate("count")).text) > 0
    moving = asyncio.create_task(session.motion("continue"))
    await until(session, "running")
    pid = session.run.info.pid
    await session.quit()
    assert (await moving).reason == "exited"
    assert not is_alive(pid)


async def test_a_script_that_took_our_signal_is_paused_and_goes_on(launch: Launch) -> None:
    session = await launch(
        """
        import signal
        urgent = []
        signal.signal(signal.SIGURG, lambda *_: urgent.append(1))
        signal.raise_signal(signal.SIGURG)
        count = 0
        print("in", flush=True)
        while count >= 0:
            count += 1
        """
    )
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: "in" in text_of(session)), PATIENCE)
    await asyncio.wait_for(session.pause(), PATIENCE)
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "pause"
    assert (await session.evaluate("urgent")).text == "[1]"
    assert (await session.evaluate("count >= 0")).text == "True"
    await go(session, "line")
    assert session.stop is not None
    assert session.stop.line in {7, 8}
    assert (await session.execute("count = -10")).ok
    assert (await go(session, "continue"))[0] == "exited"
    assert session.exit_status == 0


async def test_a_script_that_only_prints_is_paused(launch: Launch) -> None:
    session = await launch("while True:\n    print('again')\n")
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: len(session.output) > 5), PATIENCE)
    await asyncio.wait_for(session.pause(), PATIENCE)
    assert session.notice == ""
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "pause"


async def test_a_script_inside_c_says_so_and_can_be_quit(launch: Launch) -> None:
    # The word comes from within the C call: a print before it could still be paused at.
    script = "import ctypes\nctypes.PyDLL(None).system(b'echo in; exec sleep 60')\n"
    session = await launch(script)
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: "in" in text_of(session)), PATIENCE)
    await asyncio.wait_for(session.pause(), PATIENCE)
    assert session.notice == "pause requested; the script is inside C code"
    assert session.state == "running"
    await asyncio.wait_for(session.quit(), PATIENCE)
    assert (await moving).reason == "exited"
