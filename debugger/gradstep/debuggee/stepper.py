"""Decides after each row whether the script pauses, and serves the session while it does.

The thread that caused the row waits in the pause itself, so the stack below it is the user's, as
it was. The pause holds the recorder, so that other threads wait at their next event.
"""

from __future__ import annotations

import queue
import threading
from types import FrameType, TracebackType
from typing import Any, Final

from gradstep.debuggee import asking, evaluation, inspection, pause_requests
from gradstep.debuggee.control import end_process_group
from gradstep.debuggee.failing import failing_text, place_in_text
from gradstep.debuggee.followed import FollowedThread
from gradstep.debuggee.guarded import Guard
from gradstep.debuggee.live_breakpoints import LiveBreakpoints
from gradstep.debuggee.nudge import Nudge
from gradstep.debuggee.output import flush_streams
from gradstep.debuggee.recorder import Recorder
from gradstep.debuggee.telling import Line
from gradstep.debuggee.tracing import line_tracer
from gradstep.debuggee.variables import FrameError
from gradstep.protocol import breakpoints, motions
from gradstep.protocol.breakpoints import BreakpointError, Entry, Hit, reason_of
from gradstep.protocol.row import EventRow
from gradstep.protocol.wire import Message

RUNNING: Final = "the script is running; pause it first"


