"""A live run: motions over the edge, what it answers, and how it starts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent

import pytest

from gradstep.protocol import wire
from gradstep.session import LaunchOptions, Session, SessionError
from gradstep.session.channel import ControlChannel
from gradstep.trace.reader import Trace
from tests.session.conftest import LOOP, PATIENCE, Launch, go, text_of, until


async def test_starts_before_the_first_line(launch: Launch) -> None:
    session = await launch(LOOP)
    assert session.stop is not None
    assert (session.stop.reason, session.stop.line) == ("entry", 1)
    assert (session.cursor, session.head, session.at_edge) == (1, 1, True)
    assert session.is_live
    assert session.moment().event.kind == "run_started"
    assert text_of(session) == ""


@pytest.mark.parametrize(
    ("motions", "stops"),
    [
        (["step", "step", "step"], [2, 3, 4]),
        (["phase", "phase", "phase", "phase"], [3, 5, 7, 9]),
        (["phase", "iteration", "iteration"], [3, 9, 15]),
        (["step", "finish", "step", "finish"], [2, 3, 4, 5]),
        (["step", "step", "-step", "-step", "step", "step", "step"], [2, 3, 2, 1, 2, 3, 4]),
        (["iteration", "-phase", "iteration", "iteration"], [2, 1, 2, 8]),
        (["phase", "iteration", "-iteration", "iteration", "iteration"], [3, 9, 3, 9, 15]),
    ],
)
async def test_motions_cross_from_the_past_into_the_script(
    launch: Launch, motions: list[str], stops: list[int]
) -> None:
    session = await launch(LOOP)
    found = [await go(session, m.removeprefix("-"), backward=m.startswith("-")) for m in motions]
    assert [seq for _, seq in found] == stops


async def test_an_iteration_from_the_past_ends_where_it_was_headed(launch: Launch) -> None:
    # given the script at the end of iteration 2, and the cursor on its backward
    session = await launch(LOOP)
    for _ in range(6):
        await go(session, "phase")
    assert session.head == 13
    await session.seek(11)
    # when the user asks for the same point of the next iteration
    stop = await go(session, "iteration")
    # then that is the backward of iteration 3, not the edge's own point
    assert stop == ("motion", 17)


async def test_lines_and_line_breakpoints(launch: Launch) -> None:
    session = await launch("a = 1\nb = a + 1\nc = b + 1\nd = 4\n", breakpoints=("3",))
    await go(session, "line")
    assert session.stop is not None
    assert session.stop.line == 2
    assert await go(session, "continue") == ("breakpoint", session.head)
    assert session.stop.line == 3
    assert session.stop.message == "breakpoint 3"
    assert (await session.evaluate("a + b")).text == "3"
    assert "NameError" in (await session.evaluate("c")).error
    assert (await session.execute("b = 40")).ok
    await go(session, "line")
    assert (await session.evaluate("c")).text == "41"
    assert await go(session, "continue") == ("exited", session.head)


async def test_breakpoints_conditions_and_hits(launch: Launch) -> None:
    session = await launch(LOOP, breakpoints=("backward if iteration == 2", "step after 2"))
    assert await go(session, "continue") == ("breakpoint", 10)
    session.breakpoints.toggle("zero_grad")
    assert await go(session, "continue") == ("breakpoint", 14)
    assert await go(session, "continue") == ("breakpoint", 18)
    assert await go(session, "continue", backward=True) == ("breakpoint", 14)
    assert (await go(session, "continue")) == ("breakpoint", 18)
    session.breakpoints.add("op:add if undefined > 1")
    assert (await go(session, "continue"))[0] == "exited"


async def test_a_condition_that_fails_stops_and_says_so(launch: Launch) -> None:
    session = await launch(LOOP, breakpoints=("step if undefined > 1",))
    assert await go(session, "continue") == ("condition_error", 6)
    assert session.stop is not None
    assert "NameError" in session.stop.message


TWINS = """
    import torch

    x = torch.tensor([1.0], requires_grad=True)
    y = torch.tensor([2.0], requires_grad=True)
    for index in range(3):
        x.grad = y.grad = None
        z = x**2 + y**2
        print("made", z.item())
        z.backward()
        print("walked", x.grad.item())
