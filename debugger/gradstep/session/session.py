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
from typing import Any, Final, NoReturn

from gradstep.protocol import motions
from gradstep.protocol.breakpoints import Said
from gradstep.protocol.row import STEPPABLE, EventRow
from gradstep.session.at_step import AtStep
from gradstep.session.binding import blind_text, missing_text
from gradstep.session.channel import Message
from gradstep.session.cursor import RunCursor
from gradstep.session.live import LiveRun
from gradstep.session.looking import Looking
from gradstep.session.model import Evaluation, LaunchOptions, OutputPiece, SessionError, Stop
from gradstep.session.process import describe_end
from gradstep.session.recorded_names import evaluate_recorded
from gradstep.session.walk import Walk
from gradstep.session.watches import WatchBook
from gradstep.trace.reader import Trace

PAUSE_PATIENCE: Final = 1.0
"""Seconds after which a pause that did not happen is explained."""

PAUSE_NOTICE: Final = "pause requested; the script is inside C code"

BRIEF_SECONDS: Final = 0.25
"""A motion asked for while the last one still runs waits this long for it: keys come quickly."""


class Session(RunCursor):
    """A live or recorded run. Made by `launch` or `open`; ended by `quit`.

    `state` is starting, running, paused, exited or recorded. `cursor` is the event that everything
    is shown as of, `head` the newest recorded one. `exit_status` is the process's, negative for a
    signal. `notice` is something to tell the user that is no stop, "" for nothing.
    """

    def __init__(self, script: str) -> None:
        """Make a session without a run: use `launch` or `open`."""
        super().__init__(script)
        self.exit_status: int | None = None
        self.at_step = AtStep(self._ask_paused)
        self.looking = Looking(self._ask_quietly, WatchBook(script, self._changed))
        self._live: LiveRun | None = None
        self._is_closed = False
        self._stopped: asyncio.Future[Stop] | None = None
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

    @property
    def can_control(self) -> bool:
        """Whether the run was launched here, so that it can be controlled or restarted."""
        return self._live is not None

    async def motion(self, name: str, backward: bool = False, target: Any = None) -> Stop:
        """Move, over recorded rows or by letting the script go on, and return where it stopped.

        Raises:
            SessionError: no such motion or target, or the script is running.
        """
        async with self._moving:
            if not self.head:
                raise SessionError("nothing has happened yet")
            origin = self._origin()
            self._walk = walk = self._new_walk(name, origin, target)
            try:
                if backward:
                    return self._land(await walk.backward(), backward=True)
                stop = await walk.forward(self.head)
                if stop is not None:
                    return self._land(stop)
            finally:
                self._walk = None
            stopped = await self._go_on(name, target, origin, walk.occurrence)
        return await stopped if stopped else self._land(None)

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
        self.notice = PAUSE_NOTICE
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

    # Going on

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

    async def _go_on(
        self, name: str, target: Any, origin: EventRow, occurrence: int
    ) -> asyncio.Future[Stop] | None:
        """Resume the script; None if it is over."""
        if self.state in {"running", "starting"} and self.at_edge:
            await self._wait_briefly()
        if self.state in {"recorded", "exited"}:
            return None
        assert self._live is not None
        fields = {"motion": name, "backward": False, "target": target, "occurrence": occurrence}
        stopped = self._expect_stop()
        answer = self._live.request("resume", origin=motions.row_to_wire(origin), **fields)
        self.notice = ""
        self._move_cursor(self.head)
        self._set_running()
        try:
            await answer
        except SessionError:
            # A script that ended before it answered has stopped all the same.
            if not stopped.done() and self.state == "running" and not await self._ends_now():
                self.state = "paused"
                self._stop_polling()
                self._changed()
                raise
        return stopped

    async def _ends_now(self) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait_for(lambda: self.state == "exited"), BRIEF_SECONDS)
        return self.state == "exited"

    async def _wait_briefly(self) -> None:
        try:
            await asyncio.wait_for(
                self.wait_for(lambda: self.state not in {"running", "starting"}), BRIEF_SECONDS
            )
        except TimeoutError:
            raise SessionError("the script is running; pause it first") from None

    def _expect_stop(self) -> asyncio.Future[Stop]:
        if self._stopped is None or self._stopped.done():
            self._stopped = asyncio.get_running_loop().create_future()
        return self._stopped

    def _resolve(self, stop: Stop) -> None:
        self.stop = stop
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(stop)
        self._changed()

    # What the process says

    def _on_message(self, message: Message) -> None:
        match message.get("type"):
            case "stopped":
                self._on_stopped(message)
            case "running":
                self._set_running()
            case "said":
                said = Said(str(message.get("text", "")), bool(message.get("failed")))
                self._said(int(message.get("seq", 0)), int(message.get("id", 0)), said)
                self._changed()

    def _on_stopped(self, message: Message) -> None:
        self._stop_polling()
        self.state = "paused"
        if self.notice == PAUSE_NOTICE:
            self.notice = ""
        seq = int(message.get("seq", 0))
        self.breakpoints.note_hits(
            (int(number), int(count)) for number, count in (message.get("hits") or {}).items()
        )
        self._read_head(at_least=seq)
        stop = Stop(
            reason=str(message.get("reason", "motion")),
            seq=seq,
            breakpoints=tuple(message.get("breakpoints") or ()),
            message=str(message.get("message") or ""),
            file=str(message.get("file") or ""),
            line=int(message.get("line") or 0),
        )
        self._resolve(self._with_message(stop))

    def _on_process_end(self, status: int) -> None:
        self._stop_polling()
        assert self._live is not None
        self._live.seal(self.run.number, status)
        self._read_head()
        self.state = "exited"
        self.exit_status = status
        self.notice = ""
        how = describe_end(status)
        error = self.run.info.error
        if error and status > 0:
            how = f"{error.get('type', 'error')}: {error.get('message', '')} ({how})"
        elif status > 0 and self._did_nothing():
            # Nothing of the script ran: Python itself has said why, as for a missing module.
            printed = "".join(piece.text for piece in self._pieces).splitlines()
            how = ": ".join([how, *[line.strip() for line in printed if line.strip()][-1:]])
        self._resolve(Stop("exited", self.head, message=how))

    def _did_nothing(self) -> bool:
        kinds = STEPPABLE - {"run_finished"}
        return next(self.run.events(1, None, kinds), None) is None

    def _on_text(self, text: str) -> None:
        self._keep_output(OutputPiece(self.head, text))
        self._changed()

    def _end_message(self) -> str:
        over = super()._end_message() if self._live is None else "the script is over"
        return over if self.exit_status is None else f"{over}: {describe_end(self.exit_status)}"

    def _breakpoints_changed(self) -> None:
        if self._live is not None and self.is_live:
            with contextlib.suppress(SessionError):  # gone: the next start sends them anyway
                answer = self._live.set_breakpoints(self.breakpoints.entries())
                answer.add_done_callback(self._tell_failure)
        self._changed()

    def _tell_failure(self, answer: asyncio.Future[Any]) -> None:
        error = None if answer.cancelled() else answer.exception()
        if error is not None and self.is_live:
            self.notice = str(error)
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

    async def _ask_quietly(self, kind: str, **fields: Any) -> Any:
        """Ask the paused script for what it has; that changes nothing here."""
        live = self._control("asked")
        if self.state != "paused":
            raise SessionError("the script is running; pause it first")
        return await live.request(kind, **fields)

    async def _ask_paused(self, kind: str, **fields: Any) -> Any:
        """Ask the script where it stands; what it did then is part of the trace."""
        live = self._control("changed")
        if self.cursor < self.head:
            raise SessionError("the past cannot be changed; go to the live edge first")
        if self.state == "running":
            await self._wait_briefly()
        try:
            return await live.request(kind, **fields)
        finally:
            if self.state == "paused":
                self._read_head()
                self._changed()

    def _origin(self) -> EventRow:
        """Give the event that a motion starts from: what the user changed there is none."""
        row = self.run.event(self.cursor)
        while row.seq > 1 and (row.kind == "edited" or "by" in row.detail):
            row = self.run.event(row.seq - 1)
        return row

    def _control(self, what: str) -> LiveRun:
        if self._live is None:
            self._refuse(what)
        if not self.is_live:
            raise SessionError("the script is over; restart it to go on")
        return self._live

    def _refuse(self, what: str) -> NoReturn:
        raise SessionError(f"this is a recorded run: it cannot be {what}")

    def _set_running(self) -> None:
        self.at_step.forget()
        self.looking.forget()
        if self.state in {"paused", "starting"}:
            self.state = "running"
            self.stop = None
            self._start_polling()
        self._changed()
