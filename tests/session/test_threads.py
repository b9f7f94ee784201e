"""A script that trains in threads of its own: stepped, paused and followed like any other."""

from __future__ import annotations

import asyncio

from tests.session.conftest import PATIENCE, Launch, go, until

ONE = """
    import threading
    import torch

    def train():
        w = torch.zeros(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for number in range({rounds}):
            optimizer.zero_grad()
            loss = ((w - 1) ** 2).sum()
            loss.backward()
            optimizer.step()

    thread = threading.Thread(target=train, name="trainer")
    thread.start()
    thread.join()
    print("the end")
"""
"""Trains in lines 5 to 11, in a thread that line 14 starts and line 15 waits for."""

WHO = "__import__('threading').current_thread().name"


async def test_motions_stay_in_the_thread_that_trains(launch: Launch) -> None:
    session = await launch(ONE.format(rounds=5), breakpoints=("step if iteration == 2",))
    assert (await go(session, "continue"))[0] == "breakpoint"
    assert (await session.evaluate(f"number, {WHO}")).text == "(1, 'trainer')"
    lines = []
    for motion in ("step", "phase", "line", "line", "line", "iteration"):
        assert (await go(session, motion))[0] == "motion"
        lines.append(session.run.event(session.cursor).line)
    assert lines == [11, 11, 7, 8, 9, 9]
    assert (await session.evaluate(f"number, {WHO}")).text == "(3, 'trainer')"


async def test_lines_go_on_in_another_thread_when_one_is_over(launch: Launch) -> None:
    session = await launch(ONE.format(rounds=1), breakpoints=("11",))
    assert await go(session, "continue")
    assert (await session.evaluate(WHO)).text == "'trainer'"
    lines = []
    while (await go(session, "line"))[0] == "motion":
        lines.append(session.run.event(session.cursor).line)
    assert lines == [7, 16]
    assert session.stop is not None
    assert session.stop.message == "finished"


async def test_a_thread_without_events_is_stopped_at_a_line(launch: Launch) -> None:
    session = await launch(
        """
        import threading

        def count(number):
            while number:
                number -= 1
            return number

        threading.Thread(target=count, args=(3,)).start()
        """,
        breakpoints=("6",),
    )
    assert (await go(session, "continue"))[0] == "breakpoint"
    assert (await session.evaluate("number")).text == "0"
    assert (await go(session, "continue"))[0] == "exited"


async def test_several_threads_tell_events_at_once_and_wait_in_a_pause(launch: Launch) -> None:
    session = await launch(
        """
        import threading
        import torch

        def double(number):
            for _ in range(200):
                torch.ones(2) * number

        threads = [threading.Thread(target=double, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
        breakpoints=("op:mul after 50",),
    )
    assert (await go(session, "continue"))[0] == "breakpoint"
    head = session.head
    await asyncio.sleep(0.05)
    assert session.run.head == head
    session.breakpoints.enable_all(False)
    assert await go(session, "step") == ("motion", head + 1)
    assert (await go(session, "continue"))[0] == "exited"
    assert session.exit_status == 0
    rows = list(session.run.events(1))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row.name == "mul" for row in rows) == 800


async def test_pause_while_the_main_thread_waits_for_the_one_that_trains(launch: Launch) -> None:
    session = await launch(ONE.format(rounds=10**9))
    moving = asyncio.create_task(session.motion("continue"))
    await asyncio.wait_for(session.wait_for(lambda: session.head > 100), PATIENCE)
    await asyncio.wait_for(session.pause(), PATIENCE)
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "pause"
    assert session.notice == ""
    head = session.head
    assert await go(session, "step") == ("motion", head + 1)
    await asyncio.wait_for(session.quit(), PATIENCE)


async def test_pause_while_no_thread_has_an_event(launch: Launch) -> None:
    session = await launch(
        """
        import threading
        number = 0
        def count():
            global number
            while number >= 0: number += 1
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
        """
    )
    moving = asyncio.create_task(session.motion("continue"))
    await until(session, "running")
    await asyncio.wait_for(session.pause(), PATIENCE)
    assert (await asyncio.wait_for(moving, PATIENCE)).reason == "pause"
    assert (await session.execute("number = -10**9")).ok
    assert (await go(session, "continue"))[0] == "exited"


async def test_what_is_asked_in_a_thread_is_broken_off_there(launch: Launch) -> None:
    session = await launch(ONE.format(rounds=3), breakpoints=("step",))
    assert (await go(session, "continue"))[0] == "breakpoint"
    endless = asyncio.create_task(session.execute("while True:\n try: 1\n except Exception: 1"))
    async with asyncio.timeout(PATIENCE):
        while not await session.interrupt_answer():
            await asyncio.sleep(0.01)
    assert (await asyncio.wait_for(endless, PATIENCE)).error == "interrupted"
    assert not await session.interrupt_answer()
    assert (await session.evaluate(WHO)).text == "'trainer'"
    session.breakpoints.enable_all(False)
    assert (await go(session, "continue"))[0] == "exited"
    assert session.exit_status == 0
    assert "the end\n" in session.printed()


async def test_an_error_in_a_thread_leaves_the_others_and_the_trace(launch: Launch) -> None:
    session = await launch(ONE.format(rounds=2).replace("torch.zeros(3,", "torch.zeros(1 / 0,"))
    assert (await go(session, "continue"))[0] == "exited"
    assert session.exit_status == 0
    said = session.printed()
    assert "ZeroDivisionError" in said
    assert "gradstep/debuggee" not in said
    assert said.endswith("the end\n")
