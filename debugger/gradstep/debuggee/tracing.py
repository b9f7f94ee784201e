"""Line events of the user's code, produced only while something needs them.

Python's own trace function makes every line of Python slower, so it is set at the moment a motion
or a breakpoint asks for lines, and taken away again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from gradstep.debuggee.location import Locator

OnLine = Callable[[FrameType], None]
OnRaise = Callable[[FrameType, BaseException, TracebackType | None], None]

_FLOW = (StopIteration, StopAsyncIteration, GeneratorExit)
"""How Python itself ends loops and generators: no errors."""


class LineTracer:
    """Calls `on_line` with the user's frame before each of its lines, while armed."""

    def __init__(self, locator: Locator, on_line: OnLine, on_first_line: OnLine) -> None:
        """Call `on_first_line` once, before the script's first line, if asked to wait for it."""
        self._locator = locator
        self._on_line = on_line
        self._on_first_line = on_first_line
        self._is_armed = False
        self._waits_for_script = False
        self._before: Any = None
        self.on_raise: OnRaise | None = None
        """Called, while armed, in the user's frame that an exception is raised in or comes into."""

    @property
    def is_armed(self) -> bool:
        """Whether lines are produced now."""
        return self._is_armed

    def wait_for_script(self) -> None:
        """Trace until the script's first line is reached; the script has not begun yet."""
        self._waits_for_script = True
        sys.settrace(self._call)

    def arm(self, frame: FrameType | None) -> None:
        """Produce lines from now on, also in the frames that already run, from `frame` outwards."""
        if not self._is_armed:
            self._is_armed = True
            current = sys.gettrace()
            self._before = None if current == self._call else current
            sys.settrace(self._call)
        while frame is not None:
            if self._locator.file_of(frame.f_code):
                frame.f_trace = self._line
            frame = frame.f_back

    def disarm(self) -> None:
        """Produce no lines any more."""
        if self._is_armed:
            self._is_armed = False
            if not self._waits_for_script:
                sys.settrace(self._before)

    def stop(self) -> None:
        """Trace nothing in this thread from now on."""
        self._is_armed = self._waits_for_script = False
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._waits_for_script and self._is_script(frame):
            return self._line
        if self._is_armed and self._locator.file_of(frame.f_code):
            return self._line
        return None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            if self._waits_for_script and self._is_script(frame):
                self._waits_for_script = False
                if not self._is_armed:
                    sys.settrace(None)
                self._on_first_line(frame)
            elif self._is_armed:
                self._on_line(frame)
        elif event == "exception" and self.on_raise is not None and self._is_armed:
            _, error, trace = argument
            if isinstance(error, BaseException) and self._comes_in(error, trace):
                self.on_raise(frame, error, trace)
        return self._line if self._is_armed or self._waits_for_script else None

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
