"""A real child under a small session: where it stops, what it answers, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.debuggee.children import PATIENCE, Child
from tests.debuggee.toy import LOOP


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    one = Child(tmp_path)
    yield one
    await one.close()


def place(stop: dict[str, Any]) -> tuple[str, int]:
    return stop["reason"], stop["line"]


async def test_entry_is_before_the_first_line(child: Child) -> None:
    await child.start(LOOP)
    stop = await child.stopped()
    assert (stop["reason"], stop["seq"], stop["line"]) == ("entry", 1, 2)
    assert (await child.value("'torch' in globals()")) == "False"
    assert child.run().event(1).kind == "run_started"


async def test_steps_walk_every_event_of_an_iteration(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    walked = []
    for _ in range(15):
        stop = await child.go("step")
        event = child.run().event(stop["seq"])
        walked.append((event.kind, event.phase, event.name, stop["line"]))
    assert walked == [
        ("phase_entered", "zero_grad", "SGD.zero_grad", 9),
        ("zeroed", "zero_grad", "w", 9),
        ("phase_exited", "zero_grad", "SGD.zero_grad", 9),
        ("phase_entered", "forward", "forward", 10),
        ("op", "forward", "mul", 10),
        ("op", "forward", "mul", 11),
        ("phase_exited", "forward", "forward", 12),
        ("phase_entered", "backward", "backward", 12),
        ("node", "backward", "MulBackward0", 12),
        ("node", "backward", "MulBackward0", 12),
        ("accumulated", "backward", "w", 12),
        ("phase_exited", "backward", "backward", 12),
        ("phase_entered", "step", "SGD.step", 13),
        ("updated", "step", "w", 13),
        ("phase_exited", "step", "SGD.step", 13),
    ]


async def test_phases_iterations_and_the_end(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    lines = [(await child.go("phase"))["line"] for _ in range(5)]
    assert lines == [9, 12, 12, 13, 9]
    stop = await child.go("iteration")
    assert (child.run().event(stop["seq"]).iteration, stop["line"]) == (3, 9)
    assert (await child.ask("resume", motion="continue"))["ok"]
    assert (await child.notice("finished"))["exit_status"] == 0
    assert await child.end() == 0
    assert child.run().info.exit_status == 0


async def test_a_pause_lies_between_parameter_updates(child: Child) -> None:
    script = LOOP.replace("[w]", "[w, x]").replace(", requires_grad=False", "")
    await child.start(script, breakpoints=[{"id": 4, "text": "param:x", "enabled": True}])
    await child.stopped()
    for kind in ("zeroed", "accumulated", "updated"):
        stop = await child.go("continue")
        assert (stop["reason"], stop["breakpoints"]) == ("breakpoint", [4])
        assert child.run().event(stop["seq"]).kind == kind
    # Both are updated in this event's order: w before it, x in it.
    assert await child.value("w._array.tolist()") == "[1.600000023841858]"


async def test_lines_are_traced_only_while_they_are_needed(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    stops = [await child.go("line") for _ in range(8)]
    assert [(Path(stop["file"]).name, stop["line"]) for stop in stops] == [
        ("train.py", 3),
        ("toy.py", 1),
        *[("train.py", line) for line in (5, 6, 7, 8, 9, 10)],
    ]
    stop = await child.go("phase")
    assert stop["line"] == 12
    kinds = [event.kind for event in child.run().events(1)]
    assert kinds.count("line") == 8


async def test_a_line_breakpoint_stops_each_time_it_is_reached(child: Child) -> None:
    points = [{"id": 1, "text": "11 if i == 1", "enabled": True}]
    await child.start(LOOP, breakpoints=points, pause_at_entry=False)
    stop = await child.stopped()
    assert (stop["reason"], stop["line"], stop["breakpoints"]) == ("breakpoint", 11, [1])
    assert await child.value("i") == "1"
    points = [{"id": 2, "text": "14", "enabled": True}]
    assert (await child.ask("set_breakpoints", breakpoints=points))["ok"]
    assert place(await child.go("continue")) == ("breakpoint", 14)
    assert place(await child.go("continue")) == ("breakpoint", 14)
    assert await child.value("i") == "2"


async def test_breakpoints_stop_inside_backward(child: Child) -> None:
    points = [{"id": 1, "text": "node:Mul* if iteration == 2 after 1", "enabled": True}]
    await child.start(LOOP, breakpoints=points, pause_at_entry=False)
    stop = await child.stopped()
    event = child.run().event(stop["seq"])
    assert (event.kind, event.iteration, event.line, event.phase) == ("node", 2, 10, "backward")
    assert await child.value("w.grad is None") == "True"
    await child.go("step")
    assert await child.value("w.grad._array.shape") == "(1,)"


async def test_a_condition_that_fails_stops_and_says_why(child: Child) -> None:
    points = [{"id": 3, "text": "step if nonsense > 1", "enabled": True}]
    await child.start(LOOP, breakpoints=points, pause_at_entry=False)
    stop = await child.stopped()
    assert (stop["reason"], stop["breakpoints"]) == ("condition_error", [3])
    assert "NameError: name 'nonsense' is not defined; there are iteration" in stop["message"]
    offered = stop["message"].partition("; there are ")[2].split(", ")
    assert {"w", "loss"} <= set(offered)
    assert not {"torch", "__name__"} & set(offered)


async def test_conditions_know_the_loss_and_the_rate(child: Child) -> None:
    points = [
        {"id": 1, "text": "backward if loss < 3 and lr == 0.1 and step == 1", "enabled": True}
    ]
    await child.start(LOOP, breakpoints=points, pause_at_entry=False)
    stop = await child.stopped()
    assert child.run().event(stop["seq"]).iteration == 2


async def test_evaluating_records_only_what_it_changes_and_needs_no_grad(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    await child.go("iteration")
    await child.go("phase")
    stop = await child.go("phase")
    assert await child.value("mul(w, w).requires_grad") == "False"
    assert await child.value("[i + len(str(w)) > 0 for _ in range(2)]") == "[True, True]"
    assert await child.value("nonsense") == "NameError: name 'nonsense' is not defined"
    assert await child.value("1 +") == "SyntaxError: invalid syntax"
    assert (await child.ask("execute", text="new = i + 40\nw._array[0] = 9"))["ok"]
    assert await child.value("new, float(w._array[0])") == "(40, 9.0)"
    reply = await child.ask("execute", text="raise KeyError('x')")
    assert reply["error"] == "KeyError: 'x'"
    added = list(child.run().events(stop["seq"] + 1))
    assert [(row.kind, row.name) for row in added] == [
        ("written", "console"),
        ("edited", "console"),
    ]
    assert added[1].detail["changed"] == ["w"]
    assert added[1].detail["text"] == "new = i + 40\nw._array[0] = 9"
    assert (await child.ask("nonsense"))["ok"] is False


async def test_executing_binds_names_of_a_function(child: Child) -> None:
    body = "    a = 1\n    mul(leaf([1.0]), leaf([1.0]))\n    print(a)\n"
    script = f"from toy import *\ndef f():\n{body}f()\n"
    await child.start(script)
    await child.stopped()
    await child.go("step")
    assert (await child.ask("execute", text="a = a + 41"))["ok"]
    assert await child.value("a") == "42"
    assert (await child.ask("resume", motion="continue"))["ok"]
    assert child.process is not None
    output, _ = await child.process.communicate()
    assert output == b"42\n"


async def test_a_live_tensor_is_inspected_through_a_window(child: Child) -> None:
    await child.start(
        LOOP.replace("w = leaf([2.0])", "w = leaf([[1.0, 2.0], [3.0, float('nan')]])")
    )
    await child.stopped()
    await child.go("step")
    uid = int(await child.value("w.uid"))
    shown = (await child.ask("inspect", tensor=uid))["result"]
    assert (shown["shape"], shown["values"]) == ([2, 2], [1.0, 2.0, 3.0, "nan"])
    assert shown["statistics"]["nan"] == 1
    shown = (await child.ask("inspect", tensor=uid, slice=[[1, 2], [0, 1]]))["result"]
    assert (shown["start"], shown["window"], shown["values"]) == ([1, 0], [1, 1], [3.0])
    assert "gone" in (await child.ask("inspect", tensor=10**6))["error"]
    assert "dimensions" in (await child.ask("inspect", tensor=uid, slice=[[0, 1]]))["error"]


BUSY = """\
import os
from toy import *
up = 0
while True:
    n = len('x')
    up = up or os.write(1, b'up\\n')
