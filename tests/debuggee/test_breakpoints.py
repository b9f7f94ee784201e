"""Breakpoints in a real child: changes, numbers that are none, exceptions, logpoints, notices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gradstep.debuggee.location import Locator
from tests.debuggee.children import Child
from tests.debuggee.toy import LOOP


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    one = Child(tmp_path)
    yield one
    await one.close()


def points(*texts: str) -> list[dict[str, Any]]:
    return [{"id": number, "text": text} for number, text in enumerate(texts, 1)]


async def walk(child: Child, count: int) -> list[tuple[str, int, str]]:
    """The first stops of a run: the kind of the event, the line, what was said."""
    found = []
    stop = await child.stopped()
    while True:
        assert stop["reason"] in {"breakpoint", "exception"}, stop
        found.append((child.run().event(stop["seq"]).kind, stop["line"], stop["message"]))
        if len(found) == count:
            return found
        stop = await child.go("continue")


async def test_a_tensor_is_followed_by_its_events(child: Child) -> None:
    await child.start(LOOP, breakpoints=points("change:w", "change:w.grad"), pause_at_entry=False)
    assert await walk(child, 5) == [
        ("accumulated", 12, "w.grad changed by accumulation, line 12: None → 4"),
        ("updated", 13, "w changed by the update (SGD), line 13: 2 → 1.6 (−0.4)"),
        ("zeroed", 9, "w.grad changed when the gradient was cleared, line 9: 4 → None"),
        ("accumulated", 12, "w.grad changed by accumulation, line 12: None → 3.2"),
        ("updated", 13, "w changed by the update (SGD), line 13: 1.6 → 1.28 (−0.32)"),
    ]
    # Nothing had to be traced for it.
    assert not any(event.kind == "line" for event in child.run().events(1))


SCRIPT = """
import torch
class Best:
    value = None
best = Best()
seen = []
for i in range(3):
    seen.append({"loss": 1 / (i + 1)})
    best.value = i // 2
"""
"""Line 7 opens the loop, 8 appends, 9 sets."""


async def test_what_is_no_tensor_is_compared_before_each_line(child: Child) -> None:
    texts = points("change:i", "change:len(seen)", "change:seen[-1]['loss']", "change:best.value")
    await child.start(SCRIPT, breakpoints=texts, pause_at_entry=False)
    found = await walk(child, 5)
    assert found == [
        ("line", 9, "len(seen) changed before line 9: 0 → 1 (+1)"),
        ("line", 7, "best.value changed before line 7: None → 0"),
        ("line", 8, "i changed before line 8: 0 → 1 (+1)"),
        (
            *("line", 9),
            "len(seen) changed before line 9: 1 → 2 (+1); "
            "seen[-1]['loss'] changed before line 9: 1 → 0.5 (−0.5)",
        ),
        ("line", 8, "i changed before line 8: 1 → 2 (+1)"),
    ]
    # Lines were looked at, and only those at which something had changed are in the trace.
    assert sum(event.kind == "line" for event in child.run().events(1)) == 5


async def test_a_value_counts_from_where_the_breakpoint_was_made(child: Child) -> None:
    await child.start(LOOP)
    await child.stopped()
    await child.go("phase")
    await child.go("iteration")
    assert (await child.ask("set_breakpoints", breakpoints=points("change:w")))["ok"]
    stop = await child.go("continue")
    assert "1.6 → 1.28" in stop["message"]
    off = [{**points("change:w")[0], "enabled": False}]
    assert (await child.ask("set_breakpoints", breakpoints=off))["ok"]
    await child.go("phase")
    await child.go("iteration")
    assert (await child.ask("set_breakpoints", breakpoints=points("change:w")))["ok"]
    assert (await child.ask("resume", motion="continue"))["ok"]
    assert (await child.notice("finished"))["exit_status"] == 0


async def test_functions_have_variables_of_their_own(child: Child) -> None:
    script = """
def f(n):
    total = n
    total += 1
    return total
total = 10
for n in range(2):
    f(5)
total = 11
f(5)
"""
    await child.start(script, breakpoints=points("change:total"), pause_at_entry=False)
    assert [(line, text) for _, line, text in await walk(child, 4)] == [
        (5, "total changed before line 5: 5 → 6 (+1)"),
        (4, "total changed before line 4: 6 → 5 (−1)"),
        (5, "total changed before line 5: 5 → 6 (+1)"),
        (10, "total changed before line 10: 10 → 11 (+1)"),
    ]


FAILING = """
import torch
try:
    int("no")
except ValueError:
    pass
a = torch.ones(2, 3)
def layer(x):
    return x @ a
