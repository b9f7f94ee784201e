"""The session: one run, live or recorded, and a cursor that moves through it in time.

The trace is the only source of what happened; the live process is asked only to go on, to stop and
to evaluate.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gradstep.protocol.row import EventRow
from gradstep.session.binding import blind_text, missing_text
from gradstep.session.live import LiveRun
from gradstep.session.live_cursor import PAUSE_REQUESTED, LiveCursor
from gradstep.session.model import Evaluation, LaunchOptions, SessionError, Stop
from gradstep.session.recorded_names import evaluate_recorded
from gradstep.session.walk import Walk
from gradstep.session.way import Way
from gradstep.trace.reader import Trace

PAUSE_PATIENCE: Final = 1.0
"""Seconds after which a pause that did not happen is explained."""


class Session(LiveCursor):
    """A live or recorded run. Made by `launch` or `open`; ended by `quit`.

    `state` is starting, running, paused, exited or recorded. `cursor` is the event that everything
    is shown as of, `head` the newest recorded one. `exit_status` is the process's, negative for a
    signal. `notice` is something to tell the user that is no stop, "" for nothing.
    """

    def __init__(self, script: str) -> None:
        """Make a session without a run: use `launch` or `open`."""
        super().__init__(script)
        self._is_closed = False
        self._way = Way()
        self._moving = asyncio.Lock()
        self._walk: Walk | None = None

    @classmethod
    async def launch(cls, options: LaunchOptions) -> Session:
        """Start a script and return once it has called in.

        Raises:
            SessionError: it cannot be started; one line says why.
            BreakpointError: one of `options.breakpoints` cannot be understood.
        """
        script = options.script if options.module else os.path.abspath(options.script)
        session = cls(script)
        session.breakpoints.bind(lambda point: blind_text(point, options.detail))
        session._add_breakpoints(options.breakpoints)
        session._live = LiveRun(
            options, session._on_message, session._on_text, session._on_process_end
        )
        try:
            await session._start()
        except BaseException:
            await session.quit()
            raise
        return session

    @classmethod
    def open(cls, path: str | Path, breakpoints: Sequence[str] = ()) -> Session:
        """Open a recorded run at its first event.

        Raises:
            TraceError: the file cannot be read as a trace; one line says why.
            BreakpointError: one of `breakpoints` cannot be understood.
        """
        trace = Trace.open(path)
        try:
            run = trace.run()
            session = cls(run.info.script)
            session.trace, session.run = trace, run
            session.state = "recorded"
            session.head = run.head
            session.cursor = min(1, session.head)
            session.exit_status = run.info.exit_status
            session._follows = False
            session.breakpoints.bind(lambda point: missing_text(point, run))
            session._add_breakpoints(breakpoints)
        except BaseException:
            trace.close()
            raise
        return session

    def _add_breakpoints(self, texts: Sequence[str]) -> None:
        """Add breakpoints that hold for this run only."""
        warnings = []
        for text in texts:
            added = self.breakpoints.add(text, save=False)
            if self.breakpoints.warning:
                warnings.append(f"breakpoint {added.text}: {self.breakpoints.warning}")
        self.notice = "; ".join(warnings)

    async def motion(self, name: str, backward: bool = False, target: Any = None) -> Stop:
        """Move, over recorded rows or by letting the script go on, and return where it stopped.

        Backward, a motion that led here is taken back: it ends where that one began.

        Raises:
            SessionError: no such motion or target, or the script is running.
        """
        async with self._moving:
            if not self.head:
                raise SessionError("nothing has happened yet")
            origin, start, way = self._origin(), self.cursor, self._way
            self._walk = walk = self._new_walk(name, origin, target)
            stopped = None
            try:
                if backward:
                    begun = way.taken_back(name, target, origin.seq)
                    return self._land(await walk.backward(begun), backward=True)
                stop = await walk.forward(self.head)
            finally:
                self._walk = None
            if stop is None:
                stopped = await self._go_on(name, target, origin, walk.occurrence)
        stop = await stopped if stopped else self._land(stop)
        way.went(name, target, start, origin.seq, stop.seq)
        return stop

    async def pause(self) -> None:
        """Ask a running script to stop; returns when it has, or after a second with a notice."""
        if self._walk is not None:
            self._walk.call_off()
            return
        live = self._control("paused")
        if self.state == "paused":
            return
        live.request("pause").add_done_callback(self._tell_failure)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait_for(lambda: self.state != "running"), PAUSE_PATIENCE)
            return
        self.notice = PAUSE_REQUESTED + live.hindrance()
        self._changed()

    @property
    def walked(self) -> int:
        """The event that the walk over recorded events has come to, 0 where none is known."""
        return self._walk.reached if self._walk is not None else 0

    async def restart(self) -> None:
        """Run the script from the start in a fresh process, as a new run in the same trace file.

        Raises:
            SessionError: this is a recorded run, or the script cannot be started.
        """
        if self._live is None:
            self._refuse("restarted")
        async with self._moving:
            self._stop_polling()
            await self._live.end()
            self._live.seal(self.run.number, None)
            self._resolve(Stop("exited", self.head, message="restarted"))
            self.cursor = self.head = 0
            self.exit_status, self.stop, self.notice = None, None, ""
            self._forget_output()
            self._way = Way()  # What is still in flight belongs to the old one.
            self.breakpoints.forget_hits()
            self.looking.restart()
            await self._start()

    async def quit(self) -> None:
        """End the script and all that it started, and close the trace; twice is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        self._stop_polling()
        has_trace = hasattr(self, "trace")
        if self._live is not None:
            await self._live.end()
        if has_trace:
            self.trace.close()
        if self._live is not None:
            if has_trace:
                self._live.seal(self.run.number, self.exit_status)
            await self._live.close()
        if self.is_live:
            self.state = "exited"
        self._resolve(Stop("exited", self.head, message="quit"))

    def kill_now(self) -> None:
        """End the script's processes at once, without waiting: for signals and atexit."""
        if self._live is not None:
            self._live.kill_now()

    async def evaluate(self, text: str) -> Evaluation:
        """Evaluate an expression: in the paused frame, or in the past on what is recorded."""
        if self.state == "recorded" or self.state == "exited" or self.cursor < self.head:
            return evaluate_recorded(self.moment(), text)
        return await self._ask("evaluate", text)

    async def execute(self, text: str) -> Evaluation:
        """Run a statement in the paused frame."""
        if self._live is None:
            return Evaluation(False, error="this is a recorded run: nothing can be executed in it")
        if self.cursor < self.head:
            return Evaluation(False, error="the past cannot be changed; go to the live edge first")
        return await self._ask("execute", text)

    def send_input(self, text: str) -> None:
        """Write to the script's stdin.

        Raises:
            SessionError: there is no script to read it.
        """
        self._control("given input").send_input(text)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the script how large its terminal is."""
        if self._live is not None:
            self._live.resize(columns, rows)

    async def _start(self) -> None:
        assert self._live is not None
        self.state = "starting"
        self._follows = True
        self._changed()
        try:
            number = await self._live.start(self.breakpoints.entries())
        except SessionError as error:
            self.state = "exited"
            self.stop = Stop("exited", 0, message=str(error))
            self._changed()
            raise
        if not hasattr(self, "trace"):
            self.trace = Trace.open(self._live.path)
        self.run = self.trace.run(number)
        self._live.release()
        self._start_polling()
        self._changed()

    async def _ask(self, kind: str, text: str) -> Evaluation:
        try:
            result = await self._ask_paused(kind, text=text, frame=self.looking.frame)
        except SessionError as error:
            return Evaluation(False, error=str(error))
        answer = result or {}
        heard = tuple(str(text) for text in answer.get("warnings", ()))
        return Evaluation(True, str(answer.get("text", "")), warnings=heard)

    async def interrupt_answer(self) -> bool:
        """Break off what is being evaluated in the script; return whether something was.

        Raises:
            SessionError: there is no script.
        """
        answer = await self._control("asked").request("interrupt")
        return bool(answer["interrupted"])

    def _origin(self) -> EventRow:
        """Give the event that a motion starts from: what the user changed there is none."""
        row = self.run.event(self.cursor)
        while row.seq > 1 and (row.kind == "edited" or "by" in row.detail):
            row = self.run.event(row.seq - 1)
        return row
