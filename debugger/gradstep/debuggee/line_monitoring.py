"""Line events by `sys.monitoring` (Python 3.12): only code objects of the user's are touched.

While armed, the first call of each code object is told; the user's get line events of their own,
and for all others Python is asked never to tell again. So library code runs at full speed even
while lines are stepped through.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from types import CodeType, FrameType
from typing import Any, Final

from gradstep.debuggee.location import Locator
from gradstep.debuggee.tracing import LineTracer, OnLine

_NAME: Final = "gradstep"
_FREE_IDS: Final = (3, 4)
"""Ids that Python keeps for no kind of tool: a pdb in the script finds its own (0) free."""


def free_tool(system: Any) -> int | None:
    """Take a tool id of `sys.monitoring` and return it; None where there is none to have."""
    monitoring = getattr(system, "monitoring", None)
    if monitoring is None:
        return None
    for tool in _FREE_IDS:
        if monitoring.get_tool(tool) is None:
            monitoring.use_tool_id(tool, _NAME)
            return tool
    return None


class MonitoringTracer(LineTracer):
    """Arms the code objects of the user's, each when it is first seen to run."""

    def __init__(self, tool: int, locator: Locator, on_line: OnLine, on_first_line: OnLine) -> None:
        """Monitor as `tool`, an id that is ours already."""
        super().__init__(locator, on_line, on_first_line)
        monitoring = self._monitoring = getattr(sys, "monitoring")  # noqa: B009 - not in 3.11
        self._tool = tool
        # By identity: two code objects that say the same are equal, and are told apart here.
        self._codes: dict[int, CodeType] = {}
        self._lines: dict[int, tuple[list[int], list[int | None]]] = {}
        events = monitoring.events
        self._local = events.LINE | events.JUMP
        self._calls = events.PY_START | events.PY_RESUME
        for event, callback in (
            (events.PY_START, self._on_call),
            (events.PY_RESUME, self._on_call),
            (events.LINE, self._on_code_line),
            (events.JUMP, self._on_jump),
            (events.RAISE, self._on_error),
        ):
            monitoring.register_callback(tool, event, callback)

    def wait_for_script(self) -> None:
        """Trace until the script's first line is reached."""
        self._waits_for_script = True
        self._set_events()

    def arm(self, frame: FrameType | None) -> None:
        """Produce lines from now on."""
        self._is_armed = True
        self._set_events()
        for code in self._codes.values():
            self._monitoring.set_local_events(self._tool, code, self._local)
        self.join(frame)

    def join(self, frame: FrameType | None) -> None:
        """Produce lines in the calling thread too: its calls are told, but not those that run."""
        while frame is not None:
            if id(frame.f_code) not in self._codes and self._locator.file_of(frame.f_code):
                self._take(frame.f_code)
            frame = frame.f_back

    def disarm(self) -> None:
        """Produce no lines any more."""
        if self._is_armed:
            self._is_armed = False
            self._set_events()
            self._clear()

    def stop(self) -> None:
        """Trace nothing from now on, and leave the tool id to others."""
        self._is_armed = self._waits_for_script = False
        monitoring, tool = self._monitoring, self._tool
        if monitoring.get_tool(tool) != _NAME:
            return
        self._set_events()
        self._clear()
        events = monitoring.events
        for event in (events.PY_START, events.PY_RESUME, events.LINE, events.JUMP, events.RAISE):
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)

    def _set_events(self) -> None:
        wanted = self._calls if self._is_armed or self._waits_for_script else 0
        if self._is_armed and self.on_raise is not None:
            wanted |= self._monitoring.events.RAISE
        self._monitoring.set_events(self._tool, wanted)

    def _clear(self) -> None:
        for code in self._codes.values():
            self._monitoring.set_local_events(self._tool, code, 0)

    def _on_call(self, code: CodeType, offset: int) -> Any:
        if self._waits_for_script and not self._is_armed:
            if code.co_name == "<module>" and self._is_script(sys._getframe(1)):
                self._take(code)
            return None
        if self._locator.file_of(code):
            self._take(code)
        return self._monitoring.DISABLE

    def _take(self, code: CodeType) -> None:
        if id(code) not in self._codes:
            self._codes[id(code)] = code
            self._monitoring.set_local_events(self._tool, code, self._local)

    def _on_code_line(self, code: CodeType, number: int) -> Any:
        if self._waits_for_script:
            frame = sys._getframe(1)
            if self._is_script(frame):
                self._waits_for_script = False
                if not self._is_armed:
                    self._set_events()
                    self._clear()
                self._on_first_line(frame)
                return
        if self._is_armed:
            self._on_line(sys._getframe(1))

    def _on_jump(self, code: CodeType, offset: int, destination: int) -> Any:
        """Tell a line that begins anew by a jump within it: Python counts it as one line."""
        if destination > offset or self._line_at(code, offset) != self._line_at(code, destination):
            return self._monitoring.DISABLE
        if self._is_armed:
            self._on_line(sys._getframe(1))
        return None

    def _line_at(self, code: CodeType, offset: int) -> int | None:
        table = self._lines.get(id(code))
        if table is None:
            starts, numbers = [], []
            for start, _, number in code.co_lines():
                starts.append(start)
                numbers.append(number)
            table = self._lines[id(code)] = starts, numbers
        return table[1][bisect_right(table[0], offset) - 1]

    def _on_error(self, code: CodeType, offset: int, error: BaseException) -> Any:
        if self._is_armed and self._locator.file_of(code):
            self._raised(sys._getframe(1), error, error.__traceback__)