layer(torch.ones(4, 5))
"""


async def test_exceptions_that_nobody_catches_stop_in_their_frame(child: Child) -> None:
    await child.start(FAILING, breakpoints=points("exception"), pause_at_entry=False)
    stop = await child.stopped()
    assert (stop["reason"], stop["line"], stop["breakpoints"]) == ("exception", 9, [1])
    assert stop["message"].startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")
    assert stop["message"].endswith(" · in matmul of [4, 5] and [2, 3]")
    assert await child.value("list(x.shape)") == "[4, 5]"
    assert stop["hits"] == {"1": 1}
    assert (await child.ask("resume", motion="continue"))["ok"]
    await child.notice("finished")
    error = child.run().info.error
    assert error is not None
    assert error["failed"] == "matmul of [4, 5] and [2, 3]"


async def test_exception_all_stops_at_those_that_are_caught_too(child: Child) -> None:
    await child.start(FAILING, breakpoints=points("exception:all"), pause_at_entry=False)
    stop = await child.stopped()
    # What libraries raise and catch while they are imported is none of the user's.
    assert (stop["reason"], stop["line"]) == ("exception", 4)
    stop = await child.go("continue")
    assert (stop["line"], stop["breakpoints"]) == (9, [1])


async def test_an_error_in_backward_names_the_node(child: Child) -> None:
    script = """
import torch
w = torch.ones(3, requires_grad=True)
y = w.exp()
y.data
with torch.no_grad():
    y.mul_(2)
try:
    y.sum().backward()
except RuntimeError:
    pass
"""
    await child.start(script, breakpoints=points("exception"), pause_at_entry=False)
    stop = await child.stopped()
    event = child.run().event(stop["seq"])
    assert (stop["reason"], event.kind, event.phase) == ("breakpoint", "phase_exited", "backward")
    assert "modified by an inplace operation" in stop["message"]
    # not "of [3]", the shape of what backward() was called on
    assert stop["message"].endswith(" · in ExpBackward0")


async def test_nan_tells_what_the_tensors_hold(child: Child) -> None:
    script = """
import torch
x = torch.tensor([0.0, -1.0, 4.0], requires_grad=True)
y = torch.sqrt(x)
z = (y * 2).sum()
z.backward()
"""
    await child.start(script, breakpoints=points("nan"), pause_at_entry=False)
    found = await walk(child, 2)
    assert found[0] == (
        *("op", 4),
        "sqrt · output sqrt_1 [3]: 1 NaN, 1 zero, 1 positive; input x [3]: 1 negative, 1 zero, "
        "1 positive",
    )
    kind, line, text = found[1]
    assert (kind, line) == ("node", 6)
    assert text.startswith("SqrtBackward0 · grad_input")


async def test_logpoints_speak_and_do_not_stop(child: Child) -> None:
    texts = points('step if iteration > 1 log "{iteration}: {w.item():.2f}"', "step log nope")
    await child.start(LOOP, breakpoints=texts, pause_at_entry=False)
    said = []
    for _ in range(3):
        message = await child.notice("said")
        said.append((message["seq"], message["id"], message["text"]))
    assert await child.end() == 0
    assert said[0][2].startswith("NameError: name 'nope' is not defined")
    assert [one[1:] for one in said[1:]] == [(1, "2: 1.60"), (1, "3: 1.28")]
    events = [child.run().event(seq) for seq, _, _ in said]
    assert {(event.kind, event.phase) for event in events} == {("phase_entered", "step")}


async def test_what_can_never_be_met_is_told_of(child: Child) -> None:
    texts = points("op:linaer", "node:MulBackward9", "param:b*", "module:fc", "change:nope")
    await child.start(LOOP, breakpoints=texts, pause_at_entry=False)
    told = {}
    for _ in texts:
        message = await child.notice("said")
        told[message["id"]] = message["text"]
    assert told[1].startswith("the engine has no operation 'linaer' (did you mean linear")
    assert "did you mean MulBackward0" in told[2]
    assert told[3] == "no parameter 'b*' by the end of iteration 1; there are w"
    assert told[4] == "no module 'fc' by the end of iteration 1"
    assert told[5].startswith("nope has had no value by the end of iteration 1: NameError")


def test_an_environment_inside_the_scripts_folder_is_not_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / ".venv" / "lib"
    installed.mkdir(parents=True)
    library, own = installed / "library.py", tmp_path / "model.py"
    for file in (library, own):
        file.write_text("")
    paths = dict.fromkeys(("stdlib", "platstdlib", "purelib", "platlib"), str(installed))
    monkeypatch.setattr("sysconfig.get_paths", lambda: paths)
    locator = Locator(str(tmp_path / "train.py"), (), lambda file, text: None)
    assert locator.file_of(compile("", str(own), "exec")) == str(own)
    assert locator.file_of(compile("", str(library), "exec")) == ""
