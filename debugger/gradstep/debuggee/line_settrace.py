"""Line events by Python's trace function: for 3.11, and where no monitoring tool id is free."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

from gradstep.debuggee.location import Locator
from gradstep.debuggee.tracing import LineTracer, OnLine


class SettraceTracer(LineTracer):
    """Sets the trace function of each thread while armed, and puts back what was there.

    Python lets a thread set no trace function but its own: one that begins while lines are wanted
    starts with ours, another joins at its next event, and each gives it up by itself.
    """

    def __init__(self, locator: Locator, on_line: OnLine, on_first_line: OnLine) -> None:
        """Trace nothing yet."""
        super().__init__(locator, on_line, on_first_line)
        self._here = threading.local()
        self._for_new_threads: Any = None

    def wait_for_script(self) -> None:
        """Trace until the script's first line is reached."""
        self._waits_for_script = True
        sys.settrace(self._call)

    def arm(self, frame: FrameType | None) -> None:
        """Produce lines from now on."""
        if not self._is_armed:
            self._is_armed = True
            self._for_new_threads = threading.gettrace()
            threading.settrace(self._call)
        self.join(frame)

    def join(self, frame: FrameType | None) -> None:
        """Produce lines in the calling thread too."""
        if not hasattr(self._here, "before"):
            current = sys.gettrace()
            self._here.before = None if current == self._call else current
            sys.settrace(self._call)
        while frame is not None:
            if self._locator.file_of(frame.f_code):
                frame.f_trace = self._line
            frame = frame.f_back

    def disarm(self) -> None:
        """Produce no lines any more."""
        if self._is_armed:
            self._is_armed = False
            threading.settrace(self._for_new_threads)
            self._leave()

    def stop(self) -> None:
        """Trace nothing from now on."""
        self._waits_for_script = False
        self.disarm()
        sys.settrace(None)

    def _leave(self) -> None:
        """Give up the calling thread, unless its first line is still to come."""
        if not self._waits_for_script:
            sys.settrace(self._here.__dict__.pop("before", self._for_new_threads))

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._waits_for_script and self._is_script(frame):
            return self._line
        if not self._is_armed:
            self._leave()
        elif self._locator.file_of(frame.f_code):
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
        elif event == "exception" and self._is_armed:
            _, error, trace = argument
            if isinstance(error, BaseException):
                self._raised(frame, error, trace)
        return self._line if self._is_armed or self._waits_for_script else None
