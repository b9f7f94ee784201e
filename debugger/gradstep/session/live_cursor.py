"""A cursor whose run may be a script that is going on: it is let go, it stops, it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, NoReturn

from gradstep.protocol import motions
from gradstep.protocol.breakpoints import Said
from gradstep.protocol.row import STEPPABLE, EventRow
from gradstep.session.at_step import AtStep
from gradstep.session.channel import Message
from gradstep.session.cursor import RunCursor
from gradstep.session.exit_status import describe_end
from gradstep.session.live import LiveRun
from gradstep.session.looking import Looking
from gradstep.session.model import OutputPiece, SessionError, Stop
from gradstep.session.watches import WatchBook

PAUSE_REQUESTED: Final = "pause requested; the script is "
"""How the notice begins that says what keeps a script from pausing."""

BRIEF_SECONDS: Final = 0.25
"""A motion asked for while the last one still runs waits this long for it: keys come quickly."""


class LiveCursor(RunCursor):
    """A run and a place in it, with the process that makes the run, if there is one.

    `exit_status` is the process's, negative for a signal.
    """

    def __init__(self, script: str) -> None:
        """Start without a run and without a process; `script` is whose breakpoints count."""
        super().__init__(script)
        self.exit_status: int | None = None
        self.at_step = AtStep(self._ask_paused)
        self.looking = Looking(self._ask_quietly, WatchBook(script, self._changed))
        self._live: LiveRun | None = None
        self._stopped: asyncio.Future[Stop] | None = None

    @property
    def can_control(self) -> bool:
        """Whether the run was launched here, so that it can be controlled or restarted."""
        return self._live is not None

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
        self.stop = self.live_stop = stop
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
        if self.notice.startswith(PAUSE_REQUESTED):
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
            self.stop = self.live_stop = None
            self._start_polling()
        self._changed()
