"""The two ways to get line events: the same lines, only while armed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace, TracebackType
from typing import Any

import pytest

import gradstep
from gradstep.debuggee.line_monitoring import MonitoringTracer, free_tool
from gradstep.debuggee.line_settrace import SettraceTracer
from gradstep.debuggee.location import Locator
from gradstep.debuggee.tracing import LineTracer

OURS = str(Path(gradstep.__file__).parent)

SCRIPT = """\
import json

def inner(n):
    total = 0
    for i in range(n): total += i
    return total

def numbers():
    yield 1
    yield 2

def main(before, after):
    steps = numbers()
    next(steps)
    before()
    json.dumps([1, 2])
    inner(2)
    next(steps)
    try:
        int("x")
    except ValueError:
        pass
    after()
    inner(1)
"""


@contextmanager
def tracing(kind: str, path: Path, seen: list[int], outside: list[str]) -> Iterator[LineTracer]:
    def on_line(frame: FrameType) -> None:
        if frame.f_code.co_filename == str(path):
            seen.append(frame.f_lineno)
        elif frame.f_code.co_filename != __file__:
            outside.append(frame.f_code.co_filename)

    locator = Locator(str(path), (OURS,), lambda file, text: None)
    tracer: LineTracer
    if kind == "monitoring":
        tool = free_tool(sys)
        if tool is None:
            pytest.skip("this Python has no sys.monitoring")
        tracer = MonitoringTracer(tool, locator, on_line, on_line)
    else:
        tracer = SettraceTracer(locator, on_line, on_line)
    before = sys.gettrace()
    try:
        yield tracer
    finally:
        tracer.stop()
        sys.settrace(before)


def main_of(path: Path) -> Callable[..., None]:
    path.write_text(SCRIPT)
    names: dict[str, Any] = {"__name__": "toy"}
    exec(compile(SCRIPT, str(path), "exec"), names)
    main: Callable[..., None] = names["main"]
    return main


@pytest.mark.parametrize("kind", ["settrace", "monitoring"])
def test_lines_are_told_from_arming_to_disarming_in_users_code_only(
    kind: str, tmp_path: Path
) -> None:
    seen: list[int] = []
    outside: list[str] = []
    main = main_of(tmp_path / "toy.py")
    with tracing(kind, tmp_path / "toy.py", seen, outside) as tracer:
        for _ in range(2):
            main(lambda: tracer.arm(sys._getframe(1)), tracer.disarm)
            # The generator was begun before: its next line is told as well.
            assert [n for n in seen if n != 5] == [16, 17, 4, 6, 18, 10, 19, 20, 21, 22, 23]
            # Once for each round of a loop that stands on one line.
            assert seen.count(5) >= 3
            assert not outside
            seen.clear()


@pytest.mark.parametrize("kind", ["settrace", "monitoring"])
def test_an_exception_is_told_once_where_it_comes_into_users_code(
    kind: str, tmp_path: Path
) -> None:
    told: list[tuple[int, str]] = []

    def on_raise(frame: FrameType, error: BaseException, trace: TracebackType | None) -> None:
        told.append((frame.f_lineno, type(error).__name__))

    main = main_of(tmp_path / "toy.py")
    with tracing(kind, tmp_path / "toy.py", [], []) as tracer:
        tracer.on_raise = on_raise
        main(lambda: tracer.arm(sys._getframe(1)), tracer.disarm)
    assert told == [(20, "ValueError")]


def test_a_tool_id_is_taken_only_where_one_is_free() -> None:
    taken: dict[int, str] = {3: "another"}
    monitoring = SimpleNamespace(get_tool=taken.get, use_tool_id=taken.__setitem__)
    system = SimpleNamespace(monitoring=monitoring)
    assert free_tool(system) == 4
    assert taken == {3: "another", 4: "gradstep"}
    assert free_tool(system) is None
    assert free_tool(SimpleNamespace()) is None
