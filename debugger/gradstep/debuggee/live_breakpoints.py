"""The breakpoints of a running script: where they are met, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any

from gradstep.debuggee import evaluation
from gradstep.debuggee.probe import LiveProbe
from gradstep.debuggee.recorder import Recorder
from gradstep.debuggee.saying import Sayer
from gradstep.debuggee.unbound import UnboundFinder
from gradstep.protocol.breakpoints import BreakpointTable, Entry, Hit, judge
from gradstep.protocol.row import EventRow
from gradstep.protocol.wire import Message


class LiveBreakpoints:
    """Matches the recorder's rows; logpoints speak through `send` and never stop."""

    def __init__(self, recorder: Recorder, send: Callable[[Message], None]) -> None:
        """Begin without a breakpoint."""
        self._recorder = recorder
        self._probe = LiveProbe(recorder)
        self.table = BreakpointTable(script=recorder.locator.script, probe=self._probe)
        self._sayer = Sayer(send)
        self._unbound = UnboundFinder(recorder, self._probe.changes, self._sayer.notice)

    @property
    def arms_lines(self) -> bool:
        """Whether Python has to tell of every line, or of every exception."""
        return self.table.arms_lines or self.table.arms_raises or self._probe.changes.arms_lines

    def install(self, entries: list[Entry], row: EventRow, frame: FrameType | None) -> None:
        """Take these in place of what there is; values that they look at count from `row` on."""
        self.table.replace(entries)
        self._probe.begin(self.table, row, frame)
        self._unbound.begin(row)

    def hits(self, row: EventRow, frame: FrameType | None) -> list[Hit]:
        """Return what stops at a row, the recorder's latest; logpoints have spoken then."""
        table = self.table

        def evaluate(code: CodeType) -> Any:
            return self._condition(code, row, frame)

        if table.is_empty:
            return table.reached(row, evaluate)
        self._probe.frame = frame
        try:
            hits = table.reached(row, evaluate)
        finally:
            # A frame that is held keeps the script's tensors alive.
            self._probe.frame = None
        if hits:
            hits = self._sayer.hear(table, hits, row.seq, evaluate)
        self._unbound.look(row, table)
        return hits

    def hits_of_error(
        self, row: EventRow, frame: FrameType | None, told: str, *, raised: bool
    ) -> list[Hit]:
        """Return what stops at an exception: `raised`, be it caught or not, or in nobody's hands.

        `row` is the latest row, `told` the error in words.
        """

        def evaluate(code: CodeType) -> Any:
            return self._condition(code, row, frame)

        hits = [
            hit if hit.error else replace(hit, told=told)
            for entry in self.table
            if entry.enabled
            and entry.breakpoint.where == "exception"
            and (entry.breakpoint.arms_raises or not raised)
            and (hit := judge(entry, evaluate)) is not None
        ]
        return self._sayer.hear(self.table, hits, row.seq, evaluate)

    def is_on_line(self, frame: FrameType) -> bool:
        """Tell whether a breakpoint lies on the line that a user's frame is about to run."""
        file, line = self._recorder.locator.place(frame)
        row = EventRow(0, "line", "other", 0, 0, file=file, line=line)
        return any(
            entry.enabled and entry.breakpoint.arms_lines and entry.breakpoint.matches(row)
            for entry in self.table
        )

    def changes_before(self, frame: FrameType) -> bool:
        """Tell whether the line that has run changed what a breakpoint looks at."""
        recorder = self._recorder
        if not self._probe.changes.arms_lines:
            return False
        with recorder.lock:
            if recorder.is_busy or not recorder.is_recording:
                return False
            recorder.is_busy = True
            try:
                clock = recorder.clock
                file, line = recorder.locator.place(frame)
                row = EventRow(
                    recorder.next_seq,
                    "line",
                    clock.phase,
                    clock.iteration,
                    clock.step,
                    name=frame.f_code.co_name,
                    file=file,
                    line=line,
                )
                return self._probe.changes.changes_before(row, frame)
            finally:
                recorder.is_busy = False

    def finish(self) -> None:
        """Tell what has met nothing until the end."""
        self._unbound.look_back(self.table, "in the whole run")

    def _condition(self, code: CodeType, row: EventRow, frame: FrameType | None) -> Any:
        return evaluation.evaluate_condition(code, frame, self._recorder.condition_names(row))