"""
"""Two pow ops on one line, and two PowBackward0 from it, in each iteration."""


@pytest.mark.parametrize("is_past", [False, True])
async def test_iteration_goes_to_the_same_of_two_nodes(launch: Launch, is_past: bool) -> None:
    # given the second PowBackward0 of iteration 1, at the edge or looked back at
    session = await launch(TWINS)
    session.breakpoints.add("node:Pow* if iteration == 1", save=False)
    await go(session, "continue")
    await go(session, "continue")
    second = session.moment().event
    assert (second.name, session.stop and session.stop.reason) == ("PowBackward0", "breakpoint")
    if is_past:
        # and iteration 2 recorded up to its first one
        session.breakpoints.add("node:Pow* if iteration == 2", save=False)
        assert (await go(session, "continue"))[0] == "breakpoint"
        session.breakpoints.remove(2)
        await session.seek(second.seq)
    # when the user asks for the same point one iteration on, and back
    await go(session, "iteration")
    there = session.moment().event
    await go(session, "iteration", backward=True)
    # then that is the second one of iteration 2, and the same one again
    assert (there.name, there.iteration) == ("PowBackward0", 2)
    names = [event.name for event in session.run.events(1, there.seq + 1) if event.iteration == 2]
    assert names.count("PowBackward0") == 2
    assert session.cursor == second.seq


async def test_the_past_shows_what_was_printed_by_then(launch: Launch) -> None:
    session = await launch("import os\n" + dedent(TWINS).lstrip() + "os.write(1, b'raw')\n")
    await go(session, "continue")
    await until(session, "exited")
    assert session.at_edge
    assert session.printed().splitlines()[-1] == "raw"
    # the text came in one piece: only the trace knows where each line belongs
    ends = [event.seq for event in session.run.events(1, None, {"output"})]
    assert len(ends) == 6
    for count, seq in enumerate(ends, 1):
        await session.seek(seq - 1)
        assert len(session.printed().splitlines()) == count - 1
        await session.seek(seq)
        assert len(session.printed().splitlines()) == count


async def test_the_past_answers_for_gradients(launch: Launch) -> None:
    session = await launch(TWINS, breakpoints=("node:Pow* if iteration == 1",))
    await go(session, "continue")
    await go(session, "continue")
    await go(session, "step")
    await go(session, "step", backward=True)
    # y's gradient has been accumulated, x's has not: by then it is None
    assert (await session.evaluate("y.grad.item()")).text == "4.0"
    answer = await session.evaluate("x.grad")
    assert (answer.text or answer.error).startswith(("None", "x.grad is not recorded at event"))
    answer = await session.evaluate("z.grad")
    assert "z.grad is not recorded" in answer.error
    assert "only leaves keep a gradient" in answer.error
    answer = await session.evaluate("x.backward()")
    assert answer.error == "x.backward cannot be answered from the recording"


async def test_a_warning_comes_with_the_answer(launch: Launch) -> None:
    session = await launch(TWINS, breakpoints=("backward",))
    await go(session, "continue")
    answer = await session.evaluate("z.grad")
    assert (answer.ok, answer.text) == (True, "None")
    (warning,) = answer.warnings
    assert warning.startswith("UserWarning: The .grad attribute of a Tensor that is not a leaf")
    assert "Warning" not in session.printed()
    assert (await session.execute("a = z.grad")).warnings == (warning,)
    assert (await session.evaluate("x.grad")).warnings == ()


async def test_the_scripts_terminal_has_the_size_it_is_given(launch: Launch) -> None:
    session = await launch("import os\nwhile True:\n    size = os.get_terminal_size()\n")
    assert (await session.evaluate("__import__('os').get_terminal_size()[:]")).text == "(80, 24)"
    session.resize(57, 9)
    assert (await session.evaluate("__import__('os').get_terminal_size()[:]")).text == "(57, 9)"
    await session.restart()
    await until(session, "paused")
    assert (await session.evaluate("__import__('os').get_terminal_size()[:]")).text == "(57, 9)"


async def test_a_scenario_from_phase_to_phase_and_back(
    scenarios: Path,
) -> None:
    session = await Session.launch(LaunchOptions(str(scenarios / "two_scalars.py")))
    try:
        await until(session, "paused")
        seqs = [(await go(session, "phase"))[1] for _ in range(8)]
        assert seqs == sorted(set(seqs))
        exits = [session.run.event(seq) for seq in seqs]
        assert {row.kind for row in exits} == {"phase_exited"}
        assert {row.phase for row in exits} >= {"forward", "backward", "step"}
        back = [(await go(session, "phase", backward=True))[1] for _ in range(7)]
        assert back == seqs[-2::-1]
        stop = await go(session, "step")
        assert stop == ("motion", seqs[0] + 1)
    finally:
        await session.quit()


async def test_what_was_walked_live_is_walked_back(scenarios: Path) -> None:
    session = await Session.launch(LaunchOptions(str(scenarios / "two_scalars.py")))
    try:
        await until(session, "paused")
        walked = []
        for motion in ("line", "line", "phase", "step", "line", "finish", "iteration", "line"):
            walked.append((motion, session.cursor))
            await go(session, motion)
            if motion == "step":
                # What is changed at a stop makes events of its own, and is no motion.
                assert (await session.execute("x.data.add_(0.5)")).ok
        head = session.head
        while walked:
            motion, began = walked.pop()
            await go(session, motion, backward=True)
            assert session.cursor == began, motion
        assert session.head == head
    finally:
        await session.quit()


async def test_record_keeps_a_trace_that_opens_again(launch: Launch, tmp_path: Path) -> None:
    path = tmp_path / "kept.gradstep"
    session = await launch(LOOP, record_path=path)
    await go(session, "phase")
    await session.quit()
    with Trace.open(path) as trace:
        info = trace.run().info
        assert trace.run().head >= 3
    assert info.finished is not None
    assert info.error is not None
    assert info.error["message"] == "ended by gradstep"
    assert [file.name for file in tmp_path.glob("kept*")] == ["kept.gradstep"]


async def test_run_and_steps(launch: Launch) -> None:
    session = await launch(LOOP, run=True, steps=2)
    assert session.stop is not None
    assert (session.stop.seq, session.moment().event.step) == (13, 2)


async def test_what_cannot_start_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("x = 1\n")
    for options, message in [
        (LaunchOptions(str(tmp_path / "no.py")), "there is no script .*no.py"),
        (LaunchOptions(str(tmp_path)), "is a directory"),
        (LaunchOptions(str(script), python="/no/python"), "there is no Python at /no/python"),
        (LaunchOptions(str(script), python="/bin/false"), "ended before it .*exit status 1"),
        (LaunchOptions(str(script), engine="torch"), "not available yet"),
        (LaunchOptions(str(script), breakpoints=("bakward",)), "did you mean 'backward'"),
        (LaunchOptions(str(script), record_path=script), "is not a gradstep trace"),
        (LaunchOptions(str(script), record_path=tmp_path / "a" / "b"), "no directory"),
    ]:
        with pytest.raises((SessionError, ValueError), match=message):
            await asyncio.wait_for(Session.launch(options), PATIENCE)


async def test_what_a_run_says_waits_until_the_session_knows_the_run() -> None:
    heard: list[object] = []
    channel = ControlChannel(heard.append)
    await channel.open()
    channel.expect()
    _, writer = await asyncio.open_connection("127.0.0.1", channel.port)
    try:
        for message in (
            {"type": "hello", "token": channel.token, "run": 1},
            {"type": "stopped", "generation": 1, "seq": 1},
            {"type": "stopped", "generation": 0, "seq": 9},  # of a run that was replaced
        ):
            writer.write(wire.encode(message))
        assert channel.connected is not None
        await asyncio.wait_for(channel.connected, PATIENCE)
        assert heard == []
        channel.release()
        async with asyncio.timeout(PATIENCE):
            while not heard:
                await asyncio.sleep(0)
        assert heard == [{"type": "stopped", "generation": 1, "seq": 1}]
    finally:
        writer.close()
        await channel.close()


async def test_a_stranger_is_not_heard() -> None:
    channel = ControlChannel(lambda message: None)
    await channel.open()
    channel.expect()
    reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
    try:
        writer.write(wire.encode({"type": "hello", "token": "guess", "run": 1}))
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        assert channel.connected is not None
        assert not channel.connected.done()
    finally:
        writer.close()
        await channel.close()


async def test_a_module_that_does_not_exist_is_told() -> None:
    session = await Session.launch(LaunchOptions("no_such_module_here", module=True))
    try:
        await until(session, "exited")
        assert session.stop is not None
        assert session.stop.message.startswith("exit status 1: ")
        assert "No module named no_such_module_here" in session.stop.message
    finally:
        await session.quit()


async def test_a_breakpoint_on_a_line_without_code_is_warned_about(launch: Launch) -> None:
    session = await launch("x = 1\n\n# nothing\ny = 2\n", breakpoints=("3",))
    told = "script.py has no code on line 3; the next line with code is 4"
    assert session.notice == f"breakpoint 3: {told}"