"""


async def test_a_busy_python_loop_can_be_paused(child: Child) -> None:
    await child.start(BUSY, pause_at_entry=False)
    assert child.process is not None
    assert child.process.stdout is not None
    assert await child.process.stdout.readline() == b"up\n"
    assert (await child.ask("evaluate", text="n"))["error"] == (
        "the script is running; pause it first"
    )
    assert (await child.ask("pause"))["ok"]
    stop = await child.stopped()
    assert stop["reason"] == "pause"
    assert stop["line"] in {4, 5, 6}
    assert child.run().event(stop["seq"]).kind == "line"
    assert await child.value("n") == "1"
    assert (await child.go("line"))["line"] in {4, 5, 6}


async def test_a_running_loop_of_ops_pauses_at_an_event(child: Child) -> None:
    await child.start(LOOP.replace("range(3)", "range(10**9)"), pause_at_entry=False, steps=1)
    await child.stopped()
    # At once: the pause crosses with the end of the one before it.
    asked = [child.request("resume", motion="continue"), child.request("pause")]
    replies = await asyncio.wait_for(asyncio.gather(*asked), PATIENCE)
    assert [reply["ok"] for reply in replies] == [True, True]
    stop = await child.stopped()
    assert stop["reason"] == "pause"
    assert "SGD" in await child.value("opt")
    await child.go("step")


async def test_breakpoints_can_be_set_while_it_runs(child: Child) -> None:
    await child.start(BUSY, pause_at_entry=False)
    assert child.process is not None
    assert child.process.stdout is not None
    await child.process.stdout.readline()
    points = [{"id": 1, "text": "5", "enabled": True}]
    assert (await child.ask("set_breakpoints", breakpoints=points))["ok"]
    assert place(await child.stopped()) == ("breakpoint", 5)
    reply = await child.ask("set_breakpoints", breakpoints=[{"id": 1, "text": "stepp"}])
    assert "did you mean" in reply["error"]


async def test_an_uncaught_exception_stops_in_its_frame(child: Child) -> None:
    script = "def f():\n    inner = 7\n    raise ValueError('boom')\nf()\n"
    await child.start(script, pause_at_entry=False)
    stop = await child.stopped()
    assert (stop["reason"], stop["line"]) == ("exception", 3)
    assert stop["message"] == "ValueError: boom"
    assert await child.value("inner") == "7"
    assert (await child.ask("resume", motion="step"))["ok"]
    assert child.process is not None
    _, errors = await child.process.communicate()
    assert child.process.returncode == 1
    assert b"gradstep" not in errors
    assert errors.endswith(b"ValueError: boom\n")


async def test_ctrl_c_in_a_pause_is_a_keyboard_interrupt(child: Child) -> None:
    points = [{"id": 1, "text": "exception", "enabled": True}]
    points.append({"id": 2, "text": "node:*", "enabled": True})
    await child.start(LOOP, breakpoints=points, pause_at_entry=False)
    await child.stopped()
    assert child.process is not None
    os.kill(child.process.pid, signal.SIGINT)
    # Its way up through backward is a phase that ends with an error: that is no stop.
    _, errors = await asyncio.wait_for(child.process.communicate(), 30)
    assert child.process.returncode == -signal.SIGINT
    assert errors.endswith(b"KeyboardInterrupt\n")
    assert b"gradstep/" not in errors.replace(b"gradstep_engine/", b"")
    error = child.run().info.error
    assert error is not None
    assert error["type"] == "KeyboardInterrupt"


@pytest.mark.parametrize("script", [LOOP, BUSY])
async def test_a_session_that_goes_takes_the_script_along(child: Child, script: str) -> None:
    grandchild = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'input()'])\n"
    await child.start(grandchild + script, pause_at_entry=script == LOOP)
    assert child.writer is not None
    assert child.process is not None
    if script == LOOP:
        await child.stopped()
        await child.go("step")
    child.writer.close()
    assert await child.end() == -signal.SIGKILL
    # The pipe ends only when nobody of the group is left to hold it.
    assert child.process.stdout is not None
    await asyncio.wait_for(child.process.stdout.read(), 30)
    assert child.run().event(1).kind == "run_started"
    assert not Path(f"{child.trace}-wal").exists()


async def test_quit_ends_it(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    assert (await child.ask("quit"))["ok"]
    assert await child.end() == -signal.SIGKILL


async def test_a_number_of_steps_is_a_stop(child: Child) -> None:
    await child.start(LOOP, pause_at_entry=False, steps=2)
    stop = await child.stopped()
    event = child.run().event(stop["seq"])
    assert (event.kind, event.step) == ("phase_exited", 2)


async def test_late_answers_are_of_their_generation(child: Child) -> None:
    await child.start(LOOP, generation=1)
    stop = await child.stopped()
    assert stop["generation"] == 1


async def test_a_script_in_a_module_stops_in_the_calling_frame(child: Child) -> None:
    script = "from toy import *\ndef f(x):\n    return mul(x, x)\nf(leaf([1.0]))\n"
    await child.start(script)
    await child.stopped()
    await child.go("step")
    stop = await child.go("step")
    assert stop["line"] == 3
    assert await child.value("x._array.tolist()") == "[1.0]"
