"""Line events of the user's code, produced only while something needs them.

Lines cost, so they are asked for at the moment a motion or a breakpoint needs them, and no longer
than that. Python 3.12 and later tell them by `sys.monitoring`, for the user's code objects alone;
Python 3.11 by its trace function.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import FrameType, TracebackType

from gradstep.debuggee.location import Locator

OnLine = Callable[[FrameType], None]
OnRaise = Callable[[FrameType, BaseException, TracebackType | None], None]

_FLOW = (StopIteration, StopAsyncIteration, GeneratorExit)
"""How Python itself ends loops and generators: no errors."""


class LineTracer(ABC):
    """Calls `on_line` with the user's frame before each of its lines, while armed."""

    def __init__(self, locator: Locator, on_line: OnLine, on_first_line: OnLine) -> None:
        """Call `on_first_line` once, before the script's first line, if asked to wait for it."""
        self._locator = locator
        self._on_line = on_line
        self._on_first_line = on_first_line
        self._is_armed = False
        self._waits_for_script = False
        self.on_raise: OnRaise | None = None
        """Called, while armed, in the user's frame that an exception is raised in or comes into.

        Set it before `arm`.
        """

    @property
    def is_armed(self) -> bool:
        """Whether lines are produced now."""
        return self._is_armed

    @abstractmethod
    def wait_for_script(self) -> None:
        """Trace until the script's first line is reached; the script has not begun yet."""

    @abstractmethod
    def arm(self, frame: FrameType | None) -> None:
        """Produce lines from now on, also in the frames that already run, from `frame` outwards."""

    @abstractmethod
    def join(self, frame: FrameType | None) -> None:
        """Produce lines in the calling thread too, from `frame` outwards, while armed."""

    @abstractmethod
    def disarm(self) -> None:
        """Produce no lines any more."""

    @abstractmethod
    def stop(self) -> None:
        """Trace nothing from now on."""

    def _raised(self, frame: FrameType, error: BaseException, trace: TracebackType | None) -> None:
        """Tell of an exception that is in a user's frame, once for all of these."""
        if self.on_raise is not None and self._comes_in(error, trace):
            self.on_raise(frame, error, trace)

    def _comes_in(self, error: BaseException, trace: TracebackType | None) -> bool:
        """Tell whether an exception is new to the user's frames: Python tells each of them."""
        if isinstance(error, _FLOW):
            return False
        inner = trace.tb_next if trace is not None else None
        while inner is not None:
            if self._locator.file_of(inner.tb_frame.f_code):
                return False
            inner = inner.tb_next
        return True

    def _is_script(self, frame: FrameType) -> bool:
        return (
            frame.f_code.co_name == "<module>"
            and frame.f_globals.get("__name__") == "__main__"
            and bool(self._locator.file_of(frame.f_code))
        )


def line_tracer(locator: Locator, on_line: OnLine, on_first_line: OnLine) -> LineTracer:
    """Return the cheaper tracer that this Python has, and that no other tool has taken."""
    from gradstep.debuggee.line_monitoring import MonitoringTracer, free_tool
    from gradstep.debuggee.line_settrace import SettraceTracer

    tool = free_tool(sys)
    if tool is None:
        return SettraceTracer(locator, on_line, on_first_line)
    return MonitoringTracer(tool, locator, on_line, on_first_line)