class Stepper:
    """Observes rows; at most one motion is under way."""

    def __init__(
        self, recorder: Recorder, control: Line, *, steps: int = 0, pauses: bool = True
    ) -> None:
        """Pause at `steps` finished optimizer steps, if that is not 0.

        Without `pauses` there is nobody to go on: logpoints speak, and nothing stops.
        """
        self._recorder = recorder
        self._control = control
        self._steps = steps
        self._pauses = pauses
        self.points = LiveBreakpoints(recorder, control.send)
        self.tracer = line_tracer(recorder.locator, self._on_line, self._on_first_line)
        self._rule: motions.StopRule | None = None
        self._row = EventRow(0, "run_started", "other", 0, 0)
        self._wanted = False
        self._new_table: list[Entry] | None = None
        self._traces_lines = self._lines_needed = False
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_paused = False
        self._interrupted = False
        self._followed = FollowedThread()
        self._nudge = Nudge(self._on_nudge)
        self._guard = Guard(self._nudge.send)

    def listen(self) -> None:
        """Begin to take the session's messages."""
        self._nudge.install()
        self._control.listen(self._on_message, self._on_idle, self._on_gone)

    def set_breakpoints(self, items: Any) -> None:
        """Take breakpoints before the script begins.

        Raises:
            BreakpointError: one does not parse.
        """
        self._install(breakpoints.from_wire(items), None)

    def begin(self, *, pause: bool) -> None:
        """Start with the script: wait for its first line, or arm what breakpoints need."""
        self._row = EventRow(self._recorder.seq, "run_started", "other", 0, 0)
        if pause:
            self.tracer.wait_for_script()
        else:
            self._arm(None)
            # Nobody resumes it: without a word the session could not tell it from one that starts.
            self._control.send({"type": "running", "seq": self._recorder.seq})

    def abandon(self) -> None:
        """Step no more in a forked child."""
        self.tracer.stop()
        self._nudge.remove()

    def after(self, row: EventRow, frame: FrameType | None) -> None:
        """Pause at this row if the motion, a breakpoint or the user wants it."""
        self._row = row
        if self._new_table is not None:
            self._take_table(frame)
        hits = self.points.hits(row, frame)
        if self.points.arms_lines != self._lines_needed:
            # What a breakpoint looks at has turned out to be a tensor, or to be none.
            self._arm(frame)
        if self.tracer.is_armed:
            self.tracer.join(frame)
        if self._interrupted:
            # An exception that left a pause is on its way up: it is not to be stopped again.
            if row.kind == "phase_exited" and "error" in row.detail:
                return
            self._interrupted = False
        rule = self._rule
        arrived = rule is not None and rule.stops_at(row)
        is_last_step = self._steps and row.step >= self._steps and row.kind == "phase_exited"
        if hits:
            reason, message = reason_of(hits)
            self._pause(reason, frame, hits, message)
        elif is_last_step:
            self._steps = 0
            self._pause("motion", frame, message=f"{row.step} optimizer steps are done")
        elif arrived:
            self._pause("motion", frame)
        elif self._wanted:
            self._pause("pause", frame)

    def stop_at_exception(
        self, error: BaseException, frame: FrameType | None, failed: str = ""
    ) -> None:
        """Pause where an exception that nobody catches was raised, while its frame exists.

        `failed` is the operation that it came out of.
        """
        with self._recorder.lock:
            self._recorder.is_busy = True
            try:
                self._recorder.write_output()
                told = _told(error, failed)
                hits = self.points.hits_of_error(self._row, frame, told, raised=False)
                place = place_in_text(error) if frame is None else None
                self._pause("exception", frame, hits, told, place)
            finally:
                self._recorder.is_busy = False

    def finished(self, exit_status: int | None) -> None:
        """Tell the session that the script is over."""
        self.points.finish()
        self._control.send({"type": "finished", "exit_status": exit_status})

    # Called by the script's threads, from the trace function or a signal.

    def _on_line(self, frame: FrameType) -> None:
        rule = self._rule
        wants_all = self._traces_lines or (rule is not None and rule.arms_lines)
        is_followed = self._followed.is_here()
        if (
            (wants_all and is_followed)
            or self.points.is_on_line(frame)
            or (is_followed and self.points.changes_before(frame))
        ):
            self._recorder.note_line(frame)

    def _on_raise(
        self, frame: FrameType, error: BaseException, trace: TracebackType | None
    ) -> None:
        """Pause for `exception:all` where the exception is raised, or comes into user's code."""
        recorder = self._recorder
        if not recorder.is_recording:
            return
        with recorder.lock:
            if recorder.is_busy:
                return
            recorder.is_busy = True
            try:
                recorder.write_output()
                told = _told(error, failing_text(trace, recorder.locator))
                hits = self.points.hits_of_error(self._row, frame, told, raised=True)
                if hits:
                    self._pause("exception", frame, hits, told)
            finally:
                recorder.is_busy = False

    def _on_first_line(self, frame: FrameType) -> None:
        self._row = EventRow(self._recorder.seq, "run_started", "other", 0, 0)
        self._pause_here("entry", frame)

    def _on_nudge(self, frame: FrameType | None) -> None:
        self._guard.arrive()
        recorder = self._recorder
        if frame is None or not recorder.is_recording:
            return
        user = recorder.locator.user_frame(frame)
        if self.tracer.is_armed:
            self.tracer.join(user)
        if recorder.is_busy:
            return
        if user is None or recorder.locator.is_within_ours(frame, user):
            # In the middle of an op the next event is a better place.
            return
        if self._new_table is not None:
            self._take_table(user)
        if self._wanted:
            recorder.note_line(user)

    # Called by the control thread.

    def _on_message(self, message: Message) -> None:
        kind = message.get("type")
        if kind == "quit":
            self._control.reply(message)
            self._on_gone()
        if kind == "interrupt":
            self._control.reply(message, {"interrupted": self._guard.interrupt()})
            return
        with self._gate:
            if self._is_paused:
                self._inbox.put(message)
                return
            if kind == "pause":
                self._wanted = True
        if kind == "pause":
            self._control.reply(message)
            self._nudge.send()
        elif kind == "set_breakpoints":
            try:
                self._new_table = breakpoints.from_wire(message.get("breakpoints", ()))
            except (BreakpointError, KeyError, ValueError) as error:
                self._control.reply(message, error=str(error))
                return
            self._control.reply(message)
            self._nudge.send()
        elif kind == "set_line_tracing":
            self._traces_lines = bool(message.get("enabled"))
            self._control.reply(message)
        else:
            self._control.reply(message, error=RUNNING)

    def _on_idle(self) -> None:
        if self._wanted or self._new_table is not None:
            # The signal came while our own code ran, and no event has come since.
            self._nudge.send()
        self._recorder.flush_if_due()

    def _on_gone(self) -> None:
        recorder = self._recorder
        try:
            # A paused script has everything written, and its thread holds the lock.
            if self._is_paused or recorder.lock.acquire(timeout=1):
                recorder.writer.close()
        finally:
            end_process_group()

    # The pause itself.

    def _pause_here(self, reason: str, frame: FrameType) -> None:
        with self._recorder.lock:
            if self._recorder.is_busy:
                return
            self._recorder.is_busy = True
            try:
                self._pause(reason, frame)
            finally:
                self._recorder.is_busy = False

    def _pause(
        self,
        reason: str,
        frame: FrameType | None,
        hits: list[Hit] | None = None,
        message: str = "",
        place: tuple[str, int] | None = None,
    ) -> None:
        if not self._pauses:
            return
        recorder = self._recorder
        self._rule = None
        self._followed.take()
        recorder.names.look(frame, recorder.seq, thoroughly=True)
        recorder.flush()
        flush_streams()
        file, line = place or recorder.locator.place(frame)
        completed = False
        try:
            with self._gate:
                self._is_paused = True
                self._wanted = False
            self._control.send(
                {
                    "type": "stopped",
                    "seq": recorder.seq,
                    "reason": reason,
                    "breakpoints": [hit.id for hit in hits or ()],
                    "hits": {str(entry.id): entry.hits for entry in self.points.table},
                    "message": message,
                    "file": file,
                    "line": line,
                }
            )
            self._serve(frame)
            completed = True
        finally:
            self._leave(completed)

    def _serve(self, frame: FrameType | None) -> None:
        """Answer until the session lets the script go on."""
        while True:
            message = self._inbox.get()
            kind = message.get("type")
            try:
                if kind == "resume":
                    self._begin_motion(message, frame)
                    self._control.reply(message)
                    return
                self._control.reply(message, self._answer(str(kind), message, frame))
            except (
                evaluation.EvaluationError,
                FrameError,
                inspection.InspectionError,
                motions.MotionError,
                BreakpointError,
                *pause_requests.ERRORS,
            ) as error:
                self._control.reply(message, error=str(error))
            except (KeyError, TypeError, ValueError) as error:
                text = f"the request {kind} cannot be understood: {evaluation.one_line(error)}"
                self._control.reply(message, error=text)

    def _answer(self, kind: str, message: Message, frame: FrameType | None) -> Any:
        match kind:
            case "evaluate" | "execute" | "look" | "complete":
                return asking.answer(self._recorder, self._guard, kind, message, frame)
            case "preview" | "skip" | "edit":
                return pause_requests.answer(self._recorder, kind, message, frame)
            case "inspect" | "save":
                return inspection.answer(self._recorder, kind, message)
            case "set_breakpoints":
                self._install(breakpoints.from_wire(message.get("breakpoints", ())), frame)
            case "set_line_tracing":
                self._traces_lines = bool(message.get("enabled"))
            case "pause":
                pass
            case _:
                raise ValueError("there is no such request")
        return None

    def _begin_motion(self, message: Message, frame: FrameType | None) -> None:
        motion = str(message.get("motion", "continue"))
        # A motion that began in the past measures from there, not from the edge.
        origin = message.get("origin")
        start = motions.row_from_wire(origin) if origin else self._row
        self._rule = motions.rule(
            motion,
            start,
            target=message.get("target"),
            occurrence=int(message.get("occurrence", 1)),
        )
        self._arm(frame)

    def _arm(self, frame: FrameType | None) -> None:
        rule = self._rule
        self._lines_needed = self.points.arms_lines
        needs_lines = self._lines_needed or self._traces_lines
        self.tracer.on_raise = self._on_raise if self.points.table.arms_raises else None
        if needs_lines or (rule is not None and rule.arms_lines):
            self.tracer.arm(frame)
            if threading.get_ident() != threading.main_thread().ident:
                # It may wait for this thread, and come to no event at which it would join.
                self._nudge.send()
        else:
            self.tracer.disarm()

    def _leave(self, completed: bool) -> None:
        with self._gate:
            self._is_paused = False
        if not completed:
            # Ctrl-C in a pause: what was under way is off, and the exception goes up undisturbed.
            self._rule = None
            self._interrupted = True
        while True:
            try:
                late = self._inbox.get_nowait()
            except queue.Empty:
                break
            # It crossed with the end of the pause: now it is for a running script.
            self._on_message(late)
        self._control.send({"type": "running", "seq": self._recorder.seq})

    def _take_table(self, frame: FrameType | None) -> None:
        entries, self._new_table = self._new_table, None
        if entries is not None:
            self._install(entries, frame)
            self._arm(frame)

    def _install(self, entries: list[Entry], frame: FrameType | None) -> None:
        self.points.install(entries, self._row, frame)


def _told(error: BaseException, failed: str) -> str:
    text = evaluation.one_line(error)
    return f"{text} · in {failed}" if failed else text
